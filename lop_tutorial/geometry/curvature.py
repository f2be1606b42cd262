"""The curvature of a loss in a network's weights: leading eigenvalues of its Hessian, and how many matter.

Lyle et al. (2023) and Lewandowski et al. (2023) look here for why networks stop learning. The Hessian is that of
`loss(network)` with respect to all parameters that need a gradient, in evaluation mode and in the network's own
precision; in float32 its products are good to some 1e-6 of the largest eigenvalue. With ReLU it is the Hessian almost
everywhere, without the kinks. It is never formed, except for networks so small that this costs less. Others measure
the Gauss-Newton matrix, the Fisher matrix or the Gram matrix of the samples' gradients in its place, whose ranks and
eigenvalues differ.

Networks are left as they were. Raises a ValueError for a loss that is not one number or holds NaN, and for complex
weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.geometry.eigenvalues import Product, all_eigenvalues, leading_eigenvalues, spectral_quadrature
from lop_tutorial.geometry.measurable import must_have_weights
from lop_tutorial.geometry.norms import Objective, gradients, trainable
from lop_tutorial.geometry.rank import count_to_share
from lop_tutorial.seeds import torch_generator


def hessian_product(network: nn.Module, loss: Objective) -> tuple[Product, int]:
    """A function that multiplies a float64 vector with the Hessian at the present weights, and the Hessian's size.

    The gradient is computed once; each product differentiates it once more (Pearlmutter 1994). The function is good
    only while the weights stay as they are.
    """
    must_have_weights(network, real=True)
    parameters = trainable(network)
    gradient = torch.cat([g.flatten() for g in gradients(network, loss, again=True)])
    if not gradient.isfinite().all():
        raise ValueError("the gradient holds NaN or inf; has the network diverged?")

    def product(vector: Tensor) -> Tensor:
        if not gradient.requires_grad:  # the loss is linear in the weights
            return torch.zeros_like(vector)
        with fp32_precision():
            along = gradient @ vector.to(gradient.dtype)
            columns = torch.autograd.grad(along, parameters, retain_graph=True, materialize_grads=True)
        return torch.cat([column.flatten() for column in columns]).to(vector.dtype)

    return product, len(gradient)


def hessian_eigenvalues(
    network: nn.Module,
    loss: Objective,
    k: int = 1,
    *,
    which: str = "largest",
    tolerance: float = 1e-4,
    max_restarts: int = 300,
    seed: int = 0,
) -> Float[Tensor, " k"]:
    """The k leading eigenvalues, in order, each as often as it occurs; by default the largest, the sharpness.

    `which` is "largest", "smallest" (the most negative curvature) or "magnitude". Each is off by at most about
    `tolerance` times the largest |eigenvalue|, mostly by far less. Units: loss per squared weight. `seed` fixes the
    random start. Raises a RuntimeError where ARPACK has not converged after `max_restarts` restarts.
    """
    product, size = hessian_product(network, loss)
    device = trainable(network)[0].device
    draw = torch_generator(seed, "curvature")
    return leading_eigenvalues(
        product, size, k, which=which, tolerance=tolerance, max_restarts=max_restarts, draw=draw, device=device
    )


@dataclass(frozen=True)
class Spectrum:
    """A Hessian's eigenvalues, or values with weights (sum 1) that stand for them where they are too many."""

    values: Float[Tensor, " n"]
    weights: Float[Tensor, " n"]
    size: int

    def rank(self, share: float = 0.99) -> float:
        """How many eigenvalues, largest |value| first, it takes to reach `share` of sum |value|; in [0, size].

        `approximate_rank` with power 1 of the Hessian. From a quadrature it is an estimate and no whole number.
        """
        if not 0 < share <= 1:
            raise ValueError(f"share is {share}; it must lie above 0 and not above 1")
        order = self.values.abs().argsort(descending=True)
        size, weight = self.values.abs()[order], self.weights[order]
        if len(size) == self.size:
            return float(count_to_share(size, share))
        reached = (size * weight).cumsum(dim=0)
        full = int((reached < share * reached[-1]).sum())  # nodes that are used up wholly, then a part of the next
        before = float(reached[full - 1]) if full else 0.0
        part = (share * float(reached[-1]) - before) / float(size[full]) if size[full] > 0 else 0.0
        return self.size * (float(weight[:full].sum()) + part)

    def count_above(self, relative: float = 1e-3) -> float:
        """How many eigenvalues have |value| > `relative` times the largest, the numerical rank; in [0, size]."""
        size = self.values.abs()
        return self.size * float(self.weights[size > relative * size.max()].sum())


def hessian_spectrum(
    network: nn.Module,
    loss: Objective,
    *,
    exact_up_to: int = 1000,
    probes: int = 2,
    steps: int = 250,
    seed: int = 0,
) -> Spectrum:
    """The whole spectrum: all eigenvalues up to that many weights, above it an estimate from probes x steps products.

    The estimate (`lop_tutorial.geometry.eigenvalues.spectral_quadrature`) is good to a few per cent down to eigenvalues
    of about 1/`steps` of the largest and crude below; `steps` help more than `probes`. Small eigenvalues are many, so
    `rank(0.99)` leans on them more than `rank(0.9)` does.
    """
    product, size = hessian_product(network, loss)
    device = trainable(network)[0].device
    if size <= exact_up_to:
        values = all_eigenvalues(product, size, device)
        return Spectrum(values, torch.full_like(values, 1 / size), size)
    draw = torch_generator(seed, "curvature")
    values, weights = spectral_quadrature(product, size, probes=probes, steps=steps, draw=draw, device=device)
    return Spectrum(values, weights, size)


def hessian_rank(
    network: nn.Module,
    loss: Objective,
    *,
    share: float = 0.99,
    exact_up_to: int = 1000,
    probes: int = 2,
    steps: int = 250,
    seed: int = 0,
) -> float:
    """`hessian_spectrum(...).rank(share)`: how many directions of weight space carry the curvature, in [0, size]."""
    spectrum = hessian_spectrum(network, loss, exact_up_to=exact_up_to, probes=probes, steps=steps, seed=seed)
    return spectrum.rank(share)
