"""The fast path: leading singular values from a few products with J and J^T (Golub and Kahan 1965).

All samples go on together until half of them are done; then the others go on by themselves. Values after the first are
the first ones of what is left: the same again, orthogonally to what was found.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

from lop_tutorial.geometry.ftle.jacobian import singular
from lop_tutorial.geometry.ftle.krylov import Krylov, Product
from lop_tutorial.geometry.ftle.linearised import Function, Linearised

DOUBT = 1e-4
"""The chance, at most, that a value is smaller than the true one by more than the tolerance."""


def leading(
    function: Function,
    x: Float[Tensor, "batch *shape"],
    starts: Float[Tensor, "batch k small"],
    *,
    by_rows: bool,
    tolerance: float,
    vectors: bool = False,
) -> tuple[tuple[Float[Tensor, "batch ..."], ...], Bool[Tensor, " batch"]]:
    """The k largest singular values of each sample's J, as `jacobian.singular` gives them, and which are certain.

    `starts` are independent random vectors, normally distributed, of the outputs (`by_rows`) or of the inputs,
    whichever are fewer. `tolerance` bounds the error of log sigma. Samples that are not certain have taken as many
    products as the exact path would.
    """
    k = starts.shape[1]
    found, certain = starts[:, :0], torch.ones(len(x), dtype=torch.bool, device=x.device)
    for rank in range(k):
        value, vector, sure = _first(function, x, starts[:, rank], found, by_rows, tolerance, k - rank)
        found, certain = torch.cat([found, vector[:, None]], dim=1), certain & sure
    if k == 1 and not vectors:
        return (value[:, None],), certain
    across, _ = _products(Linearised(function, x), by_rows)
    images = torch.stack([across(found[:, rank]) for rank in range(k)], dim=1)
    values, turn, others = singular(images, k, vectors=True)
    if not vectors:
        return (values,), certain
    own = turn @ found
    return (values, own, others) if by_rows else (values, others, own), certain


def _first(
    function: Function,
    x: Float[Tensor, "batch *shape"],
    start: Float[Tensor, "batch small"],
    found: Float[Tensor, "batch before small"],
    by_rows: bool,
    tolerance: float,
    wanted: int,
) -> tuple[Float64[Tensor, " batch"], Float[Tensor, "batch small"], Bool[Tensor, " batch"]]:
    """The largest singular value of J orthogonally to what was found, its vector, and whether it is certain."""
    values, vectors = torch.zeros_like(start[:, 0], dtype=torch.float64), torch.zeros_like(start)
    certain = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    going = torch.arange(len(x), device=x.device)
    krylov = Krylov(start, found)
    most = min(krylov.dimensions, max(16, start.shape[1] // 2))
    while len(going):
        across, back = _products(Linearised(function, x[going]), by_rows)
        done = certain[going]
        while krylov.steps < most and 2 * int(done.sum()) < len(going):
            krylov.step(across, back)
            done = krylov.doubt(tolerance, wanted) <= DOUBT
        stop = done if krylov.steps < most else torch.ones_like(done)
        value, vector = krylov.select(stop).leading()
        values[going[stop]], vectors[going[stop]], certain[going] = value, vector, done
        going, krylov = going[~stop], krylov.select(~stop)
    return values, vectors, certain


def _products(linear: Linearised, by_rows: bool) -> tuple[Product, Product]:
    """From the smaller side of J across, and back."""
    return (linear.vjp, linear.jvp) if by_rows else (linear.jvp, linear.vjp)
