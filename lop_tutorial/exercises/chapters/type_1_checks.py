"""Checks of "Type-1: the collapse of representation space"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of

TITLE = "Type-1: the collapse of representation space"

FINDINGS = ("Type-1", "Type-2", "divergence", "none of them")
BLAME = ("the mixing", "the fresh head", "neither")
_CASES = {"a": "Type-1", "b": "Type-2", "c": "divergence", "d": "none of them", "e": "Type-1", "f": "divergence"}
_NUDGES = {
    "a": "which of the two accuracies has fallen, compared to a fresh network?",
    "b": "does the network still learn its training points?",
    "c": "can a weight that is no longer a number be mended by a smaller exponent?",
    "d": "what does the fresh network reach on that task?",
    "e": "are its weights still numbers, and does it learn its training points?",
    "f": "which accuracy would a program report that takes the largest of two logits that are NaN?",
}


def _diagnose(answer: Any) -> str | None:
    if not isinstance(answer, Mapping):
        return f"A dictionary was expected, such as {{'a': 'Type-1', ...}}, not {type(answer).__name__}."
    missing = [case for case in _CASES if case not in answer]
    if missing:
        return f"Case {missing[0]} has no answer yet."
    for case in _CASES:
        if complaint := one_of(answer[case], FINDINGS):
            return f"Case {case}: {complaint}"
    wrong = [case for case, right in _CASES.items() if answer[case] != right]
    if wrong:
        right = len(_CASES) - len(wrong)
        return f"{right} of {len(_CASES)} are right; look again at case {wrong[0]}: {_NUDGES[wrong[0]]}"
    return None


def _last_layer(answer: Any) -> str | None:
    draw = np.random.default_rng(6)
    for width in (2, 3):
        h, weights = draw.uniform(-0.9, 0.9, size=width), draw.normal(size=(width, 5))
        found, complaint = called(answer, h, weights)
        complaint = complaint or compare(found, _leading((1 - h**2)[:, None] * weights))
        if complaint is None:
            continue
        slopes = 1 - h**2
        mistakes = {
            "h is the output of the layer already: the slope of tanh there is 1 - h**2, no tanh is left to take.": (
                _leading((1 - np.tanh(h) ** 2)[:, None] * weights)
            ),
            "That is the exponent without the tanh: it is that of the weights alone.": _leading(weights),
            "The slope of tanh is 1 - h**2, with a square.": _leading((1 - h)[:, None] * weights),
            "That is the singular value; its logarithm is wanted.": np.exp(_leading(slopes[:, None] * weights)),
            "That is the smallest singular value's; the largest is wanted.": np.log(
                np.linalg.svd(slopes[:, None] * weights, compute_uv=False)[-1]
            ),
            "That is the norm over all entries; the largest singular value is wanted (`ord=2`).": np.log(
                np.linalg.norm(slopes[:, None] * weights)
            ),
        }
        for word, value in mistakes.items():
            if compare(found, value) is None:
                return word
        return complaint
    with np.errstate(divide="ignore"):
        found, complaint = called(answer, np.array([1.0, -1.0]), draw.normal(size=(2, 5)))
    if complaint := complaint or compare(found, -np.inf):
        return f"Right in the open, but not where both units are saturated (h = 1 and -1): {complaint}"
    return None


def _leading(jacobian: Float64[np.ndarray, "unit input"]) -> float:
    return float(np.log(np.linalg.svd(jacobian, compute_uv=False)[0]))


def _blame(answer: Any) -> str | None:
    if complaint := one_of(answer, BLAME):
        return complaint
    if answer != "the fresh head":
        return "Keep the head, leave the mixing as it is, and look at the training accuracy."
    return None


CHECKS: dict[str, Check] = {
    "which of the three": _diagnose,
    "the last layer's exponent": _last_layer,
    "is inter-class mixing to blame": _blame,
}
