"""Eigenvalues of a symmetric operator of which only products with vectors are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import eigh_tridiagonal
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor

from lop_tutorial.geometry.inputs import must_lie
from lop_tutorial.settings_given import must_be_whole

Product = Callable[[Tensor], Tensor]
"""Takes a float64 vector to the operator's product with it."""

ORDERS: dict[str, Callable[[Any], Any]] = {
    "largest": lambda values: -values,
    "smallest": lambda values: values,
    "magnitude": lambda values: -abs(values),
}
"""What each order sorts by, ascending."""

_DENSE = 64
"""Operators up to this size are written out: it takes fewer products than a search."""


def leading_eigenvalues(
    product: Product,
    size: int,
    k: int,
    *,
    which: str = "largest",
    tolerance: float = 1e-6,
    max_restarts: int = 300,
    draw: torch.Generator,
    device: torch.device | str = "cpu",
) -> Float[Tensor, " k"]:
    """The k leading eigenvalues by `which` (largest, smallest or magnitude), each as often as it occurs.

    Each is off by at most about `tolerance` times the largest |eigenvalue|. Raises a RuntimeError where ARPACK, to
    which large operators go, has not converged after `max_restarts` restarts.
    """
    if which not in ORDERS:
        raise ValueError(f"which is {which!r}; it must be one of {', '.join(ORDERS)}")
    must_be_whole(0, k=k)
    must_be_whole(1, max_restarts=max_restarts)
    must_lie("tolerance", tolerance, 0)
    if not 1 <= k <= size:
        raise ValueError(f"k is {k}; this operator has 1 to {size} eigenvalues")
    if size <= max(_DENSE, 4 * k):
        values = all_eigenvalues(product, size, device).cpu().numpy()
    else:
        try:
            values = _outermost(product, size, k, which, tolerance, max_restarts, draw, device)
        except ArpackNoConvergence as error:
            raise RuntimeError(
                f"{k} eigenvalues have not converged after {max_restarts} restarts; raise max_restarts, or raise "
                f"tolerance above {tolerance:g}"
            ) from error
    return torch.from_numpy(values[ORDERS[which](values).argsort(kind="stable")][:k].copy()).to(device)


def _outermost(
    product: Product,
    size: int,
    k: int,
    which: str,
    tolerance: float,
    max_restarts: int,
    draw: torch.Generator,
    device: torch.device | str,
) -> np.ndarray:
    """The k eigenvalues at the end, or at each of the ends, that `which` needs, in any order, and more.

    Searched is c + A or c - A, with c as large as A: ARPACK's relative tolerance is then one relative to A's largest
    eigenvalue, also where k reaches into a crowd of eigenvalues near zero.
    """

    def times(vector: np.ndarray) -> np.ndarray:
        return _finite(product(torch.from_numpy(vector.reshape(-1).copy()).to(device))).cpu().numpy()

    def start() -> np.ndarray:
        return torch.randn(size, dtype=torch.float64, generator=draw).numpy()

    def search(matvec: Callable[[np.ndarray], np.ndarray], end: str, count: int, tol: float) -> Any:
        operator = LinearOperator((size, size), matvec=matvec, dtype=np.float64)
        return eigsh(operator, k=count, which=end, v0=start(), tol=tol, maxiter=max_restarts)

    if not times(start()).any():  # ARPACK refuses the operator that is zero
        return np.zeros(k)
    largest = 1.1 * float(abs(search(times, "LM", 1, 1e-2)[0][0]))
    ends = []
    for sign in {"largest": (1,), "smallest": (-1,), "magnitude": (1, -1)}[which]:
        found, vectors = np.zeros(0), np.zeros((size, 0))
        while len(found) < size - 1:
            # Without what was found: one search sees a repeated eigenvalue less often than it occurs.
            def rest(vector: np.ndarray, sign: int = sign, found: np.ndarray = vectors) -> np.ndarray:
                vector = vector.reshape(-1) - found @ (found.T @ vector.reshape(-1))
                image = largest * vector + sign * times(vector)
                return image - found @ (found.T @ image)

            count = max(1, k - len(found))
            values, new = search(rest, "LA", count, tolerance / 2)
            if len(found) >= k and values[0] <= np.sort(found)[-k]:
                break
            found, vectors = np.concatenate([found, values]), np.linalg.qr(np.hstack([vectors, new]))[0]
            if k == 1:
                break
        ends.append(sign * (found - largest))
    return np.concatenate(ends)


def spectral_quadrature(
    product: Product,
    size: int,
    *,
    probes: int,
    steps: int,
    draw: torch.Generator,
    device: torch.device | str = "cpu",
) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
    """Values and weights (with sum 1) that stand for the whole spectrum: stochastic Lanczos quadrature.

    sum w f(value) estimates mean f(eigenvalue), without bias for polynomials f up to degree 2 `steps` - 1 (Ghorbani et
    al. 2019). More `probes`, the number of random starts, lessen its scatter; more `steps` resolve small eigenvalues.
    """
    must_be_whole(1, probes=probes, steps=steps)
    nodes, weights = [], []
    for _ in range(probes):
        start = torch.randn(size, dtype=torch.float64, generator=draw).to(device)
        values, vectors = eigh_tridiagonal(*_tridiagonal(product, start, min(steps, size)))
        nodes.append(torch.from_numpy(values))
        weights.append(torch.from_numpy(vectors[0] ** 2 / probes))
    return torch.cat(nodes), torch.cat(weights)


def _tridiagonal(product: Product, start: Float[Tensor, " size"], steps: int) -> tuple[list[float], list[float]]:
    """The operator in the orthonormal basis of start, A start, A^2 start, ...: its diagonal, and what stands beside it.

    This is Lanczos' method, and not ARPACK's, which restarts and gives no tridiagonal matrix of its start. Each vector
    is made orthogonal to all before it, twice: rounding would report eigenvalues more than once.
    """
    basis = start.new_empty(steps, len(start))
    basis[0] = start / start.norm()
    diagonal: list[float] = []
    beside: list[float] = []
    while True:
        done = len(diagonal) + 1
        vector = _finite(product(basis[done - 1]))
        diagonal.append(float(vector @ basis[done - 1]))
        for _ in range(2):
            vector = vector - basis[:done].T @ (basis[:done] @ vector)
        length = float(vector.norm())
        if done == steps or length <= 1e-12 * max(map(abs, diagonal + beside)):
            return diagonal, beside
        basis[done] = vector / length
        beside.append(length)


def all_eigenvalues(product: Product, size: int, device: torch.device | str = "cpu") -> Float[Tensor, " size"]:
    """Every eigenvalue, ascending, from `size` products and a dense matrix."""
    dense = torch.stack([_finite(product(row)) for row in torch.eye(size, dtype=torch.float64, device=device)])
    return torch.linalg.eigvalsh((dense + dense.T) / 2)


def _finite(vector: Tensor) -> Tensor:
    if not vector.isfinite().all():
        raise ValueError("a product with the operator holds NaN or inf; has the network diverged?")
    return vector
