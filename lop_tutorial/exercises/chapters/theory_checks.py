"""Checks of "Theory: how collapse and stretch accumulate"."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare, numbers

TITLE = "Theory: how collapse and stretch accumulate"

_CASES = {"a": -6.0, "b": -1.0, "c": -0.3, "d": -math.inf, "e": -0.5}
_NUDGES = {
    "a": "where is e, if one more task and one more passage bring it back to e?",
    "b": "where is e, if one more task and one more passage bring it back to e?",
    "c": "a slope of zero: what does a task know of the one before?",
    "d": "nothing is recovered, and each task takes its factor: where does that end?",
    "e": "write down the first three tasks: how much does each take, and how much comes back?",
}
_LIVES = (
    ((0.3, -0.1, -0.4), (-0.2, -0.5, -0.6), (0.25, 0.0, -0.35), (0.0, -0.35, -0.45)),
    ((0.0, 0.1), (-0.1, 0.4), (0.0, 0.15), (0.15, 0.3)),
)
"""Exponents of tasks in a row: at their own points before and after, at other points before and after."""
_WINS_FROM = 11


def _settle(answer: Any) -> str | None:
    return each_case(answer, _CASES, _NUDGES, example=1.0)


def _account(answer: Any) -> str | None:
    for life in _LIVES:
        starts, ends, before, after = (np.array(values) for values in life)
        result, complaint = called(answer, starts, ends, before, after)
        factors, elsewhere = float((ends - starts).sum()), float((after - before).sum())
        complaint = complaint or compare(result, (factors, elsewhere, elsewhere - factors))
        if complaint is None:
            continue
        passages = float((starts[1:] - ends[:-1]).sum())
        mistakes = {
            "A change is after minus before; yours is the other way round.": (
                -factors,
                -elsewhere,
                factors - elsewhere,
            ),
            "Mind the sign of the dents: a dent is a depth, positive where a task lowers its own points more.": (
                factors,
                elsewhere,
                factors - elsewhere,
            ),
            "The third number is the sum of the passages from task to task; the dent is defined without them.": (
                factors,
                elsewhere,
                passages,
            ),
            "Two of them have changed places: first the factors, at own points, then what tasks do elsewhere.": (
                elsewhere,
                factors,
                elsewhere - factors,
            ),
            "Those are means over tasks; wanted are sums.": tuple(
                value / len(starts) for value in (factors, elsewhere, elsewhere - factors)
            ),
        }
        return known_mistake(result, mistakes, complaint)
    return None


def _width(answer: Any) -> str | None:
    width, complaint = numbers(answer)
    if complaint or width.shape:
        return complaint or "One number was expected."
    if compare(answer, _WINS_FROM) is None:
        return None
    if float(width) > _WINS_FROM:
        return "Stretch wins there, but is it the smallest such width? Walk through all widths from 1 up."
    return "There the mean of the two growths is not yet above zero: collapse wins."


CHECKS: dict[str, Check] = {
    "where it settles": _settle,
    "where it acts": _account,
    "where stretch wins": _width,
}
