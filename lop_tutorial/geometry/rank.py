"""How many directions a matrix uses: of weights, or of representations (a row a sample).

What goes by one name in one code goes by another in the next. With singular values s_1 >= s_2 >= ...:

- `effective_rank`: exp(entropy of s / sum s), as Roy and Vetterli (2007) and Dohare et al. (2024).
- `stable_rank`: sum s^2 / s_1^2, as in numerical linear algebra. Not what Dohare et al.'s code for Incremental
  CIFAR-100 calls so, which is the next.
- `approximate_rank` with power 1: the least k with s_1 + ... + s_k >= share x sum s. Kumar et al. (2021) call it
  effective rank, others srank.
- `approximate_rank` with power 2: the same with squares. The approximate rank of Yang et al. (2020) and of Dohare et
  al. on Online Permuted MNIST.
- `feature_rank`: the number of s / sqrt(rows) above a threshold, as Lyle et al. (2022).

Others take the entropy of the squares, centre the representations first, or add a small constant inside the
logarithm. All here take the matrix as it is, in float64. A tensor of more dimensions is flattened from the second on:
a convolution's weights become (maps out) x (maps in times positions in the kernel), activations of a convolution
become (samples) x (maps times positions). To count every position as a sample of its own, pass
`maps.movedim(1, -1).flatten(0, -2)`.

A matrix of zeros has rank 0; otherwise the values lie in [1, min(rows, columns)], and `feature_rank` in [0, min(rows,
columns)]. A ValueError is raised for a matrix that is empty, complex, or holds NaN or
inf.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.geometry.inputs import must_be_real, must_lie
from lop_tutorial.geometry.scale import near_one, times_power


def effective_rank(matrix: Float[Tensor, "rows *columns"]) -> float:
    """exp(-sum p log p) with p = s / sum(s): of r equal singular values, r (Roy and Vetterli 2007)."""
    s, _ = _singular_values(matrix)
    return float(torch.special.entr(s / s.sum()).sum().exp()) if s.any() else 0.0


def stable_rank(matrix: Float[Tensor, "rows *columns"]) -> float:
    """Squared Frobenius norm over squared spectral norm. A lower bound of the rank that small changes hardly move."""
    s, _ = _singular_values(matrix)
    return float((s / s[0]).square().sum()) if s.any() else 0.0


def approximate_rank(matrix: Float[Tensor, "rows *columns"], share: float = 0.99, power: int = 1) -> int:
    """How many singular values it takes to reach `share` of their sum (`power` 1) or of that of their squares (2)."""
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; it must lie above 0 and not above 1")
    if power not in (1, 2):
        raise ValueError(f"power is {power}; it must be 1 (singular values) or 2 (their squares)")
    s, _ = _singular_values(matrix)
    return count_to_share(s**power, share)


def feature_rank(features: Float[Tensor, "sample *width"], threshold: float = 0.01) -> int:
    """How many singular values of features / sqrt(samples) lie above `threshold` (Lyle et al. 2022). Not scale-free."""
    must_lie("threshold", threshold, 0)
    s, exponent = _singular_values(features)
    return int((times_power(s / len(features) ** 0.5, exponent) > threshold).sum())


def count_to_share(descending: Float[Tensor, " n"], share: float) -> int:
    """The least k for which the first k of these numbers make up `share` of their sum; 0 where the sum is 0."""
    reached = descending.cumsum(dim=0)
    rounding = torch.finfo(reached.dtype).eps * len(reached) * reached[-1]
    return int((reached < share * reached[-1] - rounding).sum()) + 1 if reached[-1] > 0 else 0


def _singular_values(matrix: Tensor) -> tuple[Float[Tensor, " n"], int]:
    """In descending order, divided by 2^e, and e."""
    must_be_real("the matrix", matrix)
    if matrix.ndim < 2 or not matrix.numel():
        raise ValueError(f"the matrix has the shape {list(matrix.shape)}; it needs rows and columns")
    if not matrix.isfinite().all():
        raise ValueError("the matrix holds NaN or inf and has no singular values; has the network diverged?")
    scaled, exponent = near_one(matrix.flatten(1))
    return torch.linalg.svdvals(scaled), exponent
