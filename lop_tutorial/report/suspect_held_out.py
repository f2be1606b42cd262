"""The suspects' verdicts in settings that they do not rest on, by the rules of `results/suspects.md`, *Held out*.

A new setting has two parents, those of the trial's six that are most like it. What both say of a suspect is predicted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from lop_tutorial.experiments.inheritance import FITTED
from lop_tutorial.experiments.suspects import CONTROLS
from lop_tutorial.report.suspect_scores import (
    Held,
    States,
    in_ranks,
    rank_correlation,
    skill,
)
from lop_tutorial.report.suspect_verdicts import UNKNOWN, SuspectScores, score_in_setting
from lop_tutorial.running.results import Interval, interval

_PICTURES = ("cifar100", "tinyimagenet")
PARENTS = {
    "width_4": ("type1", "width_8"),
    "cross_entropy": ("width_64", "type2"),
    "relu_mlp": _PICTURES,
    "drawn": _PICTURES,
}
LATE = (19, 24, 29)
"""The measured tasks over which a gap counts as lost or not."""


def lost(states: States, setting: str, gap: str) -> Interval:
    """The gap of the plain network, a seed's mean over `LATE`: lost where the interval lies below 0."""
    plain = states.where(setting=setting, method="none", task=LATE)
    return interval(np.array([plain.where(seed=seed)[gap].mean() for seed in plain.seeds]))


def both_ways(states: States) -> Held:
    """Two regressions, each fitted to one half of the seeds, the first or the last, and scored on the other."""
    middle = len(states.seeds) // 2
    halves = [states.where(seed=tuple(part)) for part in (states.seeds[:middle], states.seeds[middle:])]
    yield from (halves, halves[::-1])  # type: ignore[misc]


def together(one: States, other: States) -> States:
    """The states of two trials."""
    return States({name: np.concatenate([one[name], other[name]]) for name in one.columns if name in other.columns})


def score_held_out(
    stored: States, new: States, suspects: Sequence[str], gap: str, fitted: Sequence[int] = FITTED
) -> Iterator[SuspectScores]:
    """Every suspect in every new setting, for one gap; controls may be among the suspects.

    `settings_out` is the skill of a regression fitted to the fitting seeds of all stored settings. `methods_out` is not
    asked for, and NaN.
    """
    ranked = in_ranks(together(stored, new), [*suspects, *CONTROLS])
    settings = list(dict.fromkeys(new["setting"].tolist()))
    known = ranked.where(setting=tuple(dict.fromkeys(stored["setting"].tolist())), seed=tuple(fitted))
    for setting in settings:
        here = ranked.where(setting=setting)
        others = {name: (UNKNOWN, interval(skill([name], gap, [(known, here)]))) for name in suspects}
        yield from score_in_setting(new.where(setting=setting), setting, gap, partial(both_ways, here), others)


def skill_of_all_elsewhere(
    stored: States, new: States, suspects: Sequence[str], gap: str, fitted: Sequence[int] = FITTED
) -> dict[str, dict[str, Interval]]:
    """Skill of all suspects together, by new setting: fitted to its own other seeds, and to the stored settings."""
    ranked = in_ranks(together(stored, new), suspects)
    known = ranked.where(setting=tuple(dict.fromkeys(stored["setting"].tolist())), seed=tuple(fitted))
    found = {}
    for setting in dict.fromkeys(new["setting"].tolist()):
        here = ranked.where(setting=setting)
        own, other = (interval(skill(suspects, gap, held)) for held in (both_ways(here), [(known, here)]))
        found[setting] = {"seeds": own, "methods": UNKNOWN, "settings": other}
    return found


class Agreement(NamedTuple):
    """How the cells of one new setting and gap came out, against what both parents say."""

    told: int
    """Cells predicted to tell or to mislead that did."""
    of_told: int
    quiet: int
    """Cells predicted to do neither that did neither."""
    of_quiet: int
    reversed: int
    """Cells predicted to tell or to mislead that came out clear, with the other sign."""
    order: float
    """Over suspects, the rank correlation of the parents' mean correlation with the new one."""

    @property
    def agrees(self) -> bool:
        enough = 3 * self.told >= 2 * self.of_told and 5 * self.quiet >= 4 * self.of_quiet
        return enough and not self.reversed and self.order >= 0.6


def agreement(stored: Sequence[SuspectScores], new: Sequence[SuspectScores], setting: str, gap: str) -> Agreement:
    """Left out are the number of the task, which does not vary within age, and cells that do not vary there."""
    by_place = {(score.suspect, score.setting, score.gap): score for score in (*stored, *new)}
    told = of_told = quiet = of_quiet = turned = 0
    pairs = []
    for name in dict.fromkeys(score.suspect for score in new):
        found = by_place[name, setting, gap]
        parents = [by_place[name, parent, gap] for parent in PARENTS[setting]]
        if name == "task" or np.isnan(found.within_age.mean):
            continue
        means = [float(each.within_age.mean) for each in parents if not np.isnan(each.within_age.mean)]
        if name not in CONTROLS and means:
            pairs.append((np.mean(means), float(found.within_age.mean)))
        if parents[0].sign != parents[1].sign:
            continue
        expected = parents[0].sign
        if expected:
            of_told += 1
            told += found.sign == expected
            turned += found.sign == -expected
        else:
            of_quiet += 1
            quiet += found.sign == 0
    order = rank_correlation(*np.array(pairs, dtype=float).T) if pairs else np.nan
    return Agreement(told, of_told, quiet, of_quiet, turned, float(order))
