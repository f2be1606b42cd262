"""Checks of "Generalized Mixup"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64

from lop_tutorial.exercises.verdicts import Check, called, compare, numbers, one_of

TITLE = "Generalized Mixup"

CAUSES = ("the inputs", "the bump", "both")
_CASES = {"a": 1.5, "b": 1.5, "c": -2.0, "d": -0.5, "e": 1.0}
_NUDGES = {
    "a": "how high does the own label rise in the middle, and how deep does the other fall at the same time?",
    "b": "how far is m from one half, and how much of the bump is left there?",
    "c": "which class is the own one here, and whose label is taken from whose?",
    "d": "does M matter to a pair of two classes, and which class has the share m?",
    "e": "which example is the mixture when m = 1?",
}
_PAIRS = ((0, 0, 0.5, 1.0), (2, 2, 0.2, 0.5), (1, 0, 0.3, 0.5), (2, 1, 0.9, 2.0), (1, 1, 0.0, 1.0))
"""Class of the first input and of the second, m, M."""


def _own_minus_other(answer: Any) -> str | None:
    if not isinstance(answer, Mapping):
        return f"A dictionary was expected, such as {{'a': 1.0, ...}}, not {type(answer).__name__}."
    missing = [case for case in _CASES if case not in answer]
    if missing:
        return f"Case {missing[0]} has no answer yet."
    for case in _CASES:
        found, complaint = numbers(answer[case])
        if complaint is None and found.shape:
            complaint = "One number was expected."
        if complaint:
            return f"Case {case}: {complaint}"
    wrong = [case for case, value in _CASES.items() if compare(answer[case], value) is not None]
    if wrong:
        case = wrong[0]
        return f"{len(_CASES) - len(wrong)} of {len(_CASES)} are right; look again at case {case}: {_NUDGES[case]}"
    return None


def _labels(answer: Any) -> str | None:
    for own, partner, m, bump in _PAIRS:
        found, complaint = called(answer, own, partner, m, bump)
        right = _right(own, partner, m, bump)
        complaint = complaint or compare(found, right)
        if complaint is None:
            continue
        b = bump / 2 - bump * abs(0.5 - m)
        same, place = own == partner, np.eye(3)
        mistakes = {
            "The bump belongs to pairs of one class; yours has it between two classes as well.": None
            if same
            else m * place[own] + (1 - m) * place[partner] + b * (2 * place[own] - 1),
            "m is the share of the first input, so it is the label of `own`; yours is the other way round.": None
            if same
            else (1 - m) * place[own] + m * place[partner],
            "The own label is right, but every other class has a label too: it is below 0.": (1 + b) * place[own]
            if same
            else None,
            "That is the label without a bump: how much is added half way between two inputs of a class?": place[own]
            if same and b
            else None,
            "Of the other classes only one is right; all of them have the same label.": None
            if not same
            else (1 + b) * place[own] - b * place[(own + 1) % 3],
        }
        for word, value in mistakes.items():
            if value is not None and compare(found, value) is None:
                return word
        kind = "both inputs are of one class" if same else "the inputs are of two classes"
        return f"Where {kind} (m = {m}, M = {bump}): {complaint}"
    return None


def _right(own: int, partner: int, m: float, bump: float) -> Float64[np.ndarray, " class"]:
    if own != partner:
        return m * np.eye(3)[own] + (1 - m) * np.eye(3)[partner]
    b = bump / 2 - bump * abs(0.5 - m)
    return np.eye(3)[own] + b * (2 * np.eye(3)[own] - 1)


def _cause(answer: Any) -> str | None:
    if complaint := one_of(answer, CAUSES):
        return complaint
    if answer != "the inputs":
        return "Take the bump away, with M = 0, and look whether the training accuracy falls."
    return None


CHECKS: dict[str, Check] = {
    "own minus other": _own_minus_other,
    "labels by hand": _labels,
    "is it the bump": _cause,
}
