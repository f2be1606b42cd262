"""Ridges: whether exponents are larger on a network's decision boundary than away from it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from scipy.ndimage import distance_transform_edt
from torch import Tensor, nn

from lop_tutorial.geometry.probes import Extent, grid


class Ridge(NamedTuple):
    """Mean leading exponents on a boundary and away from it; NaN where there is no such place."""

    on: float
    away: float
    left_out: float
    """Share of the places on the boundary and away that no mean can take: -inf (a Jacobian of zero) and NaN."""

    @property
    def contrast(self) -> float:
        """How much larger exponents are on the boundary, per layer."""
        return self.on - self.away


@torch.no_grad()
def margin(network: nn.Module, extent: Extent, resolution: int | tuple[int, int]) -> Float[Tensor, "rows columns"]:
    """Logit of class 1 minus logit of class 0 all over a rectangle, at the points of `grid`.

    The network takes two numbers and tells two classes apart; it is taken as it is, in training mode or not.
    """
    weights = next(network.parameters(), None)
    points = grid(extent, resolution)
    points = points if weights is None else points.to(weights)
    logits = network(points.flatten(0, 1))
    if logits.shape[1:] != (2,):
        raise ValueError(f"the network's output has shape {tuple(logits.shape)}; a margin is between two logits")
    return (logits[:, 1] - logits[:, 0]).unflatten(0, points.shape[:2])


def boundary(margins: Float[Tensor, "rows columns"]) -> Bool[Tensor, "rows columns"]:
    """The cells that have a neighbour, left, right, above or below, for which the other class is chosen."""
    chosen, beside = margins > 0, torch.zeros_like(margins, dtype=torch.bool)
    up, across = chosen[1:] != chosen[:-1], chosen[:, 1:] != chosen[:, :-1]
    beside[1:] |= up
    beside[:-1] |= up
    beside[:, 1:] |= across
    beside[:, :-1] |= across
    return beside


def ridge(
    exponents: Float[Tensor, "_rows _columns"],
    margins: Float[Tensor, "_rows _columns"],
    extent: Extent,
    *,
    distance: float = 0.2,
) -> Ridge:
    """Mean exponent (of `field`) on the boundary that `margin` gives, and where it is farther than `distance` away.

    Places in between belong to neither. Exponents that are not finite are left out of the means, and counted.
    """
    if exponents.shape != margins.shape:
        raise ValueError(
            f"exponents have shape {tuple(exponents.shape)} and margins {tuple(margins.shape)}; "
            "ask for both at one extent and resolution"
        )
    if not distance > 0:
        raise ValueError(f"distance is {distance}; it must be above 0")
    left, right, bottom, top = extent
    rows, columns = margins.shape
    on = boundary(margins).cpu()
    if not on.any():
        return Ridge(torch.nan, torch.nan, 0.0)
    cell = ((top - bottom) / rows, (right - left) / columns)
    away = torch.from_numpy(distance_transform_edt(~on.numpy(), sampling=cell)) > distance
    values = exponents.double().cpu()
    finite = values.isfinite()
    taken = on | away
    return Ridge(
        values[on & finite].mean().item(),
        values[away & finite].mean().item(),
        (taken & ~finite).sum().item() / taken.sum().item(),
    )
