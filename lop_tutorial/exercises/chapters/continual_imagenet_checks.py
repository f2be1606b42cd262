"""Checks of "Continual ImageNet"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lop_tutorial.exercises.cases import each_case
from lop_tutorial.exercises.verdicts import Check, called, compare, numbers
from lop_tutorial.running import stored

TITLE = "Continual ImageNet"

_CHANCE = {"a": 0.5, "b": 0.8, "c": 0.2, "d": 0.5}
_NUDGES = {
    "a": "one answer for all pictures is right for one of the two classes",
    "b": "which of the two answers is the better one to give to all pictures?",
    "c": "one answer for all pictures is right for one of five classes",
    "d": "what can be learned from noise that carries over to other noise?",
}


def _chance(answer: Any) -> str | None:
    for case, value in answer.items() if isinstance(answer, Mapping) else ():
        if isinstance(value, int | float) and value > 1:
            return f"Case {case}: an accuracy lies between 0 and 1."
    return each_case(answer, _CHANCE, _NUDGES, example=0.9)


def _paired(answer: Any) -> str | None:
    draw = np.random.default_rng(0)
    mine, other = draw.uniform(0.5, 0.9, size=(2, 4, 6))
    mine[0, 3:] = np.nan  # one learner diverged in the second half, another of the other method in the last third
    other[2, 4:] = np.nan
    result, complaint = called(answer, mine.copy(), other.copy(), 3)
    difference = (mine - other).reshape(4, 3, 2)
    bins, there = difference.mean(axis=2), (~np.isnan(difference)).sum(axis=2)
    some = np.where(there > 0, np.nansum(difference, axis=2) / np.maximum(there, 1), np.nan)
    right = np.nanmean(bins, axis=0)
    complaint = complaint or compare(result, right)
    if complaint is None:
        return None
    mistakes = {
        "The two means were taken first, each over the seeds that it has: take the difference within each seed.": (
            np.nanmean(mine.reshape(4, 3, 2).mean(axis=2), axis=0)
            - np.nanmean(other.reshape(4, 3, 2).mean(axis=2), axis=0)
        ),
        "A seed counts in a bin only if every task of the bin is there; leave nan in the mean over tasks.": np.nanmean(
            some, axis=0
        ),
        "With nan left in the mean over seeds, one diverged learner takes all others with it.": bins.mean(axis=0),
    }
    for words, value in mistakes.items():
        if np.shape(result) == value.shape and np.allclose(result, value, equal_nan=True):
            return words
    return complaint


def _pairing(answer: Any) -> str | None:
    given, complaint = numbers(answer)
    if complaint or given.size != 1:
        return complaint or "One number was expected, the ratio of two standard errors."
    ratio = float(given.reshape(()))
    mixed, fresh = (stored("table1_tinyimagenet").results.binned(name)[:, -1] for name in ("g_mixup", "retrained"))
    apart, paired = np.hypot(mixed.std(ddof=1), fresh.std(ddof=1)), (mixed - fresh).std(ddof=1)
    if abs(ratio / (apart / paired) - 1) < 0.05:
        return None
    if abs(ratio * (apart / paired) - 1) < 0.05:
        return "That is the ratio the other way round: unpaired over paired."
    if abs(ratio / (mixed.std(ddof=1) + fresh.std(ddof=1)) * paired - 1) < 0.02:
        return "Standard errors of independent means do not add up; their squares do."
    return "Another number was expected: take the five seeds of the last of five bins, test accuracy."


CHECKS: dict[str, Check] = {"chance": _chance, "a paired difference": _paired, "what pairing buys": _pairing}
