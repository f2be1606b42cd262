"""The scores of a stored trial of the suspects, kept beside its table: the regressions take a minute, reading none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lop_tutorial.atomic import write_text
from lop_tutorial.experiments.suspects import CONTROLS
from lop_tutorial.geometry.line_up import LINE_UP
from lop_tutorial.report.suspect_held_out import score_held_out, skill_of_all_elsewhere
from lop_tutorial.report.suspect_scores import GAPS, States, states_of
from lop_tutorial.report.suspect_verdicts import SuspectScores, score_suspects, skill_of_all
from lop_tutorial.running.results import Interval
from lop_tutorial.running.run import stored_path
from lop_tutorial.running.table import TableRow, lines_of, load, read

SHEET = "scores.csv"
ALL = "all suspects"
"""Under this name the sheet has the skill of all suspects together."""
_ENDS = ("mean", "low", "high")
_SINGLE = ("over_all", "within_age", "seeds_out", "methods_out", "settings_out", "beside_controls")


def stored_states(place: str | Path = "suspects") -> States:
    """The states of a trial, from its folder or by its name in `results/`."""
    return states_of(load(place).table)


def stored_scores(place: str | Path = "suspects") -> list[SuspectScores]:
    """Every suspect and control, in every setting and for both gaps, as the sheet has them."""
    return [_score(row) for row in read(_sheet(place)).rows if row["suspect"] != ALL]


def stored_skill_of_all(place: str | Path = "suspects") -> dict[tuple[str, str], dict[str, Interval]]:
    """By setting and gap, the skill of all suspects together on held-out seeds, methods and settings."""
    rows = [row for row in read(_sheet(place)).rows if row["suspect"] == ALL]
    kinds = ("seeds", "methods", "settings")
    return {(row["setting"], row["gap"]): {kind: _interval(row, f"{kind}_out") for kind in kinds} for row in rows}


def write_sheet(place: str | Path = "suspects") -> Path:
    """Scores a trial and writes the sheet."""
    states, suspects = stored_states(place), [suspect.name for suspect in LINE_UP]
    scores = [score for gap in GAPS for score in score_suspects(states, [*suspects, *CONTROLS], gap)]
    return _write(_sheet(place), states, scores, {gap: skill_of_all(states, suspects, gap) for gap in GAPS})


def write_held_out_sheet(place: str | Path = "suspects_held_out", trial: str | Path = "suspects") -> Path:
    """Scores the trial's verdicts in settings that they do not rest on, and writes the sheet of these."""
    known, states, suspects = stored_states(trial), stored_states(place), [suspect.name for suspect in LINE_UP]
    scores = [score for gap in GAPS for score in score_held_out(known, states, [*suspects, *CONTROLS], gap)]
    of_all = {gap: skill_of_all_elsewhere(known, states, suspects, gap) for gap in GAPS}
    return _write(_sheet(place), states, scores, of_all)


def _write(
    path: Path,
    states: States,
    scores: Sequence[SuspectScores],
    of_all: Mapping[str, Mapping[str, Mapping[str, Interval]]],
) -> Path:
    rows = [_row(score) for score in scores]
    for gap, settings in of_all.items():
        for setting, skills in settings.items():
            mine = states.where(setting=setting)
            row: TableRow = {"suspect": ALL, "setting": setting, "gap": gap, "states": len(mine)}
            rows.append(row | {k: v for kind, found in skills.items() for k, v in _cells(f"{kind}_out", found).items()})
    write_text(path, ",".join(rows[0]) + "\n" + lines_of(rows, list(rows[0])))
    return path


def _sheet(place: str | Path) -> Path:
    return (stored_path(place) if isinstance(place, str) else place) / SHEET


def _row(score: SuspectScores) -> TableRow:
    named = {name: getattr(score, name) for name in _SINGLE}
    named |= {f"above_{control}": found for control, found in zip(CONTROLS, score.above_controls, strict=True)}
    row: TableRow = {name: getattr(score, name) for name in ("suspect", "setting", "gap", "states")}
    return row | {k: v for name, found in named.items() for k, v in _cells(name, found).items()}


def _cells(name: str, found: Interval) -> dict[str, float]:
    return {f"{name}_{end}": float(value) for end, value in zip(_ENDS, found, strict=True)}


def _score(row: TableRow) -> SuspectScores:
    named: dict[str, Any] = {name: _interval(row, name) for name in _SINGLE}
    above = tuple(_interval(row, f"above_{control}") for control in CONTROLS)
    return SuspectScores(
        **{name: row[name] for name in ("suspect", "setting", "gap", "states")}, **named, above_controls=above
    )


def _interval(row: TableRow, name: str) -> Interval:
    return Interval(*(np.array(float(row[f"{name}_{end}"])) for end in _ENDS))


def by_suspect(scores: Sequence[SuspectScores], gap: str) -> dict[str, list[SuspectScores]]:
    """The scores for one gap: a list over settings for each suspect."""
    names = dict.fromkeys(score.suspect for score in scores)
    return {name: [score for score in scores if (score.suspect, score.gap) == (name, gap)] for name in names}
