"""What a few products with J and J^T tell of its largest singular value, and how sure one can be (Lanczos 1950).

Take a random unit vector u_1 on the smaller side of J, that of the outputs, say. What J J^T makes of it, again and
again, spans a space that turns towards the leading left singular vector u. Within the space J J^T is a small
tridiagonal matrix T, whose largest eigenvalue theta grows towards sigma_1^2 from below. A step costs one product with
J^T and one with J.

When is it done? A small residual does not tell: it vanishes at every singular value, at the second one too while the
first still hides. But u_1 was random. The vector that ends step m is p_m(J J^T) u_1, of length 1, with a polynomial p_m
that T gives. Were sigma_1^2 = s beyond theta, this vector would contain p_m(s) <u, u_1> of u, and that cannot exceed 1.
So |<u, u_1>| <= 1 / p_m(s), which is tiny, as p_m grows fast beyond theta. For a random direction in d dimensions

    P(|<u, u_1>| <= t) <= t sqrt(2 d / pi),

and the chance of sigma_1^2 >= s is at most sqrt(2 d / pi) / p_m(s) (van Dorsselaer, Hochstenbach and van der Vorst
2000). Small gaps in the spectrum do no harm, nor does none at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import copy

import torch
from jaxtyping import Bool, Float, Float64
from torch import Tensor

Product = Callable[[Tensor], Tensor]


class Krylov:
    """The spaces of a batch of samples, all after the same number of steps.

    `start` (batch, small) is random, normally distributed; the spaces stay orthogonal to `found` (batch, before,
    small). T and all that is derived from it is float64. Where a product is not finite, the value is NaN.
    """

    def __init__(self, start: Float[Tensor, "batch small"], found: Float[Tensor, "batch before small"]) -> None:
        self.before = found.shape[1]
        start = _orthogonal(start, found)
        self.basis = torch.cat([found, _scaled(start, _length(start))[:, None]], dim=1)
        self.diagonal = start.new_zeros(len(start), 0, dtype=torch.float64)
        self.beside = torch.zeros_like(self.diagonal)
        self._theta = self.diagonal.new_zeros(len(start))

    @property
    def steps(self) -> int:
        return self.diagonal.shape[1]

    @property
    def dimensions(self) -> int:
        """How many there are in all, those of what was found left out."""
        return self.basis.shape[2] - self.before

    def step(self, across: Product, back: Product) -> None:
        """Makes the spaces larger by one dimension; `across` leads from the smaller side of J to the larger."""
        image = across(self.basis[:, -1])
        length = _length(image)
        # J J^T u is of the size of sigma^2, which float32 may not hold where it holds sigma
        new = _orthogonal(back(_scaled(image, length)), self.basis)
        rest = _length(new)
        self.diagonal = torch.cat([self.diagonal, length[:, None].square()], dim=1)
        rounding = 8 * torch.finfo(new.dtype).eps * self.diagonal.amax(dim=1).sqrt()
        rest = rest.where(~(rest <= rounding), 0.0)  # the space is J J^T's own: nothing new comes
        self.beside = torch.cat([self.beside, (length * rest)[:, None]], dim=1)
        self.basis = torch.cat([self.basis, _scaled(new, rest).where(rest[:, None] != 0, 0.0)[:, None]], dim=1)

    def doubt(self, tolerance: float, wanted: int) -> Float64[Tensor, " batch"]:
        """A bound on the chance that log sigma_1 is larger than log(theta) / 2 by more than the tolerance.

        It is 1 while theta still grows by more than that in a step. Where `wanted` values are still to be found one
        after the other, an error of the first weighs on the last by sigma_1^2 / sigma_wanted^2, and the tolerance is so
        much smaller.
        """
        if self.steps == self.dimensions:
            return torch.zeros_like(self.diagonal[:, 0])
        if self.steps < wanted:
            return torch.ones_like(self.diagonal[:, 0])
        theta = torch.linalg.eigvalsh(self._tridiagonal()).clamp(min=0)
        beyond = math.expm1(2 * tolerance) * theta[:, -wanted]
        growing, self._theta = theta[:, -1] - self._theta > beyond, theta[:, -1]
        growth = (theta[:, -1:] - theta + beyond[:, None]).log().sum(dim=1) - self.beside.log().sum(dim=1)
        doubt = (math.sqrt(2 * self.dimensions / math.pi) * (-growth).exp()).where(~growing, 1.0)
        return doubt.where(~((self.beside == 0).any(dim=1) | self._broken()), 0.0)

    def leading(self) -> tuple[Float64[Tensor, " batch"], Float[Tensor, "batch small"]]:
        """sqrt(theta), and where it lies; a vector of zeros where theta is 0."""
        theta, places = torch.linalg.eigh(self._tridiagonal())
        spanned = self.basis[:, self.before : -1]
        vectors = (places[:, None, :, -1].to(spanned.dtype) @ spanned)[:, 0]
        value, broken = theta[:, -1].clamp(min=0).sqrt(), self._broken()
        vectors = _scaled(vectors.where(value[:, None] > 0, 0.0), _length(vectors))
        return value.where(~broken, math.nan), vectors.where(~broken[:, None], math.nan)

    def select(self, chosen: Bool[Tensor, " batch"]) -> Krylov:
        """The spaces of these samples alone."""
        part = copy(self)
        part.basis, part.diagonal, part.beside = self.basis[chosen], self.diagonal[chosen], self.beside[chosen]
        part._theta = self._theta[chosen]
        return part

    def _tridiagonal(self) -> Float64[Tensor, "batch steps steps"]:
        beside = self.beside[:, :-1]
        matrix = self.diagonal.diag_embed() + beside.diag_embed(1) + beside.diag_embed(-1)
        return matrix.where(~self._broken()[:, None, None], 0.0)

    def _broken(self) -> Bool[Tensor, " batch"]:
        return ~(self.diagonal.isfinite() & self.beside.isfinite()).all(dim=1)


def _length(vectors: Float[Tensor, "batch space"]) -> Float64[Tensor, " batch"]:
    """Summed in float64, where squares of small float32 numbers are not lost."""
    return torch.linalg.vector_norm(vectors, dim=1, dtype=torch.float64)


def _scaled(vectors: Float[Tensor, "batch space"], length: Float64[Tensor, " batch"]) -> Float[Tensor, "batch space"]:
    """To length 1; zeros where the length is 0."""
    return vectors / length.where(length != 0, 1.0)[:, None].to(vectors.dtype)


def _orthogonal(
    vectors: Float[Tensor, "batch space"], basis: Float[Tensor, "batch rank space"]
) -> Float[Tensor, "batch space"]:
    """Without what lies in the span of an orthonormal basis; twice, as the first time leaves its rounding."""
    for _ in range(2):
        vectors = vectors - ((vectors[:, None] @ basis.mT) @ basis)[:, 0]
    return vectors
