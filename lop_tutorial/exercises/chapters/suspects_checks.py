"""Checks of "The suspects"."""

from __future__ import annotations

from typing import Any

import numpy as np

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of

TITLE = "The suspects"

WHO = ("old", "fresh", "neither")
CHANGES = ("forget momentum", "no momentum", "keep the head")


def _predict(answer: Any) -> str | None:
    if complaint := one_of(answer, WHO):
        return complaint
    if answer != "neither":
        return "What is a network before its first task?"
    return None


def _implement(answer: Any) -> str | None:
    draw = np.random.default_rng(0)
    fresh, old = draw.uniform(0.6, 0.9, size=(2, 5, 12))
    result, complaint = called(answer, fresh, old, 4)
    return complaint or compare(result, (fresh - old)[:, -4:].mean(axis=1), factors={"k, the number of tasks": 4})


def _investigate(answer: Any) -> str | None:
    if complaint := one_of(answer, CHANGES):
        return complaint
    if answer != "no momentum":
        return "With that change alone, what is the lag? Run it and look."
    return None


CHECKS: dict[str, Check] = {
    "suspects: predict": _predict,
    "suspects: implement": _implement,
    "suspects: investigate": _investigate,
}
