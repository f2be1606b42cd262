"""A copy of a network to be measured in its place, and what cannot be measured."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parameter import is_lazy

from lop_tutorial.geometry.eval_mode import copy_of

_QUANTISED = re.compile(r"\b(quantized|qat|fake_quantize|torchao|bitsandbytes)\b")


def copy_to_measure(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy in evaluation mode whose weights are of `dtype`, or complex of that precision, and need no gradient.

    Raises a ValueError for a network without a Jacobian that PyTorch could compute: quantised or scripted modules,
    lazy ones before their first batch, batch normalisation without running statistics.
    """
    kind = type(network).__name__
    for name, module in network.named_modules():
        reason = _refusal(module)
        if reason:
            raise ValueError(f"{type(module).__name__} {name!r} {reason}")
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


def _refusal(module: nn.Module) -> str | None:
    """Why this module, without its children, has no Jacobian here."""
    if isinstance(module, torch.jit.ScriptModule):
        return "is scripted; measure the module that it was made from"
    tensors = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    if _QUANTISED.search(type(module).__module__) or any(tensor.is_quantized for tensor in tensors):
        return "is quantised and has no derivative; measure the network before it was quantised"
    if any(is_lazy(tensor) for tensor in tensors):
        return "has no weights yet; run the network on a batch once, then measure"
    if isinstance(module, _BatchNorm) and module.running_mean is None:
        return (
            "keeps no running statistics: each sample's output depends on the others, and there is no Jacobian of one "
            "sample. Make it with track_running_stats=True"
        )
    return None


def _differs_in_training(module: nn.Module) -> bool:
    if isinstance(module, _NormBase):
        return module.track_running_stats
    if isinstance(module, nn.MultiheadAttention | nn.RNNBase):
        return module.dropout > 0
    return isinstance(module, nn.RReLU) or (isinstance(module, _DropoutNd) and module.p > 0)


def _tensors(network: nn.Module) -> Iterable[Tensor]:
    yield from network.parameters()
    yield from network.buffers()
