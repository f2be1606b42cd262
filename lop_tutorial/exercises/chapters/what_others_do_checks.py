"""Checks of "What others do"."""

from __future__ import annotations

from typing import Any

import numpy as np

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of

TITLE = "What others do"

ASKED = ("retrained", "l2_init", "shrink_and_perturb", "cbp", "mixup")
WAITING = {"retrained", "shrink_and_perturb"}
SETS = ("cifar100", "tinyimagenet", "procedural")


def _first_task(answer: Any) -> str | None:
    if not isinstance(answer, (list, tuple, set)):
        return "A set of names was expected, such as {'cbp', 'mixup'}."
    for name in answer:
        if complaint := one_of(name, ASKED):
            return complaint
    if wrong := sorted(set(answer) - WAITING):
        return f"At which moment does {wrong[0]} act? Look at the table of moments."
    if set(answer) != WAITING:
        return "That is right, but not all: there is another one."
    return None


def _utility(answer: Any) -> str | None:
    draw = np.random.default_rng(0)
    h, w_in, w_out = draw.normal(size=(8, 5)), draw.normal(size=(5, 3)), draw.normal(size=(2, 5))
    result, complaint = called(answer, h, w_in, w_out)
    contribution = np.abs(h).mean(axis=0) * np.abs(w_out).mean(axis=0)
    return complaint or compare(
        result,
        contribution / np.abs(w_in).mean(axis=1),
        factors={"the number of outputs": 2, "the number of samples": 8, "the number of inputs": 3},
    )


def _dead(answer: Any) -> str | None:
    if complaint := one_of(answer, SETS):
        return complaint
    if answer != "procedural":
        return "There the correlation is clear. Ask `rank_methods` for the other sets, too."
    return None


CHECKS: dict[str, Check] = {
    "first task": _first_task,
    "utility": _utility,
    "dead units": _dead,
}
