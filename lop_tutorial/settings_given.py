"""Settings that are numbers: what they must be, said in one way everywhere."""

from __future__ import annotations

import math
from numbers import Integral, Real


def must_be_whole(low: int, **values: object) -> None:
    """ValueError for the first of `values` that is not a whole number from `low` up; True and False are none."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral) or value < low:
            raise ValueError(f"{name} is {value!r}; it must be a whole number from {low} up")


def must_be_number(low: float | int, high: float | int = math.inf, **values: object) -> None:
    """ValueError for the first of `values` that is no finite number from `low` to `high`; True and False are none."""
    for name, value in values.items():
        sound = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        if not (sound and low <= value <= high):  # type: ignore[operator]
            rule = f"finite number from {low} up" if high == math.inf else f"number from {low} to {high}"
            raise ValueError(f"{name} is {value!r}; it must be a {rule}")
