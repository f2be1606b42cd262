"""The exact path: each sample's whole Jacobian, and its singular values."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import one_hot, pad

from lop_tutorial.geometry.ftle.linearised import Function, Linearised


def jacobian(
    function: Function, x: Float[Tensor, "batch *shape"], *, by_rows: bool, copies: int = 1
) -> Float[Tensor, "batch outputs inputs"]:
    """J of each sample, by rows (one product with J^T for each output) or by columns (one with J for each input).

    Few samples are taken `copies` times in one pass, each copy for another line.
    """
    linear = Linearised(function, x.repeat_interleave(copies, dim=0), both_ways=not by_rows)
    lines, product = (linear.outputs, linear.vjp) if by_rows else (x[0].numel(), linear.jvp)
    parts = []
    for places in torch.arange(lines, device=x.device).split(copies):
        units = pad(one_hot(places, lines).to(x.dtype), (0, 0, 0, copies - len(places)))
        parts.append(product(units.repeat(len(x), 1)).unflatten(0, (len(x), copies))[:, : len(places)])
    matrix = torch.cat(parts, dim=1)
    return matrix if by_rows else matrix.mT


def singular(
    matrix: Float[Tensor, "batch outputs inputs"], k: int, *, vectors: bool = False
) -> tuple[Float[Tensor, "batch ..."], ...]:
    """The k largest singular values (batch, k), in float64, NaN where the matrix is not finite.

    With `vectors` also the left vectors (batch, k, outputs) and the right ones (batch, k, inputs). Values alone of a
    float32 matrix come from its square in float64: squaring costs half of the digits, and half of float64's are still
    more than float32 has. Those of a float64 matrix come from the matrix itself.
    """
    if not vectors and matrix.dtype != torch.float64:
        wide = matrix.double() if matrix.shape[1] <= matrix.shape[2] else matrix.mT.double()
        square = wide @ wide.mT
        broken = _broken(square)  # as the matrix is: a line's square is on the diagonal, and float64 holds all of them
        values = torch.linalg.eigvalsh(square.where(~broken[:, None], 0.0)).flip(1).clamp(min=0).sqrt()
        return (values[:, :k].where(~broken, math.nan),)
    broken = _broken(matrix)
    matrix = matrix.where(~broken[:, None], 0.0)
    if not vectors:
        return (torch.linalg.svdvals(matrix)[:, :k].where(~broken, math.nan),)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    return values[:, :k].double().where(~broken, math.nan), left.mT[:, :k], right[:, :k]


def _broken(matrix: Float[Tensor, "batch rows columns"]) -> Bool[Tensor, "batch 1"]:
    return ~matrix.isfinite().flatten(1).all(dim=1)[:, None]
