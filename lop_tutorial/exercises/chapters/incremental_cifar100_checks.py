"""Checks of "Incremental CIFAR-100"."""

from __future__ import annotations

from typing import Any

import numpy as np

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare, numbers

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
    return each_case(answer, _METHODS, _NUDGES, choices=WORDS, case="Method")


def _errors_saved(answer: Any) -> str | None:
    draw = np.random.default_rng(0)
    reference = draw.uniform(0.5, 0.95, size=(4, 5))
    method = np.clip(reference + draw.uniform(-0.1, 0.1, size=(4, 5)), 0, 0.99)
    result, complaint = called(answer, method, reference)
    mine, theirs = 1 - method.mean(axis=0), 1 - reference.mean(axis=0)
    complaint = complaint or compare(result, (theirs - mine) / theirs)
    if complaint is None:
        return None
    mistakes = {
        "Those are points: divide by what the reference gets wrong.": theirs - mine,
        "Divide by the errors of the reference, not by its accuracy.": (theirs - mine) / (1 - theirs),
        "Divide by the errors of the reference, not by those of the method.": (theirs - mine) / mine,
        "That is the share of errors that are left.": mine / theirs,
        "Take the mean over seeds first, then the share.": (1 - (1 - method) / (1 - reference)).mean(axis=0),
    }
    return known_mistake(result, mistakes, complaint)


def _makes_up(answer: Any) -> str | None:
    number, complaint = numbers(answer)
    if complaint:
        return complaint
    if number.shape == () and float(number) == 4:
        return "In one table another method's lead grew more; that it began far behind does not matter here."
    return compare(answer, 3)


CHECKS: dict[str, Check] = {
    "head start": _head_start,
    "errors saved": _errors_saved,
    "who makes up": _makes_up,
}
