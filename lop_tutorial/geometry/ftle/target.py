"""What an exponent is measured of: a function of the input, and how many layers it passes."""

from __future__ import annotations

import warnings
from copy import deepcopy
from difflib import get_close_matches
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.dropout import _DropoutNd

from lop_tutorial.geometry.ftle.linearised import Function

_WITH_WEIGHTS = (nn.Linear, nn.Bilinear, _ConvNd, nn.MultiheadAttention, nn.RNNBase)


class Target(NamedTuple):
    """A function from (batch, *input shape) to (batch, ...), and l, how many layers with weights it passes."""

    function: Function
    depth: int


def module_of(network: nn.Module | Function) -> nn.Module | None:
    """The module that is measured, or whose method is."""
    owner = network if isinstance(network, nn.Module) else getattr(network, "__self__", None)
    return owner if isinstance(owner, nn.Module) else None


def target_of(
    network: nn.Module | Function, layer: str | None, depth: int | None, example: Tensor, dtype: torch.dtype
) -> Target:
    """What to measure, computing in `dtype`. Of a module a copy in evaluation mode: it is never touched itself.

    `example` is a batch of one input, on which layers are counted.
    """
    if depth is not None and depth < 1:
        raise ValueError(f"depth is {depth}; it must be at least 1, the number of layers up to the one measured")
    if not callable(network):
        raise TypeError(f"network is a {type(network).__name__}; it must be a torch module or a function of x")
    module = module_of(network)
    if module is None:
        return _function(network, layer, depth)
    copied = _copy(module, dtype)
    if module is network and layer is not None:
        return _layer(copied, layer, depth, example)
    method = "representation" if module is network else network.__name__
    if method != "representation":
        return _function(getattr(copied, method), layer, depth)
    if not (hasattr(module, "representation") and hasattr(module, "depth")):
        raise ValueError(
            f"{type(module).__name__} does not say which layer is its representation; name one, for example "
            f'layer={_names(module)[-1]!r} (layer="" is the output), or pass a function of x and depth'
        )
    return Target(copied.representation, depth or copied.depth)  # type: ignore[arg-type]


def run(function: Function, x: Tensor) -> Tensor:
    """function(x), with an error that tells what x has to be."""
    try:
        y = function(x)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"the network does not take a batch of inputs of shape {tuple(x.shape[1:])} ({x.dtype}, {x.device}). "
            f"x is (batch, *shape of one input). It says: {error}"
        ) from error
    if not isinstance(y, Tensor):
        raise TypeError(f"the output is a {type(y).__name__}; measure a function or a layer that gives one tensor")
    if y.ndim == 0 or len(y) != len(x):
        raise ValueError(f"the output has shape {tuple(y.shape)} for {len(x)} inputs; it must be (batch, ...) as x is")
    return y


def _function(function: Function, layer: str | None, depth: int | None) -> Target:
    if layer is not None:
        raise ValueError(f"layer is {layer!r}, but a function has no named layers; pass the module, or leave layer out")
    if depth is None:
        raise ValueError(
            "the layers of a function cannot be counted; pass depth, how many there are (depth=1 gives log sigma)"
        )
    return Target(function, depth)


def _layer(network: nn.Module, name: str, depth: int | None, example: Tensor) -> Target:
    kind, names = type(network).__name__, _names(network)
    if name not in names:
        near = get_close_matches(name, names, n=3, cutoff=0.4) or names[1:9]
        raise ValueError(f"{kind} has no layer {name!r}; near it are {', '.join(map(repr, near))}")
    output = _LayerOutput(network, name)
    with torch.no_grad():
        run(output, example)
    if depth is None and output.passed == 0:
        raise ValueError(f"no linear layer or convolution of {kind} runs up to {name!r}; pass depth, l itself")
    return Target(output, depth or output.passed)


def _names(network: nn.Module) -> list[str]:
    return [name for name, _ in network.named_modules()]


def _copy(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    kind = type(network).__name__
    for name, module in network.named_modules():
        if isinstance(module, _BatchNorm) and module.running_mean is None:
            raise ValueError(
                f"{type(module).__name__} {name!r} keeps no running statistics: each sample's output depends on the "
                "others, and there is no Jacobian of one sample. Make it with track_running_stats=True"
            )
    if any(module.training and _differs_in_training(module) for module in network.modules()):
        warnings.warn(
            f"{kind} is in training mode; exponents are those of its evaluation mode (running statistics, no dropout). "
            "network.eval() before measuring says so",
            stacklevel=5,
        )
    try:
        copied = deepcopy(network)
    except RuntimeError as error:
        raise ValueError(f"{kind} cannot be copied; pass a function of x and depth. It says: {error}") from error
    return copied.to(dtype).eval().requires_grad_(False)


def _differs_in_training(module: nn.Module) -> bool:
    if isinstance(module, _NormBase):
        return module.track_running_stats
    if isinstance(module, nn.MultiheadAttention | nn.RNNBase):
        return module.dropout > 0
    return isinstance(module, nn.RReLU) or (isinstance(module, _DropoutNd) and module.p > 0)


class _LayerOutput:
    """x to the output of a named layer, the last time that it runs.

    `passed` counts the layers with weights until then, in the order in which they run, those on shortcuts included.
    """

    def __init__(self, network: nn.Module, name: str) -> None:
        self.network, self.name = network, name
        self.passed = self._run = 0
        self._output: Any = None
        for module in network.modules():
            if isinstance(module, _WITH_WEIGHTS):
                module.register_forward_hook(self._count)
        network.get_submodule(name).register_forward_hook(self._keep)

    def __call__(self, x: Tensor) -> Tensor:
        self.passed, self._run, self._output = 0, 0, None
        self.network(x)
        output, self._output = self._output, None
        if not isinstance(output, Tensor):
            what = "does not run" if output is None else f"gives a {type(output).__name__}"
            raise TypeError(f"layer {self.name!r} {what} for this input; name one that gives a tensor")
        return output

    def _count(self, *_: Any) -> None:
        self._run += 1

    def _keep(self, module: nn.Module, inputs: Any, output: Any) -> None:
        # a copy: the next layer may overwrite the output in place
        self.passed, self._output = self._run, output.clone() if isinstance(output, Tensor) else output
