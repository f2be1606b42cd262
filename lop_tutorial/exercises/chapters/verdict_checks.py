"""Checks of "Verdict"."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import t

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of
from lop_tutorial.report.claims.claim import VERDICTS
from lop_tutorial.report.claims.poster import PARTS

TITLE = "Verdict"

SPREADS = ((10.0, 10.0), (2.0, 3.0), (-1.0, 4.0), (5.0, 0.5))
LOST = "Stretch accumulates over tasks"


def _one_against(answer: Any) -> str | None:
    if complaint := one_of(answer, VERDICTS):
        return complaint
    if answer != "supported":
        return "How many seeds has the tenth experiment, and how many must a piece have to be counted?"
    return None


def _seeds(answer: Any) -> str | None:
    given, expected, normal = [], [], []
    for mean, spread in SPREADS:
        result, complaint = called(answer, mean, spread)
        if complaint:
            return complaint
        given.append(result)
        expected.append(_fewest(mean, spread))
        normal.append(max(5, int(np.ceil((1.96 * spread / mean) ** 2))))
    complaint = compare(given, expected)
    if complaint and compare(given, normal) is None:
        return "Near, but for few seeds Student's t is wider than the normal distribution: its quantile depends on n."
    return complaint


def _fewest(mean: float, spread: float) -> int:
    number = 5
    while t.ppf(0.975, number - 1) * spread / np.sqrt(number) >= abs(mean):
        number += 1
    return number


def _only_real(answer: Any) -> str | None:
    shorts = [claim.short for claims in PARTS.values() for claim in claims]
    if not isinstance(answer, str) or answer not in shorts:
        return "That is no claim's short title; `each.claim.short` of what `judge` gives has them."
    if answer != LOST:
        return "Not that one. Compare each claim's verdict by all evidence with that by real pictures alone."
    return None


CHECKS: dict[str, Check] = {
    "one against": _one_against,
    "how many seeds": _seeds,
    "only real pictures": _only_real,
}
