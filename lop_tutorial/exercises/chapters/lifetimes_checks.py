"""Checks of "How long does a network live?"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare, numbers
from lop_tutorial.running import stored

TITLE = "How long does a network live?"

_FOUR = {"a": 0.75, "b": 0.75, "c": 0.375, "d": 30}
_NUDGES = {
    "a": "one of four has failed",
    "b": "the one that diverged has not failed: the curve makes no step there",
    "c": "two are left to be asked, and one of them fails",
    "d": "after which time is the share one half or less for the first time?",
}


def _four_lives(answer: Any) -> str | None:
    return each_case(answer, _FOUR, _NUDGES, example=0.9)


def _products(
    times: Float64[np.ndarray, " network"], ended: Bool[np.ndarray, " network"], observed: Mapping[float, int]
) -> Float64[np.ndarray, " time"]:
    distinct = np.unique(times)
    failures = np.array([ended[times == time].sum() for time in distinct])
    return np.cumprod(1 - failures / np.array([observed[time] for time in distinct]))


def _well(answer: Any) -> str | None:
    times = np.array([40.0, 10.0, 20.0, 30.0, 20.0, 40.0, 30.0, 5.0])
    failed = np.array([False, True, False, True, True, False, False, False])
    result, complaint = called(answer, times.copy(), failed.copy())
    there = {float(time): int((times >= time).sum()) for time in times}
    right = _products(times, failed, there)
    if complaint or (complaint := compare(result, right)) is None:
        return complaint
    mistakes = {
        "Censored networks were counted as failed.": _products(times, np.ones_like(failed), there),
        "All networks are in each denominator: count those that are still under observation.": _products(
            times, failed, dict.fromkeys(there, len(times))
        ),
        "A network that ends at a time is under observation at that time: >=, not >.": _products(
            times, failed, {time: max(1, int((times > time).sum())) for time in there}
        ),
        "Those are the factors: multiply them up.": 1
        - np.array([failed[times == time].sum() / there[time] for time in np.unique(times)]),
    }
    return known_mistake(result, mistakes, complaint)


def _power(answer: Any) -> str | None:
    given, complaint = numbers(answer)
    if complaint or given.size != 1:
        return complaint or "One number was expected, a power of the step size."
    power = float(given.reshape(()))
    steps = {"0.1": "death_300_cifar100_step_0.1", "0.07": "death_300_cifar100_step_0.07"}
    from lop_tutorial.report.survival import lifetimes  # lifelines takes a second to import

    first, second = (float(lifetimes(stored(name), event="failure").median.mean) for name in steps.values())
    right = float(np.log(second / first) / np.log(0.07 / 0.1))
    if abs(power - right) < 0.02:
        return None
    if abs(power + right) < 0.02:
        return "The sign: a smaller step makes life longer."
    if abs(power - 1 / right) < 0.02:
        return "That is the other way round: the logarithm of the lives over that of the steps."
    return "Another number was expected: the slope of log median over log step size, between 0.1 and 0.07."


CHECKS: dict[str, Check] = {"four lives": _four_lives, "the share that is well": _well, "a power by hand": _power}
