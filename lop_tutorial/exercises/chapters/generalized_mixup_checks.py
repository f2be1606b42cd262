"""Checks of "Generalized Mixup"."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float64

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare, one_of

TITLE = "Generalized Mixup"

SHARES = ("most", "little")
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
    return each_case(answer, _CASES, _NUDGES, example=1.0)


def _labels(answer: Any) -> str | None:
    for own, partner, m, bump in _PAIRS:
        result, complaint = called(answer, own, partner, m, bump)
        right = _right(own, partner, m, bump)
        complaint = complaint or compare(result, right)
        if complaint is None:
            continue
        b = bump / 2 - bump * abs(0.5 - m)
        same, place = own == partner, np.eye(3)
        within = {
            "The own label is right, but every other class has a label too: it is below 0.": (1 + b) * place[own],
            "Of the other classes only one is right; all of them have the same label.": (
                (1 + b) * place[own] - b * place[(own + 1) % 3]
            ),
        }
        if b:
            words = "That is the label without a bump: how much is added half way between two inputs of a class?"
            within[words] = place[own]
        between = {
            "The bump belongs to pairs of one class; yours has it between two classes as well.": (
                m * place[own] + (1 - m) * place[partner] + b * (2 * place[own] - 1)
            ),
            "m is the share of the first input, so it is the label of `own`; yours is the other way round.": (
                (1 - m) * place[own] + m * place[partner]
            ),
        }
        kind = "both inputs are of one class" if same else "the inputs are of two classes"
        words = f"Where {kind} (m = {m}, M = {bump}): {complaint}"
        return known_mistake(result, within if same else between, words)
    return None


def _right(own: int, partner: int, m: float, bump: float) -> Float64[np.ndarray, " class"]:
    if own != partner:
        return m * np.eye(3)[own] + (1 - m) * np.eye(3)[partner]
    b = bump / 2 - bump * abs(0.5 - m)
    return np.eye(3)[own] + b * (2 * np.eye(3)[own] - 1)


def _needs_the_bump(answer: Any) -> str | None:
    if complaint := one_of(answer, SHARES):
        return complaint
    if answer != "little":
        return "Take the bump away, with M = 0, and look whether the training accuracy falls."
    return None


CHECKS: dict[str, Check] = {
    "own minus other": _own_minus_other,
    "labels by hand": _labels,
    "is it the bump": _needs_the_bump,
}
