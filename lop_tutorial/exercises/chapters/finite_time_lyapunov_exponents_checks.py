"""Checks of "Finite-time Lyapunov exponents: how a network stretches its inputs"."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare, one_of

TITLE = "Finite-time Lyapunov exponents: how a network stretches its inputs"

EFFECTS = ("+ log 2", "+ log 2 / l", "x l / (l + 1)", "unchanged", "cannot be told")
CHANGES = ("twice as deep", "four times as wide", "twice as long")
_CASES = {"a": "+ log 2", "b": "+ log 2 / l", "c": "unchanged", "d": "x l / (l + 1)", "e": "cannot be told"}
_NUDGES = {
    "a": "by what is each layer's Jacobian multiplied, and how many layers are there?",
    "b": "by what is the whole Jacobian multiplied, and what is divided by l?",
    "c": "of which layer's output is the exponent measured?",
    "d": "what does a rotation do to the singular values, and what to the number of layers?",
    "e": "do the slopes of tanh stay where they are when what goes into it doubles?",
}


def _effects(answer: Any) -> str | None:
    return each_case(answer, _CASES, _NUDGES, choices=EFFECTS)


def _exponent(answer: Any) -> str | None:
    draw = np.random.default_rng(2)
    sizes = (3, 7, 6, 5)
    weights = [draw.normal(size=(out, into)) / np.sqrt(into) for into, out in pairwise(sizes)]
    biases = [draw.normal(size=out) / 2 for out in sizes[1:]]
    x = draw.normal(size=3)
    result, complaint = called(answer, weights, biases, x)
    if complaint:
        return complaint
    layers = len(weights)
    values = np.linalg.svd(_jacobian(weights, biases, x), compute_uv=False)
    right = np.log(values[0]) / layers
    complaint = compare(result, right, factors={"l, the number of layers": layers})
    if complaint is None:
        return None
    mistakes = {
        "The slopes of tanh are missing: each layer's Jacobian is diag(1 - h²) W, not W alone.": np.log(
            np.linalg.norm(np.linalg.multi_dot(weights[::-1]), ord=2)
        )
        / layers,
        "The slope of tanh at z is 1 - tanh(z)²; yours looks like 1 - z².": np.log(
            np.linalg.norm(_jacobian(weights, biases, x, at="before"), ord=2)
        )
        / layers,
        "That is the smallest singular value; the leading exponent takes the largest.": np.log(values[-1]) / layers,
        "That is the Frobenius norm, which adds all singular values up; take the largest alone.": np.log(
            np.sqrt((values**2).sum())
        )
        / layers,
        "That is the singular value per layer; its logarithm is missing.": values[0] / layers,
        "That is the largest singular value itself: its logarithm is missing, and the division by l.": values[0],
        "That is the mean of the layers' own exponents; the largest direction of one layer is not that of the next: "
        "multiply the Jacobians first.": np.mean(
            [np.log(np.linalg.norm(each, ord=2)) for each in _jacobians(weights, biases, x)]
        ),
    }
    return known_mistake(result, mistakes, complaint)


def _jacobians(weights: Any, biases: Any, x: Any, at: str = "after") -> list[Float[np.ndarray, "outputs inputs"]]:
    jacobians = []
    for weight, bias in zip(weights, biases, strict=True):
        before = weight @ x + bias
        x = np.tanh(before)
        jacobians.append((1 - (x if at == "after" else before) ** 2)[:, None] * weight)
    return jacobians


def _jacobian(weights: Any, biases: Any, x: Any, at: str = "after") -> Float[np.ndarray, "outputs inputs"]:
    return np.linalg.multi_dot(_jacobians(weights, biases, x, at)[::-1])


def _sharpest(answer: Any) -> str | None:
    if complaint := one_of(answer, CHANGES):
        return complaint
    if answer != "twice as long":
        return "How large is the contrast with that change alone, and how large with the two others? Run them and look."
    return None


CHECKS: dict[str, Check] = {
    "what it does to the exponent": _effects,
    "an exponent by hand": _exponent,
    "the sharpest ridge": _sharpest,
}
