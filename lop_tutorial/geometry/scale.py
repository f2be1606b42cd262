"""Numbers of extreme size: whose squares would leave the range of floating-point numbers, or vanish."""

from __future__ import annotations

import math

from torch import Tensor


def near_one(values: Tensor) -> tuple[Tensor, int]:
    """The values in float64, divided by 2^e, and e: the largest then lies in [1/2, 1). Exact, as only exponents change.

    Values that are all 0, or hold NaN or inf, are left as they are, with e = 0.
    """
    values = values.detach().double()
    _, exponent = math.frexp(float(values.abs().max())) if values.numel() else (0.0, 0)
    return times_power(values, -exponent), exponent


def times_power(values: Tensor, exponent: int) -> Tensor:
    """values x 2^exponent, in steps, since the factor itself may be out of range."""
    while exponent:
        step = max(-1000, min(1000, exponent))
        values, exponent = values * 2.0**step, exponent - step
    return values
