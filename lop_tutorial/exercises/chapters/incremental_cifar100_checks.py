"""Checks of "Incremental CIFAR-100"."""

from __future__ import annotations

from typing import Any

import numpy as np

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare, numbers
from lop_tutorial.running import interval, stored

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


def _change(answer: Any) -> str | None:
    given, complaint = numbers(answer)
    if complaint:
        return complaint
    short, long = (
        stored(f"table3_{name}").results.paired("none", "retrained") for name in ("cifar100", "long_cifar100")
    )
    leads = [100 * (run.binned("none") - run.binned("retrained")) for run in (short, long)]
    before, after = (lead[:, -1] for lead in leads)
    right = np.array([float(end) for end in interval(after - before)])
    complaint = compare(given, right, absolute=0.06)
    if complaint is None:
        return None
    ends = [[float(end) for end in interval(each)] for each in (before, after)]
    mistakes = {
        "Those are shares, not points: multiply by 100.": right / 100,
        "That is the change from 100 epochs to 24: subtract the other way round.": -right[[0, 2, 1]],
        "An interval's ends cannot be subtracted: subtract the leads seed by seed, then take the interval.": [
            late - early for early, late in zip(*ends, strict=True)
        ],
        "That is the mean over all bins: take the last one.": [
            float(end) for end in interval((leads[1] - leads[0]).mean(axis=1))
        ],
    }
    return known_mistake(given, mistakes, complaint)


CHECKS: dict[str, Check] = {
    "head start": _head_start,
    "errors saved": _errors_saved,
    "interval of a change": _change,
}
