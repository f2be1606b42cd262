"""Checks of "Both at once: real images"."""

from __future__ import annotations

from typing import Any

import numpy as np

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare

TITLE = "Both at once: real images"

VERDICTS = ("Type-1", "Type-2", "both", "neither")
_RUNS = {"a": "Type-2", "b": "Type-1", "c": "both", "d": "Type-1"}
_NUDGES = {
    "a": "by how much is training accuracy lower, and is that more than a point?",
    "b": "is the gap between training and test accuracy larger than Retrained's, or smaller?",
    "c": "how large is the gap, and did training accuracy keep up?",
    "d": "by accuracy alone: what do the exponents matter?",
}


def _four_runs(answer: Any) -> str | None:
    return each_case(answer, _RUNS, _NUDGES, choices=VERDICTS, case="Run")


def _share_lower(answer: Any) -> str | None:
    hole, never = np.nan, -np.inf
    mine = np.array([[-1.0, -3.0], [never, -1.0], [never, never], [0.5, 0.3], [-1.0, -1.5], [1.0, 1.0]])
    fresh = np.array([[-1.5, -1.5], [-2.0, -2.0], [never, 0.0], [0.2, 0.4], [-0.5, -2.5], [0.0, 0.0]])
    mine, fresh = (np.insert(values, 0, hole, axis=1) for values in (mine, fresh))
    result, complaint = called(answer, mine, fresh)
    complaint = complaint or compare(result, 2 / 6)
    if complaint is None:
        return None
    mistakes = {
        "The difference of two minus infinities is nan, which hides that they are equal: compare, do not subtract.": 3
        / 6,
        "That counts tasks; compare the means over tasks, once a seed.": 5 / 12,
        "That is the share in which `mine` is higher or equal.": 4 / 6,
        "With nan left in the mean nothing is lower than anything: leave out what was not measured.": 0.0,
    }
    return known_mistake(result, mistakes, complaint)


_WAYS = {"as they are": "yes", "detrended": "no"}
_WAY_NUDGES = {
    "as they are": "compute all three correlations, and compare them without their signs.",
    "detrended": "take the straight line out of both series, in each seed, before you correlate them.",
}


def _dispersion(answer: Any) -> str | None:
    return each_case(answer, _WAYS, _WAY_NUDGES, choices=("yes", "no"), case="Way")


CHECKS: dict[str, Check] = {
    "four runs": _four_runs,
    "sign of a tail": _share_lower,
    "dispersion": _dispersion,
}
