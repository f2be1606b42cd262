"""Frozen units: hidden units through which no gradient passes, because their activation function is flat there.

Joudaki et al. (2025, arXiv 2510.00304) call a unit frozen if the derivative of its activation function is zero at every
input met: the gradient of its incoming weights is then zero, and gradient descent leaves them where they are. Their
code calls a unit of tanh so where the derivative is below 1e-3 on more than 95 % of samples; these are the defaults
here, for every activation function. A dead ReLU is frozen, and so is a tanh that is stuck at 1 or -1, which
`dead_units` does not see. A *unit* of a convolution is one map, and its positions count as further samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lop_tutorial.geometry.activations import hidden_activations
from lop_tutorial.geometry.inputs import must_lie
from lop_tutorial.geometry.measurable import must_be_module


def hidden_slopes(
    network: nn.Module, x: Float[Tensor, "batch *shape"], layers: Sequence[str] | None = None
) -> dict[str, Float[Tensor, "batch unit *positions"]]:
    """The derivatives of the activation functions at their inputs, by layer, in the order of use.

    Layers are those of `hidden_activations`, which raises the errors; each must act on every number by itself.
    """
    must_be_module(network)
    modules, met = dict(network.named_modules()), []

    def look(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        met.append((module, inputs[0].detach().clone()))

    names = list(hidden_activations(network, x, layers))
    handles = [modules[name].register_forward_pre_hook(look) for name in names if ":" not in name]
    try:
        hidden_activations(network, x, layers)
    finally:
        for handle in handles:
            handle.remove()
    return {name: _slope(*place) for name, place in zip(names, met, strict=True)}


def _slope(function: nn.Module, at: Tensor) -> Tensor:
    with torch.enable_grad():
        at = at.requires_grad_()
        return torch.autograd.grad(function(at.clone()).sum(), at)[0]


def frozen_units(
    slopes: Float[Tensor, "batch unit *positions"], tolerance: float = 1e-3, share: float = 0.95
) -> Bool[Tensor, " unit"]:
    """Where |slope| <= `tolerance` on more than a `share` of samples and positions.

    With tolerance 0 and a share just below 1 it is the definition of the paper, with the defaults that of its code.
    ValueError for slopes without units or samples, and for NaN or inf.
    """
    must_lie("tolerance", tolerance, 0)
    must_lie("share", share, 0, 1)
    if slopes.ndim < 2 or not slopes.numel():
        raise ValueError(f"slopes have the shape {list(slopes.shape)}; it must be (batch, units, ...)")
    if not slopes.isfinite().all():
        raise ValueError("slopes hold NaN or inf; has the network diverged?")
    flat = slopes.abs() <= tolerance
    return flat.movedim(1, 0).flatten(1).double().mean(dim=1) > share


def frozen_share(network: nn.Module, x: Float[Tensor, "batch *shape"], layers: Sequence[str] | None = None) -> float:
    """The share of all hidden units that are frozen on `x`, in [0, 1]."""
    masks = [frozen_units(slopes) for slopes in hidden_slopes(network, x, layers).values()]
    return float(torch.cat(masks).double().mean())
