"""Dead, inactive and dormant units: which hidden units have stopped taking part.

The activations of a layer go in as (batch, units, positions...), after its activation function. A *unit* of a
convolution is one map: its activations at all positions count as if they were further samples. Three definitions,
each a mask over units:

- `dead_units`: zero on every sample (Dohare et al. 2024 on Online Permuted MNIST).
- `inactive_units`: other than zero on fewer than 1 % of samples (Dohare et al. on Incremental CIFAR-100, whose code
  calls them dormant).
- `dormant_units`: of a mean size at most tau times that of the layer (Sokar et al. 2023).

Other public codes count as dead a unit whose *signed* mean is zero, one that is zero on a single batch of a few dozen
samples, one that no gradient reaches, a saturated tanh, or one with small outgoing weights; some count every position
of a map as a unit of its own, or take outputs before the activation function. A unit of tanh or GELU is hardly ever
exactly zero: there only `dormant_units`, or a `tolerance`, says something, and nothing here sees a tanh that is stuck
at 1.

Raises a ValueError for activations without units or samples, for NaN or inf, and for a tolerance, share or tau that is
negative or NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor, nn

from lop_tutorial.geometry.activations import hidden_activations
from lop_tutorial.geometry.inputs import must_be_real, must_lie
from lop_tutorial.geometry.scale import near_one


def dead_units(activations: Float[Tensor, "batch unit *positions"], tolerance: float = 0.0) -> Bool[Tensor, " unit"]:
    """Where |h| <= `tolerance` for all samples and positions."""
    must_lie("tolerance", tolerance, 0)
    return by_unit(activations).abs().amax(dim=1) <= tolerance


def inactive_units(
    activations: Float[Tensor, "batch unit *positions"], share: float = 0.01, tolerance: float = 0.0
) -> Bool[Tensor, " unit"]:
    """Where |h| > `tolerance` holds for less than a `share` of samples and positions."""
    must_lie("share", share, 0, 1)
    must_lie("tolerance", tolerance, 0)
    return (by_unit(activations).abs() > tolerance).double().mean(dim=1) < share


def dormancy_scores(activations: Float[Tensor, "batch unit *positions"]) -> Float[Tensor, " unit"]:
    """mean|h_i| / mean_k mean|h_k| (Sokar et al. 2023, eq. 1): from 0 to the number of units, on average 1.

    The means go over samples and positions, that over k over the units of the layer. In a layer that is zero throughout
    every score is 0.
    """
    size = near_one(by_unit(activations))[0].abs().mean(dim=1)
    return size / size.mean() if size.any() else size


def dormant_units(activations: Float[Tensor, "batch unit *positions"], tau: float = 0.025) -> Bool[Tensor, " unit"]:
    """Where the `dormancy_scores` are at most `tau`. At tau = 0 the same as `dead_units`."""
    must_lie("tau", tau, 0)
    return dormancy_scores(activations) <= tau


class UnitShares(NamedTuple):
    """Shares of all hidden units of a network, in [0, 1]: large layers count for more than small ones."""

    units: int
    dead: float
    inactive: float
    dormant: float


def unit_shares(
    network: nn.Module, x: Float[Tensor, "batch *shape"], layers: Sequence[str] | None = None, tau: float = 0.025
) -> UnitShares:
    """Counts over the hidden layers (`hidden_activations`), divided by the number of their units."""
    must_lie("tau", tau, 0)
    outputs = hidden_activations(network, x, layers).values()
    units = sum(output.shape[1] for output in outputs)
    dead, inactive, dormant = (
        sum(int(mask.sum()) for mask in masks) / units
        for masks in (
            [dead_units(output) for output in outputs],
            [inactive_units(output) for output in outputs],
            [dormant_units(output, tau) for output in outputs],
        )
    )
    return UnitShares(units, dead, inactive, dormant)


def by_unit(activations: Tensor) -> Float[Tensor, "unit samples"]:
    """One row a unit, with every sample and position in it, in float64."""
    must_be_real("activations", activations)
    if activations.ndim < 2 or not activations.numel():
        raise ValueError(f"activations have the shape {list(activations.shape)}; it must be (batch, units, ...)")
    if not activations.isfinite().all():
        raise ValueError("activations hold NaN or inf; has the network diverged?")
    return activations.detach().double().movedim(1, 0).flatten(1)
