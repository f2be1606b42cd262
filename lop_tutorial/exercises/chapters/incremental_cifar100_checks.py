"""Checks of "Incremental CIFAR-100"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lop_tutorial.exercises.verdicts import Check, called, compare, numbers, one_of

TITLE = "Incremental CIFAR-100"

WORDS = ("head start", "holds on", "both", "neither")
_METHODS = {"a": "head start", "b": "holds on", "c": "both", "d": "neither"}
_NUDGES = {
    "a": "how far is it ahead of No Intv. in the first bin, and how far in the last?",
    "b": "was it ahead of No Intv. in the first bin?",
    "c": "answer both questions: the lead in the first bin, and how that lead changed.",
    "d": "it ends where it began, against No Intv.: is it ahead anywhere, and does its lead grow?",
}


def _head_start(answer: Any) -> str | None:
    if not isinstance(answer, Mapping):
        return f"A dictionary was expected, such as {{'a': 'both', ...}}, not {type(answer).__name__}."
    for method in _METHODS:
        if method not in answer:
            return f"Method {method} has no answer yet."
        if complaint := one_of(answer[method], WORDS):
            return f"Method {method}: {complaint}"
    wrong = [method for method, word in _METHODS.items() if answer[method] != word]
    if wrong:
        right = len(_METHODS) - len(wrong)
        return f"{right} of {len(_METHODS)} are right; look again at method {wrong[0]}: {_NUDGES[wrong[0]]}"
    return None


def _errors_saved(answer: Any) -> str | None:
    draw = np.random.default_rng(0)
    reference = draw.uniform(0.5, 0.95, size=(4, 5))
    method = np.clip(reference + draw.uniform(-0.1, 0.1, size=(4, 5)), 0, 0.99)
    found, complaint = called(answer, method, reference)
    mine, theirs = 1 - method.mean(axis=0), 1 - reference.mean(axis=0)
    complaint = complaint or compare(found, (theirs - mine) / theirs)
    if complaint is None:
        return None
    mistakes = {
        "Those are points: divide by what the reference gets wrong.": theirs - mine,
        "Divide by the errors of the reference, not by its accuracy.": (theirs - mine) / (1 - theirs),
        "Divide by the errors of the reference, not by those of the method.": (theirs - mine) / mine,
        "That is the share of errors that are left.": mine / theirs,
        "Take the mean over seeds first, then the share.": (1 - (1 - method) / (1 - reference)).mean(axis=0),
    }
    for word, value in mistakes.items():
        if compare(found, value) is None:
            return word
    return complaint


def _makes_up(answer: Any) -> str | None:
    found, complaint = numbers(answer)
    if complaint:
        return complaint
    if found.shape == () and float(found) == 4:
        return "In one table another method's lead grew more; that it began far behind does not matter here."
    return compare(answer, 3)


CHECKS: dict[str, Check] = {
    "head start": _head_start,
    "errors saved": _errors_saved,
    "who makes up": _makes_up,
}
