"""What an exponent is measured of: a function of the input, and how many layers it passes."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lop_tutorial.geometry.ftle.copying import copy_to_measure
from lop_tutorial.geometry.ftle.depth import LayerCount
from lop_tutorial.geometry.ftle.linearised import Function


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
    copied = copy_to_measure(module, dtype)
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
    """function(x), with an error that tells what x has to be. Of a copy, as the function may overwrite its input."""
    try:
        y = function(x.clone())
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"the network does not take a batch of inputs of shape {tuple(x.shape[1:])} ({x.dtype}, {x.device}). "
            f"x is (batch, *shape of one input). It says: {error}"
        ) from error
    if not isinstance(y, Tensor):
        raise TypeError(f"the output is a {type(y).__name__}; measure a function or a layer that gives one tensor")
    if not y.is_floating_point():
        raise TypeError(
            f"the output is {y.dtype}; exponents are of real numbers: measure a layer before, or a function that gives "
            "the real and the imaginary part, as torch.view_as_real"
        )
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
    counted = LayerCount(network, name)
    with counted:
        run(output, example.clone().requires_grad_())
    counted.remove()
    return Target(output, depth or counted.depth())


def _names(network: nn.Module) -> list[str]:
    return [name for name, _ in network.named_modules()]


class _LayerOutput:
    """x to the output of a named layer, the last time that it runs."""

    def __init__(self, network: nn.Module, name: str) -> None:
        self.network, self.name = network, name
        self._output: Any = None
        network.get_submodule(name).register_forward_hook(self._keep)

    def __call__(self, x: Tensor) -> Tensor:
        self._output = None
        self.network(x)
        output, self._output = self._output, None
        if not isinstance(output, Tensor):
            what = "does not run" if output is None else f"gives a {type(output).__name__}"
            raise TypeError(f"layer {self.name!r} {what} for this input; name one that gives a tensor")
        return output

    def _keep(self, module: nn.Module, inputs: Any, output: Any) -> None:
        # a copy: the next layer may overwrite the output in place
        self._output = output.clone() if isinstance(output, Tensor) else output
