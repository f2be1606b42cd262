"""Activation functions whose derivative keeps its digits where they saturate.

PyTorch computes the derivative of y = tanh(x) as 1 - y^2. In float32 that is exactly 0 from |x| = 9.02 on, and before
it only a few digits are right; in float64 the same happens from |x| = 19. The derivatives here are right to the last
digits until they leave the range of floating-point numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu


def _tanh(x: Tensor) -> Tensor:
    """With the derivative 1 / cosh(x)^2."""
    at = x.detach()
    return _with_slope(torch.tanh(at), x, torch.cosh(at).reciprocal().square())


def _sigmoid(x: Tensor) -> Tensor:
    """With the derivative sigmoid(x) sigmoid(-x)."""
    at = x.detach()
    return _with_slope(torch.sigmoid(at), x, torch.sigmoid(at) * torch.sigmoid(-at))


def _gelu(x: Tensor) -> Tensor:
    """x Phi(x), with the derivative Phi(x) + x phi(x); Phi(x) = erfc(-x / sqrt 2) / 2."""
    at = x.detach()
    density = (-at.square() / 2).exp() / math.sqrt(2 * math.pi)
    return _with_slope(gelu(at), x, torch.special.erfc(-at * math.sqrt(0.5)) / 2 + at * density)


def _with_slope(value: Tensor, x: Tensor, slope: Tensor) -> Tensor:
    """`value`, whose first derivative with respect to x is `slope` in every mode of differentiation."""
    return value + ((x - x.detach()) * slope).where(x.isfinite(), 0.0)


def _in_place(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda x: x.copy_(function(x.clone()))


_BY_NAME = {"tanh": _tanh, "sigmoid": _sigmoid}

WITH_EXACT_SLOPES: dict[Any, Callable[[Tensor], Tensor]] = {
    **{getattr(place, name): own for place in (torch, Tensor) for name, own in _BY_NAME.items()},
    **{getattr(place, name + "_"): _in_place(own) for place in (torch, Tensor) for name, own in _BY_NAME.items()},
    torch.special.expit: _sigmoid,
    gelu: _gelu,
}
"""What takes the place of which function of PyTorch, where that is called with a real tensor and nothing else."""
