"""Checks of "Type-2: over-stretched boundaries and chaos"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from lop_tutorial.exercises.verdicts import Check, called, compare, one_of

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
"""Where training accuracy falls and its gap to test accuracy grows, both by more than 0.02: results/width."""
_WIDTHS = frozenset({1, 2, 4, 8, 16, 32, 64, 128, 256})


def _signs(answer: Any) -> str | None:
    if not isinstance(answer, Mapping):
        return f"A dictionary was expected, such as {{'a': 'rises', ...}}, not {type(answer).__name__}."
    missing = [case for case in _SIGNS if case not in answer]
    if missing:
        return f"Case {missing[0]} has no answer yet."
    for case in _SIGNS:
        if complaint := one_of(answer[case], COURSES):
            return f"Case {case}: {complaint}"
    wrong = [case for case, right in _SIGNS.items() if answer[case] != right]
    if wrong:
        right = len(_SIGNS) - len(wrong)
        return f"{right} of {len(_SIGNS)} are right; look again at case {wrong[0]}: {_NUDGES[wrong[0]]}"
    return None


def _from_a_hair(answer: Any) -> str | None:
    draw = np.random.default_rng(4)
    for layers in (4, 2):
        apart = 1e-6 * np.exp(draw.normal(size=(layers + 1, 6)))
        found, complaint = called(answer, apart)
        growth = np.log(apart[-1] / apart[0])
        complaint = complaint or compare(found, growth / layers)
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
        for word, value in mistakes.items():
            if compare(found, value) is None:
                return word
        return complaint
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
    "the exponent from a hair": _from_a_hair,
    "the mixed zone": _mixed,
}
