"""What a task is given as examples: made right where that is safe, refused in one sentence where it is not."""

from __future__ import annotations

import torch
from torch import Tensor

WHOLE = (torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.bool)


def as_inputs(name: str, x: Tensor) -> Tensor:
    """Float32; ValueError unless it holds floating-point numbers that are finite, an example at the least."""
    _must_be_tensor(name, x)
    if not x.is_floating_point():
        way = "x.float() / 255 for bytes, else x.float()"
        raise ValueError(f"{name} holds {_kind(x)}; inputs are floating-point: write {way}")
    if x.ndim < 2:
        raise ValueError(f"{name} has shape {tuple(x.shape)}; it must be (examples, *shape of an input)")
    if not x.numel():
        raise ValueError(f"{name} is empty, of shape {tuple(x.shape)}; a task has at least one example of each kind")
    x = x.float()
    if x.device.type == "cpu" and not x.isfinite().all():  # elsewhere it would wait for the device
        raise ValueError(f"{name} holds numbers that are NaN, infinite or too large for float32; leave those out")
    return x


def as_labels(name: str, y: Tensor, examples: int, outputs: int) -> Tensor:
    """Int64; ValueError unless there is a label of 0, 1, ..., outputs - 1 for each example."""
    _must_be_tensor(name, y)
    if y.dtype not in WHOLE:
        way = "y.argmax(1) for one-hot rows, else y.long()"
        raise ValueError(f"{name} holds {_kind(y)}; labels are whole numbers, one an example: write {way}")
    if tuple(y.shape) != (examples,):
        raise ValueError(f"{name} has shape {tuple(y.shape)}; it must be ({examples},), one label an example")
    y = y.long()
    if y.device.type == "cpu":
        low, high = int(y.min()), int(y.max())
        if low < 0 or high >= outputs:
            way = "torch.unique(y, return_inverse=True)[1] numbers classes anew"
            raise ValueError(f"{name} has labels from {low} to {high}; they must be from 0 to {outputs - 1}: {way}")
    return y


def _must_be_tensor(name: str, values: object) -> None:
    if not isinstance(values, Tensor):
        raise ValueError(f"{name} is of type {type(values).__name__}; it must be a tensor: torch.as_tensor makes one")
    if values.layout is not torch.strided:
        raise ValueError(f"{name} is sparse ({values.layout}); write {name}.to_dense()")


def _kind(values: Tensor) -> str:
    return str(values.dtype).removeprefix("torch.")
