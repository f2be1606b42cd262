"""A copy of a network to be measured in its place, and what cannot be measured."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from lop_tutorial.geometry.eval_mode import copy_of
from lop_tutorial.geometry.measurable import refuse, scripted, without_statistics, without_weights


def copy_to_measure(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy in evaluation mode whose weights are of `dtype`, or complex of that precision, and need no gradient.

    Raises a ValueError for a network without a Jacobian that PyTorch could compute: quantised or scripted modules,
    lazy ones before their first batch, batch normalisation without running statistics.
    """
    refuse(network, scripted, without_weights, without_statistics)
    kind = type(network).__name__
    if any(module.training and _differs_in_training(module) for module in network.modules()):
        warnings.warn(
            f"{kind} is in training mode; exponents are those of its evaluation mode (running statistics, no dropout). "
            "network.eval() before measuring says so",
            stacklevel=6,
        )
    try:
        copied = copy_of(network)
    except Exception as error:
        raise ValueError(
            f"{kind} cannot be copied; pass a function of x and depth. It says: {type(error).__name__}: {error}"
        ) from error
    for tensor in _tensors(copied):
        if tensor.is_floating_point() or tensor.is_complex():
            tensor.data = tensor.data.to(dtype.to_complex() if tensor.is_complex() else dtype)
    return copied.eval().requires_grad_(False)


def _differs_in_training(module: nn.Module) -> bool:
    if isinstance(module, _NormBase):
        return module.track_running_stats
    if isinstance(module, nn.MultiheadAttention | nn.RNNBase):
        return module.dropout > 0
    return isinstance(module, nn.RReLU) or (isinstance(module, _DropoutNd) and module.p > 0)


def _tensors(network: nn.Module) -> Iterable[Tensor]:
    yield from network.parameters()
    yield from network.buffers()
