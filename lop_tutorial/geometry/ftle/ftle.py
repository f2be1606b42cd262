"""Finite-time Lyapunov exponents: how much a network stretches a small change of its input, per layer."""

from __future__ import annotations

from typing import NamedTuple, TypedDict, Unpack

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from lop_tutorial.geometry.ftle.linearised import Function, exactly
from lop_tutorial.geometry.ftle.prepare import prepare


def ftle(
    network: nn.Module | Function,
    x: Shaped[Tensor, "batch *shape"],
    layer: str | None = None,
    k: int | None = 1,
    *,
    depth: int | None = None,
    method: str = "auto",
    tolerance: float = 1e-3,
    dtype: torch.dtype | None = None,
    chunk: int | None = None,
    seed: int = 0,
) -> Float[Tensor, "batch k"]:
    """The k leading exponents at each sample, largest first: lambda_i(x) = (1 / l) log sigma_i(d h_l / d x).

    sigma_i are the singular values of the Jacobian of layer l with respect to the input, both flattened; log is the
    natural logarithm (Storm et al. 2024). Positive: neighbours are pulled apart, by e^lambda a layer. A Jacobian of
    zero gives -inf, and so does a singular value that is nothing but rounding, at most 8 units in the last place of the
    largest. A sample whose Jacobian is not finite gives NaN.

    network: a module, or a function of x. A module is measured in evaluation mode and left as it is, whatever its mode.
        Of a function each sample's output must depend on that sample alone.
    x: (batch, *shape of one input), floating point.
    layer: the name of the module whose output is measured, as in `network.named_modules()`; "" is the whole network.
        Left out, it is `network.representation`.
    k: how many, or None for all of them.
    depth: l. Left out, it is `network.depth`, or the layers with weights on the longest way to the layer. For a
        function it must be given; depth=1 gives log sigma.
    method: "exact" forms each Jacobian; "lanczos" multiplies by it a few times; "auto" takes the faster.
    tolerance: of "lanczos": the chance that an exponent is too small by more than this is below 1e-4; but for rounding
        it is never too large. Samples for which that takes too long get the exact path.
    dtype: torch.float32 or torch.float64, in which all is computed, also within autocast. Left out, it is the widest of
        the input's and the weights', float32 at least.
    chunk: how many samples at a time. Left out, as many as pay off; either way fewer if memory runs out.
    seed: of the vectors that "lanczos" starts from.

    Raises ValueError or TypeError where a setting or an input makes no sense, and warns of a network in training mode
    whose evaluation mode differs.
    """
    with exactly():
        measured = prepare(
            network, x, layer, k, depth=depth, method=method, tolerance=tolerance, dtype=dtype, chunk=chunk, seed=seed
        )
        (values,) = measured.singular()
        return (values.log() / measured.depth).to(measured.x.dtype)


class FtleSettings(TypedDict, total=False):
    """What functions pass on to `ftle`, which describes it."""

    depth: int | None
    method: str
    tolerance: float
    dtype: torch.dtype | None
    chunk: int | None
    seed: int


class SingularVectors(NamedTuple):
    """Exponents and the directions that they belong to, unit vectors; zeros where the exponent is -inf or NaN."""

    ftle: Float[Tensor, "batch k"]
    left: Float[Tensor, "batch k outputs"]
    """Where the stretched directions lead to, in the layer's flattened output."""
    right: Float[Tensor, "batch k *shape"]
    """The directions of the input that are stretched."""


def singular_vectors(
    network: nn.Module | Function,
    x: Shaped[Tensor, "batch *shape"],
    layer: str | None = None,
    k: int | None = 1,
    **settings: Unpack[FtleSettings],
) -> SingularVectors:
    """The k leading exponents at each sample with their left and right singular vectors: J right_i = sigma_i left_i.

    Settings are those of `ftle`, but that `tolerance` is 1e-4 where it is left out. A vector is defined up to its sign,
    and those of equal exponents up to a rotation among them. Of "lanczos", vectors of exponents that lie closer than
    the tolerance may be mixtures.
    """
    with exactly():
        measured = prepare(network, x, layer, k, **({"tolerance": 1e-4} | settings))
        values, left, right = measured.singular(vectors=True)
        left, right = (vectors.where(values[:, :, None] > 0, 0.0) for vectors in (left, right))
        exponents = (values.log() / measured.depth).to(measured.x.dtype)
        return SingularVectors(exponents, left, right.unflatten(2, measured.x.shape[1:]))


def layers_up_to(network: nn.Module, x: Shaped[Tensor, "batch *shape"], layer: str | None = None) -> int:
    """l, by which `ftle` divides where no depth is given.

    It is `network.depth` for the representation. Up to a named layer, it is the number of layers on the longest way:
    linear layers, convolutions and blocks of attention count once each time they run, as modules or as functions
    (`torch.nn.functional.linear`), and so do products with a parameter and recurrent cells; `nn.RNN`, `nn.LSTM` and
    `nn.GRU` count their `num_layers`. Layers side by side, as a convolution on a shortcut, are not added up. ValueError
    where it is open what counts: a product with a matrix that is no parameter, a cell that runs more than once.
    """
    with exactly():
        return prepare(network, x[:1], layer, 1).depth
