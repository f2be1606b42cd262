"""A function linearised at every sample of a batch at once: f(x + dx) = f(x) + J dx.

The samples of a batch do not see one another, so one pass through the network multiplies each sample's Jacobian by a
vector of its own: backwards for J^T u, and once more backwards through that for J v.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd import forward_ad, grad
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.geometry.eval_mode import eager
from lop_tutorial.geometry.ftle.convolution import CONVOLUTIONS, convolve
from lop_tutorial.geometry.ftle.slopes import WITH_EXACT_SLOPES

Function = Callable[[Tensor], Tensor]


class _OwnDerivatives(TorchFunctionMode):
    """Inside, saturating activation functions have the derivatives of this package, and convolutions where `lean`."""

    def __init__(self, *, lean: bool) -> None:
        super().__init__()
        self._convolutions = CONVOLUTIONS if lean else ()

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in self._convolutions:
            return convolve(func, *args, **kwargs)
        exact = WITH_EXACT_SLOPES.get(func)
        if exact and len(args) == 1 and kwargs in ({}, {"approximate": "none"}) and args[0].is_floating_point():
            return exact(args[0])
        return func(*args, **kwargs)


class Linearised:
    """J of each sample of x (batch, *shape), outputs and inputs flattened. Use it inside `exactly()`."""

    def __init__(self, function: Function, x: Float[Tensor, "batch *shape"], *, both_ways: bool = True) -> None:
        self._function = function
        self._x = x.detach().clone().requires_grad_()
        self._y = self._run(self._x)
        self._both_ways, self._twice = both_ways, True
        self._backwards: tuple[Tensor, Tensor] | None = None

    @property
    def outputs(self) -> int:
        return self._y.shape[1]

    @property
    def depends(self) -> bool:
        """Whether there is anything to differentiate."""
        return self._y.requires_grad

    def vjp(self, u: Float[Tensor, "batch outputs"]) -> Float[Tensor, "batch inputs"]:
        """J^T u for each sample."""
        if self._both_ways and self._backwards is None:
            return self._vjp_to_differentiate(u).flatten(1)
        return grad(self._y, self._x, u, retain_graph=True, materialize_grads=True)[0].flatten(1)

    def jvp(self, v: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch outputs"]:
        """J v for each sample: J^T u is linear in u, and its derivative with respect to u is J.

        Where something in the function can be differentiated only once, another pass forwards takes v along.
        """
        v = v.reshape(self._x.shape)
        if self._twice:
            try:
                return self._jvp_backwards(v)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError:
                self._twice = False
        _load_forward_rules()
        with torch.no_grad(), forward_ad.dual_level():
            dual = forward_ad.make_dual(self._x.detach(), v)
            change = forward_ad.unpack_dual(self._run(dual, backwards=False)).tangent
            return torch.zeros_like(self._y) if change is None else change

    def agree(self) -> bool:
        """Whether J and J^T belong together, as they do not where a function's derivative is not what it says."""
        u, v = (torch.ones_like(side).cumsum(1).cos() for side in (self._y, self._x.flatten(1)))  # any two will do
        forwards, backwards = u * self.jvp(v), v * self.vjp(u)
        size = forwards.abs().sum(dim=1) + backwards.abs().sum(dim=1)
        return not bool(((forwards.sum(dim=1) - backwards.sum(dim=1)).abs() > 1e-3 * size).any())

    def _run(self, x: Tensor, *, backwards: bool = True) -> Tensor:
        with _OwnDerivatives(lean=backwards):  # lean convolutions have no derivative forwards
            return self._function(x.clone()).reshape(len(x), -1)  # of a copy, as the function may overwrite its input

    def _vjp_to_differentiate(self, u: Float[Tensor, "batch outputs"]) -> Float[Tensor, "batch *shape"]:
        u = u.detach().clone().requires_grad_()
        self._backwards = u, grad(self._y, self._x, u, create_graph=True, materialize_grads=True)[0]
        return self._backwards[1].detach()

    def _jvp_backwards(self, v: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch outputs"]:
        if self._backwards is None:
            self._vjp_to_differentiate(torch.zeros_like(self._y))
        u, pulled = self._backwards  # type: ignore[misc]
        if not pulled.requires_grad:
            return torch.zeros_like(u)
        return grad(pulled, u, v, retain_graph=True, materialize_grads=True)[0]


@contextmanager
def exactly() -> Iterator[None]:
    """Inside, derivatives can be taken and arithmetic has the precision of its numbers.

    Gradients are on, even under `no_grad` and `inference_mode`; autocast is off, and so are TF32 and the other formats
    that PyTorch may put in float32's place. Attention is computed in the form that can be differentiated twice, and
    what `torch.compile` made runs as it was written.
    """
    with (
        fp32_precision("ieee"),
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
        sdpa_kernel(SDPBackend.MATH),
        eager(),
    ):
        yield


@cache
def _load_forward_rules() -> None:
    """PyTorch loads rules for derivatives forwards at their first use, by means that it warns of itself: no news."""
    with warnings.catch_warnings(), forward_ad.dual_level():
        warnings.simplefilter("ignore")
        forward_ad.make_dual(torch.zeros(1), torch.zeros(1))
