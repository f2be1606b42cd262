"""Matrices with all singular values near one, by products alone: what several methods share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

CUBIC = (1.5, -0.5)
"""Newton and Schulz: every singular value in (0, 1] goes to 1, the small ones by half of their size a step."""
QUINTIC = (3.4445, -4.7750, 2.0315)
"""Muon's: five steps bring small singular values to somewhere between 0.7 and 1.2, and none to 1."""


def orthogonalised(
    matrix: Float[Tensor, "*batch rows columns"], iterations: int, coefficients: Sequence[float] = CUBIC
) -> Float[Tensor, "*batch rows columns"]:
    """X <- a X + b (X X') X + c (X X')^2 X, `iterations` times, from the matrix over its Frobenius norm.

    Singular vectors stay what they are. With `CUBIC` the limit is the orthogonal factor of the polar decomposition: the
    nearest matrix with orthonormal rows, or columns where there are fewer of these. A matrix of zeros stays one.
    """
    a, b, *c = coefficients
    wide = matrix.shape[-1] >= matrix.shape[-2]
    x = matrix if wide else matrix.mT
    x = x / x.square().sum(dim=(-2, -1), keepdim=True).sqrt().clamp(min=torch.finfo(x.dtype).tiny)
    for _ in range(iterations):
        gram = x @ x.mT
        by = b * gram if not c else b * gram + c[0] * gram @ gram
        x = a * x + by @ x
    return x if wide else x.mT
