"""How many layers with weights lie one after the other in a pass, however they are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.conv import _ConvNd
from torch.overrides import TorchFunctionMode

_MODULES = (nn.Linear, nn.Bilinear, _ConvNd, nn.MultiheadAttention, nn.RNNBase, nn.RNNCellBase)

_CONVOLUTIONS = [f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)]
_FUNCTIONS = {
    getattr(functional, name) for name in ("linear", "bilinear", "multi_head_attention_forward", *_CONVOLUTIONS)
}
_MATRICES = ("matmul", "mm", "bmm", "mv", "addmm", "addmv", "addbmm", "baddbmm", "inner", "einsum", "tensordot")
_PRODUCTS = {getattr(place, name) for place in (torch, Tensor) for name in _MATRICES if hasattr(place, name)}
_PRODUCTS |= {Tensor.__matmul__, Tensor.__rmatmul__}
_RECURRENCES = {
    getattr(torch, name + end)
    for name in ("lstm", "gru", "rnn_tanh", "rnn_relu")
    for end in ("", "_cell")
    if hasattr(torch, name + end)
}


class LayerCount(TorchFunctionMode):
    """Counts, inside `with`, the layers with weights on the longest way from the input to the output of a named layer.

    Layers side by side, as a convolution on a shortcut or the branches of a block, are not added up. A linear layer, a
    convolution, a block of attention and a recurrent cell count once each time they run, as a module or as a function
    of `torch.nn.functional`; a module of several recurrent layers counts as many as it has, and a product with a
    parameter once. The input must require a gradient, by which activations are told from weights.
    """

    def __init__(self, network: nn.Module, layer: str) -> None:
        super().__init__()
        self._kind, self._layer = type(network).__name__, layer
        self._depths: dict[int, tuple[Tensor, int]] = {}  # by id; the tensor is kept, so that no other takes its id
        self._deepest = self._reached = self._inside = 0
        self._unclear: list[str] = []
        self._unclear_reached: list[str] = []
        self._cells: set[nn.Module] = set()
        self._parameters = {p.untyped_storage().data_ptr() for p in network.parameters()}
        self._handles = []
        for module in network.modules():
            if isinstance(module, _MODULES):
                self._handles += [
                    module.register_forward_pre_hook(self._enter),
                    module.register_forward_hook(self._leave),
                ]
        self._handles.append(network.get_submodule(layer).register_forward_hook(self._arrive))

    def remove(self) -> None:
        """Takes the hooks off the network."""
        for handle in self._handles:
            handle.remove()

    def depth(self) -> int:
        """How many layers there are; ValueError where there is none, or where it is open what counts as one.

        Open are products with a matrix that is neither a parameter nor depends on the input, and recurrent cells that
        run more than once, which may be one layer through time or many.
        """
        if self._unclear_reached:
            raise ValueError(
                f"the layers of {self._kind} up to {self._layer!r} cannot be counted: {self._unclear_reached[0]}; pass "
                "depth, l itself"
            )
        if not self._reached:
            raise ValueError(
                f"no linear layer or convolution of {self._kind} runs up to {self._layer!r}; pass depth, l itself"
            )
        return self._reached

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if not self._inside:
            given = [*args, *(kwargs or {}).values()]
            written = given[:1] if result is None else [result]  # what returns nothing, as x[0] = y, writes into x
            self._pass(given, written, self._layers_in(func, given))
        return result

    def _enter(self, *_: Any) -> None:
        self._inside += 1

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._inside -= 1
        if self._inside:
            return
        self._pass(inputs, [output], module.num_layers if isinstance(module, nn.RNNBase) else 1)
        if isinstance(module, nn.RNNCellBase):
            if module in self._cells:
                self._unclear.append(f"a {type(module).__name__} runs more than once")
            self._cells.add(module)

    def _arrive(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._reached, self._unclear_reached = self._depth_of([output]), list(self._unclear)

    def _pass(self, given: Sequence[Any], results: Sequence[Any], layers: int) -> None:
        depth = self._depth_of(given) + layers
        self._deepest = max(self._deepest, depth)
        for tensor in _tensors(results):
            self._depths[id(tensor)] = tensor, depth

    def _depth_of(self, given: Sequence[Any]) -> int:
        """Of the deepest of these tensors."""
        return max((self._known(tensor) for tensor in _tensors(given)), default=0)

    def _known(self, tensor: Tensor) -> int:
        """An activation that no function is seen to make lies behind all that ran before."""
        unseen = self._deepest if tensor.grad_fn is not None else 0
        return self._depths[id(tensor)][1] if id(tensor) in self._depths else unseen

    def _layers_in(self, func: Any, given: Sequence[Any]) -> int:
        if func in _FUNCTIONS:
            return 1
        if func in _RECURRENCES:
            self._unclear.append(f"torch.{func.__name__} runs as a function")
        if func not in _PRODUCTS:
            return 0
        tensors = list(_tensors(given))
        fixed = [tensor for tensor in tensors if tensor.ndim > 1 and not tensor.requires_grad]
        if not fixed or len(fixed) == len(tensors):
            return 0
        if all(tensor.untyped_storage().data_ptr() in self._parameters for tensor in fixed):
            return 1
        shape = " x ".join(map(str, fixed[0].shape))
        self._unclear.append(f"{func.__name__} multiplies by a matrix of {shape} that is no parameter")
        return 0


def _tensors(given: Iterable[Any]) -> Iterator[Tensor]:
    for one in given:
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, list | tuple):
            yield from _tensors(one)
