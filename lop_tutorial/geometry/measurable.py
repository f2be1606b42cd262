"""What measures take: networks that have weights to look at, and inputs in the precision of these weights."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parameter import is_lazy

from lop_tutorial.geometry.inputs import must_be_real

_QUANTISED = re.compile(r"\b(quantized|qat|fake_quantize|torchao|bitsandbytes)\b")


def must_be_module(network: object) -> None:
    """TypeError unless it is a torch module."""
    if not isinstance(network, nn.Module):
        raise TypeError(f"network is of type {type(network).__name__}; it must be a torch module")


def must_have_weights(network: nn.Module, *, real: bool = False) -> None:
    """ValueError for quantised modules and lazy ones before their first batch, by name; TypeError for no module.

    Their weights are in no parameter, or not there yet. With `real` also for complex weights.
    """
    refuse(network, without_weights, *((with_complex_weights,) if real else ()))


def must_show_layers(network: nn.Module) -> None:
    """ValueError for scripted modules, whose layers cannot be looked into; TypeError for no module."""
    refuse(network, scripted)


def must_have_gradients(network: nn.Module) -> None:
    """ValueError, by name, for modules whose samples have no gradients of their own; TypeError for no module."""
    must_show_layers(network)
    must_have_weights(network, real=True)
    refuse(network, without_statistics)


def refuse(network: nn.Module, *reasons: Callable[[nn.Module], str | None]) -> None:
    """ValueError for the first module that any of the reasons holds against, by its name; TypeError for no module."""
    must_be_module(network)
    for name, module in network.named_modules():
        for reason in reasons:
            if said := reason(module):
                raise ValueError(f"{type(module).__name__} {name!r} {said}")


def with_complex_weights(module: nn.Module) -> str | None:
    """Which weights of this module, without its children, are complex."""
    for of, weights in module.named_parameters(recurse=False):
        if weights.is_complex():
            return f"has complex weights, {of!r}; this measures networks of real ones"
    return None


def without_weights(module: nn.Module) -> str | None:
    """Why this module, without its children, has no weights as numbers; None where it has them, or needs none."""
    tensors = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    if _QUANTISED.search(type(module).__module__) or any(tensor.is_quantized for tensor in tensors):
        return "is quantised and has no derivative; measure the network before it was quantised"
    if any(is_lazy(tensor) for tensor in tensors):
        return "has no weights yet; run the network on a batch once, then measure"
    return None


def scripted(module: nn.Module) -> str | None:
    """What is wrong with a module that `torch.jit` made."""
    if isinstance(module, torch.jit.ScriptModule):
        return "is scripted; measure the module that it was made from"
    return None


def without_statistics(module: nn.Module) -> str | None:
    """What is wrong with batch normalisation that takes the batch's own statistics in evaluation mode as well."""
    if isinstance(module, _BatchNorm) and module.running_mean is None:
        return (
            "keeps no running statistics: each sample's output depends on the others, and no sample has derivatives of "
            "its own. Make it with track_running_stats=True"
        )
    return None


def fitted(network: nn.Module, x: Tensor) -> Tensor:
    """A copy of x; floating-point numbers in the precision of the network's weights, if they have one precision."""
    must_be_real("x", x)
    given, precisions = x.clone(), {p.dtype for p in network.parameters() if p.is_floating_point()}
    return given.to(precisions.pop()) if x.is_floating_point() and len(precisions) == 1 else given


def outputs_of(network: nn.Module, x: Tensor) -> Tensor:
    """What the network makes of a batch, one row a sample; ValueError or TypeError where it does not take it."""
    must_be_real("x", x)
    kind = type(network).__name__
    if x.ndim < 2 or not len(x):
        raise ValueError(f"x has the shape {list(x.shape)}; it must be (batch, *shape of one input), at least one")
    y = run_on(network, x)
    if not isinstance(y, Tensor) or y.ndim != 2 or len(y) != len(x):
        shape = list(y.shape) if isinstance(y, Tensor) else f"type {type(y).__name__}"
        raise TypeError(f"{kind} gives {shape} for {len(x)} inputs; it must give one tensor of (batch, outputs)")
    return y


def run_on(network: nn.Module, x: Tensor) -> object:
    """network(x), of a copy, as it may overwrite its input; ValueError that says what x has to be."""
    try:
        return network(fitted(network, x))
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        said = str(error).splitlines()[0]
        raise ValueError(
            f"{type(network).__name__} does not take inputs of shape {tuple(x.shape[1:])} ({x.dtype}, {x.device}); "
            f"x is (batch, *shape of one input), as in training. It says: {said}"
        ) from error
