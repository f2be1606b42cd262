"""What checks are made of: each piece takes an answer and gives None, or one useful word on what is not right.

No word ever holds the value that was expected.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

Check = Callable[[Any], str | None]
"""Takes an answer; None means right, a string says what is not."""

_LOGS = {
    "the natural logarithm and log10": np.log(10),
    "the natural logarithm and log2": np.log(2),
    "log2 and log10": np.log2(10),
}


def called(answer: Any, *arguments: Any) -> tuple[Any, str | None]:
    """What a function handed in gives, or a friendly word on why it gave nothing; it may change its arguments."""
    if not callable(answer):
        return None, f"A function was expected, not {type(answer).__name__}; hand in its name without brackets."
    try:
        return answer(*copy.deepcopy(arguments)), None
    except (Exception, SystemExit) as error:  # exit() in an answer ends the answer alone
        return None, f"Your function stopped with {type(error).__name__}: {error}"


def one_of(answer: Any, choices: Sequence[str]) -> str | None:
    """Whether `answer` is one of the words to choose from; any of them will do."""
    if isinstance(answer, str) and answer in choices:
        return None
    if answer is ...:
        return f"The three dots are still there: put one of {', '.join(choices)} in their place."
    shown = repr(answer) if isinstance(answer, str | int | float | None) else f"An answer of type {_kind(answer)}"
    return f"{shown} is not one of {', '.join(choices)}."


def numbers(answer: Any) -> tuple[np.ndarray, str | None]:
    """An answer (number, list, array or tensor) as float64 (or bool), or a friendly word on why not."""
    nothing = np.empty(0)
    if answer is None:
        return nothing, "None was given: is there no answer yet, or no `return`?"
    if answer is ...:
        return nothing, "The three dots are still there: put your answer in their place."
    if isinstance(answer, Mapping | set | frozenset | str | bytes) or hasattr(answer, "__next__"):
        return nothing, f"Numbers were expected, not {_kind(answer)}."
    if callable(answer):
        return nothing, f"Numbers were expected, not {_kind(answer)}: call it, and hand in what it gives."
    try:
        array = np.asarray(_plain(answer))
    except (TypeError, ValueError, RuntimeError):
        return nothing, "Your answer is no array: its rows differ in length, or in the kind of thing that they hold."
    if array.dtype.kind == "c":
        return nothing, "Real numbers were expected; yours are complex."
    if array.dtype.kind not in "biuf":
        return nothing, f"Numbers were expected; there is {_kind(array.reshape(-1).tolist()[0])} among yours."
    return array if array.dtype == bool else array.astype(np.float64), None


def compare(
    answer: Any,
    expected: Any,
    *,
    tolerance: float = 1e-3,
    absolute: float | None = None,
    factors: Mapping[str, float | int] | None = None,
) -> str | None:
    """None where `answer` agrees with `expected` (numbers, lists, arrays, tensors), else in what way it does not.

    An entry is right if it is off by at most `tolerance` of its size, plus `absolute` (not given: a thousandth of
    `tolerance`, of the largest entry). `factors` are those by which one goes wrong easily, each under the name that it
    has in "too large by a factor of ...", as in {"l, the number of layers": 4}.
    """
    given, complaint = numbers(answer)
    if complaint is not None:
        return complaint
    values, unusable = numbers(expected)
    if unusable is not None:
        raise ValueError(f"expected is of type {_kind(expected)}; it must be numbers to compare with")
    if given.dtype == bool and values.dtype != bool:
        return "Numbers were expected, not True or False."
    given, values = given.astype(np.float64), values.astype(np.float64)
    if given.shape != values.shape:
        return _shape(given.shape, values.shape)
    given, values = np.atleast_1d(given, values)
    largest = np.abs(values[np.isfinite(values)]).max(initial=0)
    goal = _Goal(values, tolerance, 1e-3 * tolerance * (largest or 1) if absolute is None else absolute)
    if goal.met_by(given):
        return None
    known = _not_finite(given, values) or (_pattern(given, goal, factors or {}) if largest else None)
    return known or (_single(given.item(), goal) if given.size == 1 else _some_wrong(given, goal))


@dataclass(frozen=True)
class _Goal:
    """What was expected, and how near is near enough."""

    values: np.ndarray
    tolerance: float
    absolute: float

    def close(self, candidate: np.ndarray) -> np.ndarray:
        """Which entries are right."""
        with np.errstate(all="ignore"):
            near = np.abs(candidate - self.values) <= self.tolerance * np.abs(self.values) + self.absolute
        same = (candidate == self.values) | (np.isnan(candidate) & np.isnan(self.values))
        return np.where(np.isfinite(self.values), near, same)

    def met_by(self, candidate: np.ndarray) -> bool:
        return candidate.shape == self.values.shape and bool(self.close(candidate).all())


def _shape(given: tuple[int, ...], expected: tuple[int, ...]) -> str:
    def said(shape: tuple[int, ...]) -> str:
        return f"shape {shape}" if shape else "a single number"

    text = f"Your answer {'has' if given else 'is'} {said(given)}; {said(expected)} was expected"
    if len(given) > 1 and given == expected[::-1]:
        return text + ": is it transposed?"
    if len(given) > 1 and sorted(given) == sorted(expected):
        return text + ": the axes are in another order."
    without_ones = [[length for length in shape if length != 1] for shape in (given, expected)]
    if without_ones[0] == without_ones[1]:
        return text + f": an axis of length 1 is {'too many' if len(given) > len(expected) else 'missing'}."
    return text + "."


def _not_finite(given: np.ndarray, expected: np.ndarray) -> str | None:
    for name, test in (("NaN (not a number)", np.isnan), ("infinite", np.isinf)):
        count = int((test(given) & np.isfinite(expected)).sum())
        if count:
            who = "Your answer is" if given.size == 1 else _of(count, given.size)
            return f"{who} {name}: was something divided by zero, or the logarithm of zero taken?"
    return None


def _pattern(given: np.ndarray, goal: _Goal, factors: Mapping[str, float | int]) -> str | None:
    """What one thing, done to all entries alike, would make them right."""
    expected = goal.values
    with np.errstate(all="ignore"):
        for word, repaired in _suspects(given, factors):
            if goal.met_by(repaired):
                return word
        if not goal.close(given).any():  # zeros and ones are their own squares
            for word, repaired in _powers(given):
                if goal.met_by(repaired):
                    return word
        if given.size == 1 or goal.met_by(np.full_like(given, expected.mean())):
            return None  # any number, and any flat line, is some constant away from any other
        scale = (given * expected).sum() / (given * given).sum()
        if goal.met_by(scale * given):
            return "Off by a constant factor" + (", and the sign is the wrong way round." if scale < 0 else ".")
        if goal.met_by(given + (expected - given).mean()):
            return "Off by a constant: the same is missing, or too much, everywhere."
        in_order = replace(goal, values=np.sort(expected, axis=None))
        if in_order.met_by(np.sort(given, axis=None)):
            return "The right entries, in another order."
    return None


def _suspects(given: np.ndarray, factors: Mapping[str, float | int]) -> Iterator[tuple[str, np.ndarray]]:
    """Mistakes that people make, each with what would undo it."""
    yield "The sign is the wrong way round.", -given
    yield "It is transposed.", given.T
    for name, factor in factors.items():
        for size, repaired in (("large", given / factor), ("small", given * factor)):
            yield f"Too {size} by a factor of {name}.", repaired
            yield f"Too {size} by a factor of {name}, and the sign is the wrong way round.", -repaired
    for logarithms, factor in _LOGS.items():
        for repaired in (given / factor, given * factor):
            yield f"Off by a constant factor, the one between {logarithms}: which of them is wanted?", repaired
    for repaired in (given / 100, given * 100):
        yield "Off by a factor of 100: is it percent where a share is wanted, or the other way round?", repaired


def _powers(given: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    yield "It looks like the square of what is wanted.", np.sqrt(given)
    yield "It looks like the square root of what is wanted.", np.where(given < 0, np.nan, given**2)
    yield "It looks like one over what is wanted.", 1 / given


def _single(given: float, goal: _Goal) -> str:
    expected = goal.values.item()
    if abs(given - expected) <= 10 * (goal.tolerance * abs(expected) + goal.absolute):
        return "Very near, but not near enough: was something rounded on the way?"
    if expected and not 0.1 <= abs(given / expected) <= 10:
        return "It is off by more than a factor of ten."
    return "It is another number."


def _some_wrong(given: np.ndarray, goal: _Goal) -> str:
    sizes = replace(goal, values=np.abs(goal.values))
    count = int((~goal.close(given)).sum())
    if sizes.met_by(np.abs(given)):
        return f"In {count} of {given.size} entries the sign is the wrong way round."
    if count == given.size:
        return f"None of the {count} entries is right."
    return f"{_of(count, given.size)} wrong."


def _of(count: int, size: int) -> str:
    return f"{count} of {size} entries {'is' if count == 1 else 'are'}"


def _plain(answer: Any) -> Any:
    if isinstance(answer, torch.Tensor):
        answer = answer.detach().cpu()
        return (answer if answer.is_complex() else answer.double()).resolve_conj().numpy()
    if isinstance(answer, list | tuple):
        return [_plain(part) for part in answer]
    return answer


def _kind(answer: Any) -> str:
    names = {"str": "text", "dict": "a dictionary", "function": "a function", "list": "a list", "NoneType": "None"}
    name = type(answer).__name__
    return names.get(name, name)
