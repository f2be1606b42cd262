"""Checks of "Theory: how collapse and stretch accumulate"."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float64

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
_LAWS = ((0.4, -0.2, 0.9, -0.5, 0.3, 6), (-1.0, 0.1, 0.5, -0.2, 0.0, 4), (0.0, 0.0, 1.0, -0.5, 0.0, 5))
"""s0, a, b, c, k, tasks."""
_WINS_FROM = 11


def _settle(answer: Any) -> str | None:
    return each_case(answer, _CASES, _NUDGES, example=1.0)


def _curve(answer: Any) -> str | None:
    for law in _LAWS:
        result, complaint = called(answer, *law)
        right = _starts(*law)
        complaint = complaint or compare(result, right)
        if complaint is None:
            continue
        s0, a, b, c, k, tasks = law
        ends = right + c - k * right
        mistakes = {
            "Those are the exponents at the end of the tasks; wanted are those with which they begin.": ends,
            "The first entry is missing: the first task begins at s0.": _starts(s0, a, b, c, k, tasks + 1)[1:],
            "One task too many: how many entries are wanted?": _starts(s0, a, b, c, k, tasks + 1),
            "The passage from task to task is missing: each of yours begins where the last ended.": _starts(
                s0, 0.0, 1.0, c, k, tasks
            ),
            "Each factor must depend on where its task starts; yours is the same in every task.": _starts(
                s0, a, b, c, 0.0, tasks
            ),
            "Mind the sign of k: the lower a task starts, the less it collapses.": _starts(s0, a, b, c, -k, tasks),
        }
        return known_mistake(
            result, mistakes, f"For s0, a, b, c, k = {', '.join(map(str, law[:5]))} and {tasks} tasks: {complaint}"
        )
    return None


def _starts(s0: float, a: float, b: float, c: float, k: float, tasks: int) -> Float64[np.ndarray, " task"]:
    starts = [s0]
    for _ in range(tasks - 1):
        starts.append(a + b * (starts[-1] + c - k * starts[-1]))
    return np.array(starts)


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
    "a curve of exponents": _curve,
    "where stretch wins": _width,
}
