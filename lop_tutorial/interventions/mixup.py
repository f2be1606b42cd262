"""Mixup as it is usual: any two samples, their labels mixed as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.interventions.examples import Examples
from lop_tutorial.interventions.generalized_mixup import beta_from
from lop_tutorial.interventions.intervention import Intervention, at_least
from lop_tutorial.seeds import Draw


@dataclass(frozen=True)
class Mixup(Intervention):
    """x = m x_i + (1 - m) x_j and y = m y_i + (1 - m) y_j, m from Beta(alpha, alpha) (Zhang et al. 2018, section 2).

    j is i's place in a random permutation of the batch, so a sample may meet itself, or one of its own class. m is
    drawn for each pair, as G-mixup does; the authors' code draws one m for a batch. alpha = 1 is theirs for CIFAR;
    alpha = 0, where m would be 0 or 1, is no intervention.
    """

    title: ClassVar[str] = "Mixup"
    source: ClassVar[str] = "zhang2018"
    alpha: float | int = 1.0

    def __post_init__(self) -> None:
        at_least(0, alpha=self.alpha)

    def batch(
        self, x: Float[Tensor, "batch *shape"], y: Float[Tensor, "batch outputs"], draw: Draw, examples: Examples
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, "batch outputs"]]:
        if self.alpha == 0:
            return x, y
        partner = draw.permutation(len(x), device=x.device)
        m = beta_from(draw.uniform(len(x), device=x.device), self.alpha)
        return torch.lerp(x[partner], x, m.view(-1, *(1,) * (x.ndim - 1))), torch.lerp(y[partner], y, m[:, None])
