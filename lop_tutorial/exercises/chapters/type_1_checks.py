"""Checks of "Type-1: the collapse of representation space"."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare
from lop_tutorial.running import Results
from lop_tutorial.running.execute import rows
from lop_tutorial.running.plan import Plan

TITLE = "Type-1: the collapse of representation space"

FINDINGS = ("Type-1", "Type-2", "divergence", "none of them")
_CASES = {"a": "Type-1", "b": "Type-2", "c": "divergence", "d": "none of them", "e": "Type-1", "f": "divergence"}
_NUDGES = {
    "a": "which of the two accuracies has fallen, compared to a fresh network?",
    "b": "does the network still learn its training points?",
    "c": "can a weight that is no longer a number be mended by a smaller exponent?",
    "d": "what does the fresh network reach on that task?",
    "e": "are its weights still numbers, and does it learn its training points?",
    "f": "which accuracy would a program report that takes the largest of two logits that are NaN?",
}


_TRIED = {"a": "Type-1", "b": "Type-2", "c": "divergence", "d": "Type-1"}
_TRY = dict.fromkeys(_TRIED, "set the playground to it, and let it play for forty tasks.")
PLAYED = 30
"""Tasks after which Type-1 counts as not having come, and of which the last ten are looked at."""


def _diagnose(answer: Any) -> str | None:
    return each_case(answer, _CASES, _NUDGES, choices=FINDINGS)


def _tried(answer: Any) -> str | None:
    return each_case(answer, _TRIED, _TRY, choices=FINDINGS)


def _never(answer: Any) -> str | None:
    """Of a playground, what its page has seen; of a plan, what the package sees in as many tasks."""
    if answer is ...:
        return "The three dots are still there: put a playground or a plan in their place."
    wanted = answer if isinstance(answer, Plan) else getattr(answer, "settings", None)
    if not isinstance(wanted, Plan):
        return f"A playground was expected, or a plan, not {type(answer).__name__}."
    if wanted.methods[0] != "none":
        return f"The old network is to go on without any method; it has {wanted.methods[0]!r}."
    if wanted.network_settings.get("hidden", (0,))[-1] != 2:
        return "The representation is to keep its two units."
    old, fresh = _trained(wanted) if answer is wanted else _played(answer)
    if len(old) < PLAYED:
        return f"Of these settings the page has trained {len(old)} tasks so far; let it play for {PLAYED}."
    if np.isnan([*old, *fresh]).any():
        return "A network diverged: what is no number has not learned."
    mine, others = np.mean(old[-10:]), np.mean(fresh[-10:])
    if others < 0.95:
        return f"A fresh network does not learn these tasks either: {others:.2f} of the training points."
    if mine < others - 0.03:
        return f"Type-1 came: of its training points the old network learns {mine:.2f}, a fresh one {others:.2f}."
    return None


def _played(playground: Any) -> tuple[list[float], list[float]]:
    """Training accuracies, a task each, of both networks in the page; none where the settings have changed since."""
    lived = playground.lived
    if lived.get("choices") != playground.choices:
        return [], []
    old, fresh = ([np.nan if each is None else each for each in lived[name]] for name in ("train", "fresh_train"))
    return old, fresh


def _trained(plan: Plan) -> tuple[list[float], list[float]]:
    methods = ("none", "retrained")
    short = replace(plan, methods=methods, seeds=plan.seeds[:1], tasks=PLAYED, measures=())
    results = Results(tuple(rows(short)), PLAYED)
    old, fresh = (results.curves(method, "train_accuracy")[0].tolist() for method in methods)
    return old, fresh


def _last_layer(answer: Any) -> str | None:
    draw = np.random.default_rng(6)
    for width in (2, 3):
        h, weights = draw.uniform(-0.9, 0.9, size=width), draw.normal(size=(width, 5))
        result, complaint = called(answer, h, weights)
        complaint = complaint or compare(result, _leading((1 - h**2)[:, None] * weights))
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
        return known_mistake(result, mistakes, complaint)
    with np.errstate(divide="ignore"):
        result, complaint = called(answer, np.array([1.0, -1.0]), draw.normal(size=(2, 5)))
    if complaint := complaint or compare(result, -np.inf):
        return f"Right in the open, but not where both units are saturated (h = 1 and -1): {complaint}"
    return None


def _leading(jacobian: Float64[np.ndarray, "unit input"]) -> float:
    return float(np.log(np.linalg.svd(jacobian, compute_uv=False)[0]))


CHECKS: dict[str, Check] = {
    "which of the three": _diagnose,
    "the last hidden layer's exponent": _last_layer,
    "predict, then try": _tried,
    "type-1 never comes": _never,
}
