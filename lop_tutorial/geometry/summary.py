"""Exponents summed up, and how a task changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.geometry.inputs import must_lie

Place = TypeVar("Place", int, tuple[int, int])
_SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Summary:
    """Exponents, or changes of them. None is dropped: those that are not finite are counted."""

    count: int
    minus_infinity: int
    """Jacobians of zero; of changes, those that became zero."""
    plus_infinity: int
    """Only of changes: Jacobians that were zero and are no longer."""
    undefined: int
    """NaN: Jacobians that are not finite; of changes also those that were zero and still are."""
    mean: float
    """Of those that are finite; NaN if none is."""
    quantiles: dict[float, float]
    """Share of exponents that lie at or below, to exponent. Infinite ones take part, undefined ones do not."""

    @property
    def share_of_minus_infinity(self) -> float:
        return self.minus_infinity / self.count


def summary(exponents: Float[Tensor, "..."] | Mapping[Place, Float[Tensor, "..."]]) -> Summary:
    """Of all exponents in a tensor, or in all classes of what `within`, `between` or the changes below give."""
    parts = [exponents] if isinstance(exponents, Tensor) else list(exponents.values())
    if not sum(part.numel() for part in parts):
        raise ValueError("there are no exponents to sum up")
    values = torch.cat([part.flatten() for part in parts]).double().cpu()
    defined = values[~values.isnan()].sort().values
    # the nearest one: between -inf and a number there is nothing to interpolate
    places = {share: round(share * (len(defined) - 1)) for share in _SHARES}
    return Summary(
        count=len(values),
        minus_infinity=int((values == -torch.inf).sum()),
        plus_infinity=int((values == torch.inf).sum()),
        undefined=int(values.isnan().sum()),
        mean=values[values.isfinite()].mean().item(),
        quantiles={share: defined[place].item() if len(defined) else torch.nan for share, place in places.items()},
    )


def spread(exponents: Float[Tensor, "..."], share: float = 0.9) -> float:
    """The width of the interval that holds the middle `share` of the finite exponents; NaN where none is finite.

    Per layer, from 0 up. Exponents of minus infinity, Jacobians of zero, are left out: count them with `summary`.
    ValueError for a share outside [0, 1].
    """
    must_lie("share", share, 0, 1)
    finite = exponents[exponents.isfinite()].double().cpu()
    if not len(finite):
        return torch.nan
    low, high = finite.quantile(torch.tensor([(1 - share) / 2, (1 + share) / 2], dtype=torch.float64)).tolist()
    return high - low


def log_collapse(
    before: Mapping[int, Float[Tensor, " samples"]], after: Mapping[int, Float[Tensor, " samples"]]
) -> dict[int, Float[Tensor, " samples"]]:
    """log beta = lambda^{k,k}_trained - lambda^{k,k}_0 at each sample, from `within` before a task and after.

    Negative where training has squeezed a class (Wang et al. 2025). A Jacobian that became zero gives -inf, one that
    was zero and is no longer +inf, one that was and is NaN.
    """
    return _change(before, after)


def log_stretch(
    before: Mapping[tuple[int, int], Float[Tensor, "pairs points"]],
    after: Mapping[tuple[int, int], Float[Tensor, "pairs points"]],
) -> dict[tuple[int, int], Float[Tensor, "pairs points"]]:
    """log alpha = lambda^{k,k'}_trained - lambda^{k,k'}_0 at each point, from `between` before a task and after.

    Positive where training has pulled two classes apart (Wang et al. 2025). Infinite changes and NaN mean what they
    mean in `log_collapse`.
    """
    return _change(before, after)


def _change(before: Mapping[Place, Tensor], after: Mapping[Place, Tensor]) -> dict[Place, Tensor]:
    sizes = [{place: tuple(values.shape) for place, values in each.items()} for each in (before, after)]
    if sizes[0] != sizes[1]:
        raise ValueError(f"before and after are not of the same samples: {sizes[0]} against {sizes[1]}")
    return {place: after[place] - before[place] for place in before}
