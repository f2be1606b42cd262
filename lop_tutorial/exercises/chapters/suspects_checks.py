"""Checks of "The suspects"."""

from __future__ import annotations

from typing import Any

import numpy as np

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of
from lop_tutorial.report.suspect_scores import States, within_method

TITLE = "The suspects"

SIGNS = ("negative", "zero", "positive")
SUSPECTS = ("ftle_within", "weight_norm", "gradient_norm")


def _age_alone(answer: Any) -> str | None:
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "A pair of words was expected: over all, and within age."
    for word in answer:
        if complaint := one_of(word, SIGNS):
            return complaint
    if answer[0] != "negative":
        return "Over all networks and ages: where the norm is large, is the network old or young?"
    if answer[1] != "zero":
        return "Within age the task number is fixed. What is left that could make both move together?"
    return None


def _within(answer: Any) -> str | None:
    draw = np.random.default_rng(0)
    task, method = np.repeat([4, 9, 14], 20), np.tile(np.repeat(["cbp", "none"], 10), 3)
    level = np.where(method == "none", 0.0, 3.0)
    quantity, gap = level + draw.normal(size=60), level - 0.1 * task + draw.normal(size=60)
    result, complaint = called(answer, quantity, gap, task, method)
    table = {"quantity": quantity, "gap": gap, "task": task, "method": method, "seed": task}
    return complaint or compare(result, within_method(States(table), "quantity", "gap"))


def _plain(answer: Any) -> str | None:
    if complaint := one_of(answer, SUSPECTS):
        return complaint
    if answer != "ftle_within":
        return "Compare the sizes of the three correlations, whatever their signs."
    return None


CHECKS: dict[str, Check] = {
    "age alone": _age_alone,
    "within age and method": _within,
    "the plain network": _plain,
}
