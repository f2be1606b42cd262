"""Checks of exercises that ask for an answer to each of several cases, and of answers that go wrong in known ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lop_tutorial.exercises.verdicts import compare, numbers, one_of


def each_case(
    answer: Any,
    right: Mapping[str, Any],
    nudges: Mapping[str, str] | None = None,
    *,
    choices: Sequence[str] = (),
    case: str = "Case",
    example: Any = None,
) -> str | None:
    """None where a dictionary has the right entry for every case; else how many are right, and a nudge for one.

    Entries are words, each one of `choices`, or numbers, such as `example`. `case` is what the exercise calls a case.
    """
    if not isinstance(answer, Mapping):
        entry = f"{next(iter(right))!r}: {(choices[0] if choices else example)!r}"
        return f"A dictionary was expected, such as {{{entry}, ...}}, not {type(answer).__name__}."
    for name in right:
        if name not in answer:
            return f"{case} {name} has no answer yet."
        if complaint := one_of(answer[name], choices) if choices else _one_number(answer[name]):
            return f"{case} {name}: {complaint}"
    missed = [
        name
        for name, value in right.items()
        if (answer[name] != value if choices else compare(answer[name], value) is not None)
    ]
    if not missed:
        return None
    nudge = f": {nudges[missed[0]]}" if nudges else "."
    return f"{len(right) - len(missed)} of {len(right)} are right; look again at {case.lower()} {missed[0]}{nudge}"


def known_mistake(given: Any, mistakes: Mapping[str, Any], otherwise: str | None) -> str | None:
    """What to say of an answer that agrees with what one of these mistakes gives; else what is said `otherwise`."""
    return next((words for words, value in mistakes.items() if compare(given, value) is None), otherwise)


def _one_number(answer: Any) -> str | None:
    number, complaint = numbers(answer)
    return complaint or ("One number was expected." if number.shape else None)
