"""What a method does to each suspect, and to accuracy: paired shifts, and the verdicts of `results/cures.md`.

A suspect's values are put in order among all networks of a setting at one task, and replaced by the normal scores of
their ranks: so a shift is in units of the suspect's spread, and minus infinity is the lowest value and no more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64
from scipy.stats import norm

from lop_tutorial.interventions import without_settings
from lop_tutorial.report.suspect_scores import rank_shares
from lop_tutorial.running.results import Interval, interval
from lop_tutorial.running.table import Table

NOTHING, FRESH = "none", "retrained"
LATE = 15
"""Tasks, counted from 0, from which on states and outcomes are looked at: those of the second half."""
HALF = 0.5
"""The share of the way from no intervention to a fresh network that counts as holding a suspect, or as a cure."""


@dataclass(frozen=True)
class Shifts:
    """One setting. Seed by seed, means over its late measured tasks, each less the same of another method.

    A method's seeds with a missing late outcome, because the network diverged, are NaN; how many, `diverged` says.
    """

    methods: tuple[str, ...]
    suspects: tuple[str, ...]
    seeds: tuple[int, ...]
    scores: Float64[np.ndarray, "method seed suspect"]
    accuracies: Float64[np.ndarray, "method seed 2"]
    """Training and test, in [0, 1]."""

    def diverged(self, method: str) -> int:
        """How many of a method's networks diverged before the end."""
        return int(np.isnan(self.accuracies[self.methods.index(method), :, 0]).sum())

    def shift(self, method: str, suspect: str) -> Interval:
        """A suspect under a method less that without one, in units of its spread."""
        return self._paired(self.scores[..., self.suspects.index(suspect)], method, NOTHING)

    def gap(self, method: str, what: int, reference: str = FRESH) -> Interval:
        """Training (0) or test (1) accuracy less that of fresh networks, or of another reference."""
        return self._paired(self.accuracies[..., what], method, reference)

    def _paired(self, values: Float64[np.ndarray, "method seed"], method: str, reference: str) -> Interval:
        apart = values[self.methods.index(method)] - values[self.methods.index(reference)]
        return interval(apart[np.isfinite(apart)])

    def holds(self, method: str, suspect: str) -> bool | None:
        """Whether a method brings a suspect at least half of the way to where fresh networks have it.

        None where that is open, and where no intervention is as far as fresh networks: then there is nothing to hold.
        """
        return _reaches(self.shift(method, suspect), self.shift(FRESH, suspect))

    def cures(self, method: str, what: int) -> bool | None:
        """Whether a method takes back at least half of the accuracy that was lost; None as above."""
        lost = self.gap(FRESH, what, NOTHING)
        return _reaches(self.gap(method, what, NOTHING), lost) if lost.low > 0 else None


def _leaves_out_zero(found: Interval) -> bool:
    return bool(found.low > 0 or found.high < 0)


def _reaches(way: Interval, whole: Interval) -> bool | None:
    """Whether a way is at least half of another: yes or no where its interval says so."""
    if not _leaves_out_zero(whole):
        return None
    sign, half = math.copysign(1, float(whole.mean)), HALF * abs(float(whole.mean))
    low, high = sorted((sign * float(way.low), sign * float(way.high)))
    if sign * float(way.mean) >= half and low > 0:
        return True
    return False if high < half else None


def shifts(table: Table, setting: str, suspects: Sequence[str], late: int = LATE) -> Shifts:
    """The shifts of one setting of a table of `cures`. ValueError where it has no late states of both references."""
    rows = [row for row in table.rows if row["setting"] == setting and row["task"] >= late]
    methods = tuple(dict.fromkeys(row["method"] for row in rows))
    for reference in (NOTHING, FRESH):
        if reference not in methods:
            raise ValueError(f"{setting} has no late states of {reference!r}, which every shift is taken from")
    seeds = tuple(sorted({int(row["seed"]) for row in rows}))
    tasks = sorted({int(row["task"]) for row in rows})
    place = {(row["method"], int(row["seed"]), int(row["task"])): row for row in rows}
    scores = np.full((len(methods), len(seeds), len(tasks), len(suspects)), np.nan)
    accuracies = np.full((len(methods), len(seeds), len(tasks), 2), np.nan)
    for m, method in enumerate(methods):
        for s, seed in enumerate(seeds):
            for t, task in enumerate(tasks):
                if row := place.get((method, seed, task)):
                    scores[m, s, t] = [float(row[name]) for name in suspects]
                    accuracies[m, s, t] = row["train_accuracy"], row["test_accuracy"]
    for t in range(len(tasks)):
        for k in range(len(suspects)):
            scores[:, :, t, k] = normal_scores(scores[:, :, t, k])
    return Shifts(methods, tuple(suspects), seeds, scores.mean(axis=2), accuracies.mean(axis=2))


def normal_scores(values: Float64[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
    """Each value by its rank, as a quantile of the normal distribution; ties share a rank, NaN stays NaN."""
    return np.asarray(norm.ppf(rank_shares(values)))


def against(shifts: Shifts, suspect: str, what: int) -> tuple[list[str], list[str], list[str]]:
    """The methods that speak about a suspect as the cause of lost training (0) or test (1) accuracy.

    Those that hold it and cure; those that hold it and do not cure, so that it is not enough; and those that cure and
    do not hold it, so that it is not needed. Fresh networks hold everything, and are left out.
    """
    tried = [method for method in shifts.methods if method not in (NOTHING, FRESH)]
    held = {method: (shifts.holds(method, suspect), shifts.cures(method, what)) for method in tried}
    return tuple([m for m in tried if held[m] == pair] for pair in ((True, True), (True, False), (False, True)))  # type: ignore[return-value]


@dataclass(frozen=True)
class Finding:
    """What one setting says of a suspect as the cause of what is lost there, over both accuracies."""

    verdict: Literal["stands", "not the cause", "open", "nothing to hold"]
    speaking: frozenset[str]
    """The methods that hold it and cure if it stands; those that speak against it if it is not the cause."""


def finding(setting: Shifts, suspect: str) -> Finding:
    """Not the cause, if a method holds the suspect and does not cure, or cures and does not hold it.

    It stands if no method speaks against it, and two or more hold it and cure, of which one is not G-mixup. There is
    nothing to hold where old networks are as fresh ones in it.
    """
    if not _leaves_out_zero(setting.shift(FRESH, suspect)):
        return Finding("nothing to hold", frozenset())
    found = [against(setting, suspect, what) for what in (0, 1)]
    if no := frozenset(method for _, *other in found for methods in other for method in methods):
        return Finding("not the cause", no)
    holding = max((frozenset(cause) for cause, *_ in found), key=len)
    other = {method for method in holding if without_settings(method) != "g_mixup"}
    return Finding("stands" if len(holding) >= 2 and other else "open", holding)


def verdict_as_cause(findings: Sequence[Finding]) -> Literal["stands", "cleared", "open"]:
    """What is left of a suspect, by what all settings say of it.

    Cleared where two methods speak against it in one setting, or methods in two settings. It stands where it is not
    cleared and stands in some setting.
    """
    no = [len(each.speaking) for each in findings if each.verdict == "not the cause"]
    if len(no) >= 2 or max(no, default=0) >= 2:
        return "cleared"
    return "stands" if any(each.verdict == "stands" for each in findings) else "open"
