"""Where exponents are measured: at samples of a class, on the way from one class to another, and all over a plane."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Unpack

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from lop_tutorial.geometry.ftle import ftle
from lop_tutorial.geometry.ftle.ftle import FtleSettings
from lop_tutorial.geometry.ftle.linearised import Function
from lop_tutorial.geometry.inputs import must_be_fractional, must_be_real
from lop_tutorial.seeds import torch_generator
from lop_tutorial.settings_given import must_be_whole

Extent = tuple[float | int, float | int, float | int, float | int]
"""A rectangle: (left, right, bottom, top), as matplotlib has it."""


class ProbeSettings(FtleSettings, total=False):
    """What all probes pass on to `ftle`, which describes it."""

    layer: str | None


def within(
    network: nn.Module | Function,
    x: Shaped[Tensor, "batch *shape"],
    y: Shaped[Tensor, " batch"],
    **settings: Unpack[ProbeSettings],
) -> dict[int, Float[Tensor, " samples"]]:
    """lambda^{k,k}: the leading exponents at the samples of each class k, in the order of x."""
    _check_labels(x, y)
    exponents = ftle(network, x, **settings)[:, 0]
    return {label: exponents[y.to(x.device) == label] for label in _labels(y)}


def between(
    network: nn.Module | Function,
    x: Shaped[Tensor, "batch *shape"],
    y: Shaped[Tensor, " batch"],
    *,
    classes: Iterable[tuple[int, int]] | None = None,
    pairs: int = 100,
    points: int = 9,
    **settings: Unpack[ProbeSettings],
) -> dict[tuple[int, int], Float[Tensor, "pairs points"]]:
    """lambda^{k,k'}: the leading exponents along segments from samples of class k to samples of class k'.

    The points are those of `segments`, the same ones whenever x, y and the seed are the same: before a task and after
    it. `classes` says which (k, k'); left out, it is every two classes, the smaller label first.
    """
    _check_labels(x, y)
    exponents = {}
    for k, other in combinations(_labels(y), 2) if classes is None else classes:
        places = segments(x, y, k, other, pairs=pairs, points=points, seed=settings.get("seed", 0))
        exponents[k, other] = ftle(network, places.flatten(0, 1), **settings)[:, 0].unflatten(0, places.shape[:2])
    if not exponents:
        raise ValueError(f"there is no pair of classes: y has the classes {_labels(y)}")
    return exponents


def segments(
    x: Shaped[Tensor, "batch *shape"],
    y: Shaped[Tensor, " batch"],
    k: int,
    other: int,
    *,
    pairs: int = 100,
    points: int = 9,
    seed: int = 0,
) -> Float[Tensor, "pairs points *shape"]:
    """Points at equal distances on segments between samples of two classes; the samples themselves are left out.

    Both ends of every pair are drawn at random, with replacement, from the seed and the two labels. With an odd number
    of points the middle one lies half way.
    """
    _check_labels(x, y)
    must_be_whole(1, pairs=pairs, points=points)
    draw, ends = torch_generator(seed, "between", str(k), str(other)), []
    for label in (k, other):
        of_class = (y == label).nonzero()[:, 0]
        if len(of_class) == 0:
            raise ValueError(f"class {label} has no sample; y has the classes {_labels(y)}")
        drawn = torch.randint(len(of_class), (pairs,), generator=draw)
        ends.append(x[of_class[drawn.to(of_class.device)].to(x.device)])
    share = torch.arange(1, points + 1, dtype=x.dtype, device=x.device) / (points + 1)
    return torch.lerp(ends[0][:, None], ends[1][:, None], share.view(1, -1, *(1,) * (x.ndim - 1)))


def grid(
    extent: Extent,
    resolution: int | tuple[int, int],
    device: torch.device | str = "cpu",
) -> Float[Tensor, "rows columns 2"]:
    """The centres of the cells into which a rectangle (left, right, bottom, top) is divided.

    `resolution` is (rows, columns), or one number for both. Row 0 is the lowest, as for matplotlib's
    `imshow(..., origin="lower", extent=extent)`; a point is (horizontal, vertical).
    """
    left, right, bottom, top = extent
    rows, columns = (resolution, resolution) if isinstance(resolution, int) else resolution
    if not (left < right and bottom < top):
        raise ValueError(
            f"extent is {extent}; it must be (left, right, bottom, top) with left < right and bottom < top"
        )
    if rows < 1 or columns < 1:
        raise ValueError(f"resolution is {resolution}; there must be at least one row and one column")
    across = left + (torch.arange(columns, device=device) + 0.5) * (right - left) / columns
    up = bottom + (torch.arange(rows, device=device) + 0.5) * (top - bottom) / rows
    return torch.stack(torch.meshgrid(across, up, indexing="xy"), dim=-1)


def field(
    network: nn.Module | Function,
    extent: Extent,
    resolution: int | tuple[int, int],
    **settings: Unpack[ProbeSettings],
) -> Float[Tensor, "rows columns"]:
    """The leading exponent all over a rectangle of the plane, for a network of two inputs, at the points of `grid`."""
    weights = next(network.parameters(), None) if isinstance(network, nn.Module) else None
    points = grid(extent, resolution, "cpu" if weights is None else weights.device)
    return ftle(network, points.flatten(0, 1), **settings)[:, 0].unflatten(0, points.shape[:2])


def _labels(y: Tensor) -> list[int]:
    return [int(label) for label in y.unique()]


def _check_labels(x: Tensor, y: Tensor) -> None:
    must_be_fractional("x", x)
    must_be_real("y", y)
    if y.is_floating_point() or y.shape != x.shape[:1]:
        raise ValueError(
            f"y is {y.dtype} of shape {tuple(y.shape)}; it must hold one whole number for each of {len(x)} samples"
        )
