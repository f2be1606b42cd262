"""Checks of "Verdict"."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import nct, norm, t

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of
from lop_tutorial.report.claims.claim import VERDICTS
from lop_tutorial.report.claims.poster import PARTS

TITLE = "Verdict"

SPREADS = ((10.0, 10.0), (2.0, 3.0), (-1.0, 4.0), (5.0, 0.5))
POWER = 0.8
LOST = "Continual backpropagation ends above a network that is retrained"


def _one_against(answer: Any) -> str | None:
    if complaint := one_of(answer, VERDICTS):
        return complaint
    if answer != "supported":
        return "How many seeds has the tenth experiment, and how many must a piece have to be counted?"
    return None


def _seeds(answer: Any) -> str | None:
    given = []
    for mean, spread in SPREADS:
        result, complaint = called(answer, mean, spread)
        if complaint:
            return complaint
        given.append(result)
    expected = np.array([_fewest(mean, spread, POWER) for mean, spread in SPREADS])
    complaint = compare(given, expected)
    if complaint is None:
        return None
    if compare(given, [_touching(mean, spread) for mean, spread in SPREADS]) is None:
        return "With so many seeds the interval touches 0 when the mean comes out as it is: in half of all experiments."
    if compare(given, [_by_normal(mean, spread) for mean, spread in SPREADS]) is None:
        return "Near, but for few seeds Student's t is wider than the normal distribution: its quantile depends on n."
    near = all(isinstance(value, int | np.integer) for value in given)
    if near and (np.abs(np.array(given) - expected) <= np.maximum(1, 0.05 * expected)).all():
        return None  # found by simulation
    return complaint


def _fewest(mean: float, spread: float, power: float) -> int:
    number = 5
    while _power(abs(mean) / spread, number) < power:
        number += 1
    return number


def _power(effect: float, number: int) -> float:
    """How often a 95 % t interval of so many seeds leaves out 0, on the side of the mean."""
    return float(nct.sf(t.ppf(0.975, number - 1), number - 1, effect * np.sqrt(number)))


def _touching(mean: float, spread: float) -> int:
    number = 5
    while t.ppf(0.975, number - 1) * spread / np.sqrt(number) >= abs(mean):
        number += 1
    return number


def _by_normal(mean: float, spread: float) -> int:
    return max(5, int(np.ceil(((norm.ppf(0.975) + norm.ppf(POWER)) * spread / mean) ** 2)))


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
