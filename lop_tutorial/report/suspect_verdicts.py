"""The verdict on each suspect, by the rule that `results/suspects.md` fixed before the trial ran."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from lop_tutorial.experiments.inheritance import FITTED, HELD_OUT
from lop_tutorial.experiments.suspects import CONTROLS
from lop_tutorial.geometry.line_up import LINE_UP
from lop_tutorial.report.suspect_scores import (
    Held,
    States,
    each_out,
    in_ranks,
    jackknife,
    over_all,
    seeds_out,
    skill,
    within_age,
)
from lop_tutorial.running.results import Interval, interval

LEAST = 0.3
"""The size of a rank correlation from which a suspect tells anything."""
MOST_OF, WITH_SKILL = 5 / 6, 4 / 6
"""Shares of the settings in which a suspect must tell, and have skill where its setting was held out."""

EXPECTED = {suspect.name: suspect.expected for suspect in LINE_UP} | {"task": -1, "previous_test": +1}


class SuspectScores(NamedTuple):
    """How one suspect, or control, does in one setting and for one gap."""

    suspect: str
    setting: str
    gap: str
    states: int
    """How many states it has a value for."""
    over_all: Interval
    within_age: Interval
    seeds_out: Interval
    methods_out: Interval
    settings_out: Interval
    above_controls: tuple[Interval, ...]
    """Its skill on held-out seeds less that of each control alone."""
    beside_controls: Interval
    """The skill of both controls and it, less that of both controls."""

    @property
    def sign(self) -> int:
        """+1 or -1 where the rank correlation within age has that sign and is no accident; 0 otherwise."""
        found = self.within_age
        clear = abs(float(found.mean)) >= LEAST and (found.low > 0 or found.high < 0)
        return int(math.copysign(1, found.mean)) if clear else 0

    @property
    def tells(self) -> bool:
        return self.sign != 0 and EXPECTED[self.suspect] in (0, self.sign)

    @property
    def misleads(self) -> bool:
        return self.sign != 0 and EXPECTED[self.suspect] == -self.sign

    @property
    def beats_controls(self) -> bool:
        return self.tells and all(bool(difference.low > 0) for difference in self.above_controls)

    @property
    def adds_to_controls(self) -> bool:
        return bool(self.beside_controls.low > 0)

    @property
    def has_skill_elsewhere(self) -> bool:
        """Where the regression has not seen the setting."""
        return bool(self.settings_out.low > 0)


def verdict(scores: Sequence[SuspectScores]) -> str:
    """ "tells", "in some settings" or "not at all": one suspect, one gap, all settings."""
    telling = [score for score in scores if score.tells]
    general = (
        len(telling) >= MOST_OF * len(scores)
        and not any(score.misleads for score in scores)
        and len({score.sign for score in telling}) == 1
        and sum(score.has_skill_elsewhere for score in scores) >= WITH_SKILL * len(scores)
    )
    return "tells" if general else "in some settings" if telling else "not at all"


def score_suspects(
    states: States,
    suspects: Sequence[str],
    gap: str,
    fitted: Sequence[int] = FITTED,
    held_out: Sequence[int] = HELD_OUT,
) -> Iterator[SuspectScores]:
    """Every suspect in every setting, for one gap; controls may be among the suspects."""
    ranked = in_ranks(states, [*suspects, *CONTROLS])
    settings = list(dict.fromkeys(states["setting"].tolist()))
    elsewhere = {name: _elsewhere(ranked, [name], gap, fitted, held_out) for name in suspects}
    for setting in settings:
        here = ranked.where(setting=setting)
        others = {
            name: (
                interval(skill([name], gap, each_out(here, "method", fitted, held_out))),
                elsewhere[name].get(setting, UNKNOWN),
            )
            for name in suspects
        }
        yield from score_in_setting(
            states.where(setting=setting), setting, gap, partial(seeds_out, here, fitted, held_out), others
        )


def score_in_setting(
    states: States, setting: str, gap: str, held: Callable[[], Held], others: Mapping[str, tuple[Interval, Interval]]
) -> Iterator[SuspectScores]:
    """The suspects that `others` names in the setting of these states, which `held` gives in ranks, by held-out seeds.

    `others` are their skills on held-out methods and settings.
    """

    def on_seeds(*features: str) -> Float64[np.ndarray, " seed"]:
        return skill(features, gap, held())

    alone, both = {name: on_seeds(name) for name in CONTROLS}, on_seeds(*CONTROLS)
    for name, skills in others.items():
        own = on_seeds(name)
        yield SuspectScores(
            name,
            setting,
            gap,
            int((~np.isnan(states[name].astype(float))).sum()),
            jackknife(partial(over_all, suspect=name, gap=gap), states),
            jackknife(partial(within_age, suspect=name, gap=gap), states),
            interval(own),
            *skills,
            tuple(interval(own - alone[control]) for control in CONTROLS),
            interval(on_seeds(*dict.fromkeys((*CONTROLS, name))) - both),
        )


def as_markdown(found: Sequence[SuspectScores]) -> str:
    """A table of one gap: a row a suspect with its verdict, a column a setting with the correlation within age.

    Bold: tells. In brackets: misleads. A star: also beats the controls. A dash: the suspect does not vary there.
    """
    settings = list(dict.fromkeys(score.setting for score in found))
    lines = ["| suspect | verdict | " + " | ".join(settings) + " |", "|:--|:--|" + "--:|" * len(settings)]
    for name in dict.fromkeys(score.suspect for score in found):
        mine = {score.setting: score for score in found if score.suspect == name}
        cells = [_cell(mine[setting]) for setting in settings]
        lines.append("| " + " | ".join([name, verdict(list(mine.values())), *cells]) + " |")
    return "\n".join(lines)


def _cell(score: SuspectScores) -> str:
    mean = float(score.within_age.mean)
    if math.isnan(mean):
        return "–"
    shown = f"{mean:+.2f}".replace("-", "−")
    if score.tells:
        return f"**{shown}**" + "\\*" * score.beats_controls
    return f"({shown})" if score.misleads else shown


def skill_of_all(
    states: States,
    suspects: Sequence[str],
    gap: str,
    fitted: Sequence[int] = FITTED,
    held_out: Sequence[int] = HELD_OUT,
) -> dict[str, dict[str, Interval]]:
    """Skill of all suspects together, by setting: on held-out seeds, methods and settings."""
    ranked, found = in_ranks(states, suspects), {}
    elsewhere = _elsewhere(ranked, suspects, gap, fitted, held_out)
    for setting in dict.fromkeys(states["setting"].tolist()):
        here = ranked.where(setting=setting)
        found[setting] = {
            "seeds": interval(skill(suspects, gap, seeds_out(here, fitted, held_out))),
            "methods": interval(skill(suspects, gap, each_out(here, "method", fitted, held_out))),
            "settings": elsewhere.get(setting, UNKNOWN),
        }
    return found


UNKNOWN = Interval(*(np.array(math.nan),) * 3)


def _elsewhere(
    ranked: States, features: Sequence[str], gap: str, fitted: Sequence[int], held_out: Sequence[int]
) -> dict[str, Interval]:
    """By setting, the skill of a regression that saw the other settings only; nothing where there is one alone."""
    if len(set(ranked["setting"].tolist())) < 2:
        return {}
    pairs = each_out(ranked, "setting", fitted, held_out)
    return {str(scored["setting"][0]): interval(skill(features, gap, [(known, scored)])) for known, scored in pairs}
