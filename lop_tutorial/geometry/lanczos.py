"""Eigenvalues of a symmetric operator of which only products with vectors are known: Lanczos' method."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.geometry.inputs import must_count, must_lie

Product = Callable[[Tensor], Tensor]
"""Takes a float64 vector to the operator's product with it."""

ORDERS: dict[str, Callable[[Tensor], Tensor]] = {
    "largest": lambda values: values,
    "smallest": lambda values: -values,
    "magnitude": lambda values: values.abs(),
}


class Krylov:
    """An orthonormal basis of start, A start, A^2 start, ..., grown by `step`, and A restricted to it.

    Each new vector is made orthogonal to all before it, twice, and to the rows of `against`: plain Lanczos loses
    orthogonality in rounding and then reports eigenvalues more than once. There is `room` for that many vectors.
    """

    def __init__(
        self,
        product: Product,
        start: Float[Tensor, " size"],
        room: int,
        against: Float[Tensor, "found size"] | None = None,
    ) -> None:
        size = len(start)
        self.product = product
        self.against = start.new_zeros(0, size) if against is None else against
        self.vectors = start.new_empty(min(room, size - len(self.against)), size)
        self.diagonal: list[float] = []
        self.beside: list[float] = []
        start = self._orthogonal(start)
        self.next = start / start.norm()
        self.exhausted = False

    @property
    def basis(self) -> Float[Tensor, "steps size"]:
        return self.vectors[: len(self.diagonal)]

    def step(self) -> None:
        """One product; `exhausted` becomes true where the basis then spans an invariant subspace."""
        vector = self.product(self.next)
        if not vector.isfinite().all():
            raise ValueError("a product with the operator holds NaN or inf; has the network diverged?")
        self.vectors[len(self.diagonal)] = self.next
        self.diagonal.append(float(vector @ self.next))
        rest = self._orthogonal(vector)
        length = float(rest.norm())
        scale = max(map(abs, self.diagonal + self.beside))
        self.exhausted = len(self.basis) + len(self.against) == len(vector) or length <= 1e-12 * scale
        self.beside.append(length)
        if not self.exhausted:
            self.next = rest / length

    def _orthogonal(self, vector: Tensor) -> Tensor:
        for _ in range(2):
            for basis in (self.against, self.basis):
                vector = vector - basis.T @ (basis @ vector)
        return vector

    def ritz(self) -> tuple[Float[Tensor, " steps"], Float[Tensor, " steps"], Float[Tensor, "steps steps"]]:
        """Approximate eigenvalues (ascending), how far each may be off at most, and their vectors in the basis.

        The vectors are columns.
        """
        off = torch.tensor(self.beside[:-1], dtype=torch.float64)
        restricted = torch.tensor(self.diagonal, dtype=torch.float64).diag() + off.diag(1) + off.diag(-1)
        values, vectors = torch.linalg.eigh(restricted)
        errors = torch.zeros_like(values) if self.exhausted else self.beside[-1] * vectors[-1].abs()
        return values, errors, vectors


def leading_eigenvalues(
    product: Product,
    size: int,
    k: int,
    *,
    which: str = "largest",
    tolerance: float = 1e-6,
    max_steps: int = 300,
    draw: torch.Generator,
    device: torch.device | str = "cpu",
) -> Float[Tensor, " k"]:
    """The k leading eigenvalues by `which` (largest, smallest or magnitude), each as often as it occurs.

    Each is off by at most `tolerance` times the largest |eigenvalue| seen. One Krylov basis holds a repeated
    eigenvalue once, so what has converged is set aside and the rest searched again from a new start, until nothing
    there leads the k found. Raises a RuntimeError where a search has not converged after `max_steps` products.
    """
    if which not in ORDERS:
        raise ValueError(f"which is {which!r}; it must be one of {', '.join(ORDERS)}")
    must_count("k", k, 0)
    must_count("max_steps", max_steps, 1)
    must_lie("tolerance", tolerance, 0)
    if not 1 <= k <= size:
        raise ValueError(f"k is {k}; this operator has 1 to {size} eigenvalues")
    order = ORDERS[which]
    found = torch.zeros(0, dtype=torch.float64, device=device)
    vectors = torch.zeros(0, size, dtype=torch.float64, device=device)
    largest = 0.0
    while len(found) < size:
        wanted = max(1, k - len(found))
        start = torch.randn(size, dtype=torch.float64, generator=draw).to(device)
        krylov = Krylov(product, start, max_steps, vectors)
        while True:
            krylov.step()
            values, errors, inside = krylov.ritz()
            largest = max(largest, float(values.abs().max()))
            leading = order(values).argsort(descending=True)[:wanted]
            converged = errors[leading] <= tolerance * largest
            if krylov.exhausted or (converged.all() and len(leading) == wanted):
                break
            if len(krylov.basis) >= max_steps:
                raise RuntimeError(
                    f"after {max_steps} products an eigenvalue may still be off by {float(errors[leading].max()):.1e}; "
                    f"raise max_steps, or raise tolerance above {tolerance:g} times {largest:.1e}"
                )
        best = values[leading].to(device)
        if len(found) >= k and order(best)[0] <= order(found).sort(descending=True).values[k - 1]:
            break
        found = torch.cat([found, best])
        vectors = torch.cat([vectors, inside[:, leading].T.to(device) @ krylov.basis])
        if k == 1:
            break
    return found[order(found).argsort(descending=True)[:k]]


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
    if probes < 1 or steps < 1:
        raise ValueError(f"probes and steps are {probes} and {steps}; they must be at least 1")
    nodes, weights = [], []
    for _ in range(probes):
        krylov = Krylov(product, torch.randn(size, dtype=torch.float64, generator=draw).to(device), steps)
        while len(krylov.basis) < steps and not krylov.exhausted:
            krylov.step()
        values, _, inside = krylov.ritz()
        nodes.append(values)
        weights.append(inside[0].square() / probes)
    return torch.cat(nodes), torch.cat(weights)


def all_eigenvalues(product: Product, size: int, device: torch.device | str = "cpu") -> Float[Tensor, " size"]:
    """Every eigenvalue, ascending, from `size` products and a dense matrix."""
    dense = torch.stack([product(row) for row in torch.eye(size, dtype=torch.float64, device=device)])
    if not dense.isfinite().all():
        raise ValueError("a product with the operator holds NaN or inf; has the network diverged?")
    return torch.linalg.eigvalsh((dense + dense.T) / 2)
