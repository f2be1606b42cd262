"""Checks of "Type-2: over-stretched boundaries and chaos"."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from lop_tutorial.exercises.cases import each_case, known_mistake
from lop_tutorial.exercises.verdicts import Check, called, compare

TITLE = "Type-2: over-stretched boundaries and chaos"

COURSES = ("rises", "falls", "stays")
_SIGNS = {"a": "stays", "b": "falls", "c": "rises", "d": "rises", "e": "stays"}
_NUDGES = {
    "a": "does the network still learn its training points by heart?",
    "b": "what is it that Type-2 loses?",
    "c": "what do the signs of Type-2 say of the space between the classes?",
    "d": "does the boundary become straighter, or does it shatter?",
    "e": "what does a network that begins anew know of the tasks before?",
}
MIXED = frozenset({8, 16})
"""Where training accuracy falls and its gap to test accuracy grows, both by more than 0.02 in the mean: results/width.

The intervals do not bear it: at 8 units that of the gap holds zero, at 16 that of the training accuracy.
"""
_WIDTHS = frozenset({1, 2, 4, 8, 16, 32, 64, 128, 256})


def _signs(answer: Any) -> str | None:
    return each_case(answer, _SIGNS, _NUDGES, choices=COURSES)


def _from_a_hair(answer: Any) -> str | None:
    draw = np.random.default_rng(4)
    for layers in (4, 2):
        apart = 1e-6 * np.exp(draw.normal(size=(layers + 1, 6)))
        result, complaint = called(answer, apart)
        growth = np.log(apart[-1] / apart[0])
        complaint = complaint or compare(result, growth / layers)
        if complaint is None:
            continue
        mistakes = {
            "The first row is the input itself: five rows tell of four layers.": growth / (layers + 1),
            "That is over all layers together; an exponent is per layer.": growth,
            "That is the logarithm of the distance in the end; it matters how far apart the two were at first.": (
                np.log(apart[-1]) / layers
            ),
            "The natural logarithm was expected.": growth / layers / np.log(10),
            "That is the growth itself, not its logarithm.": apart[-1] / apart[0],
            "The other way round: the distance in the end over that at the input.": -growth / layers,
        }
        return known_mistake(result, mistakes, complaint)
    return None


def _mixed(answer: Any) -> str | None:
    if answer is ...:
        return "The three dots are still there: put a list of widths in their place."
    if isinstance(answer, str) or not isinstance(answer, Collection):
        return f"A list of widths was expected, such as [1, 256], not {type(answer).__name__}."
    unknown = [width for width in answer if width not in _WIDTHS]
    if unknown:
        return f"{unknown[0]!r} is none of the widths of the sweep: {', '.join(map(str, sorted(_WIDTHS)))}."
    if extra := sorted(set(answer) - MIXED):
        return f"{extra[0]} is not mixed: by how much does training accuracy fall there, and does the gap grow?"
    if missing := sorted(MIXED - set(answer)):
        return f"{len(missing)} of them {'is' if len(missing) == 1 else 'are'} missing; go through all nine widths."
    return None


CHECKS: dict[str, Check] = {
    "signs of type-2": _signs,
    "the exponent from a pair of inputs": _from_a_hair,
    "the mixed zone": _mixed,
}
