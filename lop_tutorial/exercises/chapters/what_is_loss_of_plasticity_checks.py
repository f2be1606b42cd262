"""Checks of "What is loss of plasticity?"."""

from __future__ import annotations

from typing import Any

import numpy as np

from lop_tutorial.exercises.cases import each_case
from lop_tutorial.exercises.verdicts import Check, called, one_of
from lop_tutorial.running.results import interval

TITLE = "What is loss of plasticity?"

KINDS = ("forgetting", "loss of plasticity", "neither")
SUSPECTS = ("clear momentum", "keep the head", "weight decay")
_CASES = {"a": "forgetting", "b": "loss of plasticity", "c": "neither", "d": "loss of plasticity", "e": "neither"}


def _sorted_cases(answer: Any) -> str | None:
    return each_case(answer, _CASES, choices=KINDS)


def _paired_loss(answer: Any) -> str | None:
    draw = np.random.default_rng(0)
    fresh = draw.normal(0.8, 0.1, size=(6, 1)) + draw.normal(0, 0.002, size=(6, 40))  # tasks differ between seeds
    old = fresh - draw.normal(0.1, 0.02, size=(6, 1)) * (np.arange(40) >= 30) + draw.normal(0, 0.002, size=(6, 40))
    result, complaint = called(answer, fresh, old)
    if complaint:
        return complaint
    try:
        got = np.asarray(result, dtype=float)
    except (TypeError, ValueError):
        return f"Three numbers were expected: mean, low, high; your function gave {type(result).__name__}."
    if got.shape != (3,):
        return f"Three numbers were expected: mean, low, high; your function gave an array of shape {got.shape}."
    if np.isnan(got).any():
        return "There is a NaN in what your function gave."
    right = np.array(interval((fresh - old)[:, -10:].mean(axis=1)))
    if np.allclose(got, right, atol=2e-3):
        return None
    if np.allclose(got[0], -right[0], atol=2e-3):
        return "The sign: a loss is positive when the fresh network does better."
    if not np.allclose(got[0], right[0], atol=2e-3):
        return "The mean is off: does it look at the last ten tasks, and at those alone?"
    if got[2] - got[1] > 3 * (right[2] - right[1]):
        return "The interval is too wide: take the difference of each seed first, then the interval over seeds."
    return "The interval is too narrow: a seed is one observation, its ten tasks are not ten."


def _what_helps(answer: Any) -> str | None:
    if complaint := one_of(answer, SUSPECTS):
        return complaint
    if answer != "weight decay":
        return "With that change alone, how high is the test accuracy of the last ten tasks? Run it and look."
    return None


CHECKS: dict[str, Check] = {
    "sort the cases": _sorted_cases,
    "paired loss": _paired_loss,
    "what helps": _what_helps,
}
