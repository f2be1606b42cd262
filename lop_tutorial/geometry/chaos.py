"""Chaos made visible: how far two neighbours get apart layer by layer, and how often decisions change along a line."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn

from lop_tutorial.geometry.activations import hidden_activations
from lop_tutorial.geometry.eval_mode import copy_of, eval_mode
from lop_tutorial.geometry.inputs import must_be_fractional, must_be_real, must_lie
from lop_tutorial.geometry.measurable import fitted, must_be_module, must_have_weights, outputs_of
from lop_tutorial.geometry.probes import Extent, grid
from lop_tutorial.settings_given import must_be_whole


def separations(
    network: nn.Module,
    x: Float[Tensor, "batch *shape"],
    partner: Float[Tensor, "batch *shape"],
) -> Float[Tensor, "layer batch"]:
    """How far each input and its partner are apart: first the two themselves, then what each activation makes of them.

    Euclidean distances in float64, as a hair's breadth is below what float32 can tell. (1/l) log of the last over the
    first is the leading exponent, if the partner lies close by in the direction that is stretched most.
    """
    must_have_weights(network)
    must_be_real("x", x)
    must_be_real("partner", partner)
    exact = copy_of(network).double()
    layers = (list(hidden_activations(exact, each.double()).values()) for each in (x, partner))
    pairs = [(x.double(), partner.double()), *zip(*layers, strict=True)]
    return torch.stack([(one - other).flatten(1).norm(dim=1) for one, other in pairs])


@torch.no_grad()
def decision_changes(
    network: nn.Module,
    start: Float[Tensor, "batch *shape"],
    end: Float[Tensor, "batch *shape"],
    points: int = 200,
) -> Int64[Tensor, " batch"]:
    """How often the predicted class changes on the straight way from each start to its end, at `points` equal steps.

    A linear classifier of two classes changes its mind at most once on any line.
    """
    must_be_whole(1, points=points)
    must_be_module(network)
    must_be_fractional("start", start)
    must_be_fractional("end", end)
    start, end = fitted(network, start), fitted(network, end)
    share = torch.linspace(0, 1, points + 1, dtype=start.dtype, device=start.device)
    ways = torch.lerp(start[:, None], end[:, None], share.view(1, -1, *(1,) * (start.ndim - 1)))
    with eval_mode(network):
        decided = outputs_of(network, ways.flatten(0, 1)).argmax(dim=1).unflatten(0, ways.shape[:2])
    return (decided[:, 1:] != decided[:, :-1]).sum(dim=1)


class Plane(NamedTuple):
    """A plane in the space of inputs: an origin and two directions, orthogonal and of length 1."""

    origin: Float[Tensor, " inputs"]
    across: Float[Tensor, " inputs"]
    up: Float[Tensor, " inputs"]

    def at(self, places: Shaped[Tensor, "*grid 2"]) -> Float[Tensor, "*grid inputs"]:
        """The inputs at these coordinates in the plane."""
        return self.origin + places[..., :1] * self.across + places[..., 1:] * self.up

    def coordinates(self, x: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch 2"]:
        """Where inputs are, or, off the plane, the foot of their perpendicular."""
        return torch.stack([(x - self.origin) @ self.across, (x - self.origin) @ self.up], dim=-1)


def plane_through(corners: Float[Tensor, "3 inputs"]) -> Plane:
    """The plane through three inputs, its origin in their middle, its first axis along the way from the first to the
    second (Somepalli et al. 2022 look at decisions on such planes). ValueError if they lie on a line, or are not three.
    """
    must_be_fractional("corners", corners)
    if corners.ndim != 2 or len(corners) != 3:
        raise ValueError(f"corners have the shape {list(corners.shape)}; a plane goes through (3, inputs)")
    first, second, third = corners
    across = (second - first) / (second - first).norm()
    rest = (third - first) - ((third - first) @ across) * across
    if not rest.norm() > 1e-6 * (third - first).norm():
        raise ValueError("the three inputs lie on a line; choose others")
    return Plane(corners.mean(dim=0), across, rest / rest.norm())


@torch.no_grad()
def margins_on(
    network: nn.Module, plane: Plane, extent: Extent, resolution: int | tuple[int, int]
) -> Float[Tensor, "rows columns"]:
    """Logit of class 1 minus logit of class 0 at the points of `grid` on a plane; decisions change where it is 0."""
    places = grid(extent, resolution, plane.origin.device).to(plane.origin.dtype)
    with eval_mode(network):
        logits = outputs_of(network, plane.at(places).flatten(0, 1))
    return (logits[:, 1] - logits[:, 0]).unflatten(0, places.shape[:2])


def hair(
    x: Float[Tensor, "batch *shape"], direction: Float[Tensor, "batch *shape"], width: float = 1e-6
) -> Float[Tensor, "batch *shape"]:
    """Partners of x at this distance in the given directions, in float64."""
    must_lie("width", width, 0)
    lengths = direction.double().flatten(1).norm(dim=1).view(-1, *(1,) * (x.ndim - 1))
    return x.double() + width * direction.double() / lengths
