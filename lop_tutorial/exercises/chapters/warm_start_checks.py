"""Checks of "Warm starts"."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.stats import t as student_t

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of

TITLE = "Warm starts"

QUANTITIES = ("test_accuracy", "dead_units", "ftle_between_q50")


def _fall(answer: Any) -> str | None:
    return compare(answer, math.log(0.4), factors={"4, the number of layers": 4})


def _gap(answer: Any) -> str | None:
    draw = np.random.default_rng(0)
    fresh = draw.uniform(0.5, 0.6, size=6)
    warm = fresh - draw.uniform(0.0, 0.04, size=6)
    result, complaint = called(answer, warm, fresh)
    differences = 100 * (warm - fresh)
    half = student_t.ppf(0.975, 5) * differences.std(ddof=1) / math.sqrt(6)
    expected = differences.mean() + half * np.array([0, -1, 1])
    return complaint or compare(result, expected, factors={"100, points of a share": 100})


def _same_sign(answer: Any) -> str | None:
    if complaint := one_of(answer, QUANTITIES):
        return complaint
    if answer != "ftle_between_q50":
        return "Subtract seed by seed, and count the signs."
    return None


CHECKS: dict[str, Check] = {
    "shrunk exponents": _fall,
    "warm start gap": _gap,
    "same sign": _same_sign,
}
