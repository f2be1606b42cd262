"""Checks of arguments that all measures share, each with a message of one sentence."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def must_be_real(name: str, value: object) -> None:
    """TypeError unless it is a tensor; ValueError if it is sparse, or its numbers have imaginary parts to get lost."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} is of type {type(value).__name__}; it must be a tensor, torch.as_tensor makes one")
    must_be_dense(name, value)
    if value.is_complex():
        raise ValueError(f"{name} holds complex numbers; this measures real ones, take .real or .abs()")


def must_be_dense(name: str, value: Tensor) -> None:
    """ValueError for a tensor that is sparse, nested, or of shapes alone."""
    if value.is_nested:
        raise ValueError(f"{name} is a nested tensor; this measures dense ones, torch.stack makes one of equal parts")
    if value.layout != torch.strided:
        raise ValueError(f"{name} is a sparse tensor; this measures dense ones, {name}.to_dense() makes one")
    if value.is_meta:
        raise ValueError(f"{name} is on the device meta, where tensors have no numbers; move what has some to the CPU")


def must_be_fractional(name: str, value: object) -> None:
    """TypeError unless it is a tensor of floating-point numbers: places between two whole numbers are wanted."""
    must_be_real(name, value)
    if not isinstance(value, Tensor) or not value.is_floating_point():
        dtype = getattr(value, "dtype", None)
        raise TypeError(f"{name} is {dtype}; it must be floating-point: {name}.float(), scaled as in training")


def must_lie(name: str, value: float | int, low: float | int, high: float | int = math.inf) -> None:
    """ValueError unless the number lies from `low` to `high`; NaN lies nowhere."""
    if not low <= value <= high:
        rule = f"from {low:g} to {high:g}" if math.isfinite(high) else f"a number from {low:g} up"
        raise ValueError(f"{name} is {value}; it must be {rule}")
