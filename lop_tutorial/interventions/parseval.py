"""A penalty that draws the rows of each hidden layer towards orthogonal ones of one length."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.interventions.isometry_penalty import gram_gap, matrices


@dataclass(frozen=True)
class Parseval(Intervention):
    """Parseval regularisation (Chung et al. 2024): loss + strength times the sum over hidden layers of

        ||WW' - scale * I||_F^2.

    It draws all singular values towards sqrt(scale): with scale = 1 it is the isometry penalty, but for a constant
    where W has more rows than columns. Biases and the head are left free, as in the authors' code.

    scale = 2 is that code's, the square of the gain with which its networks begin. Its strength is 1e-3 or 1e-4, times
    (64 / width)^2; here the strength is what it says. A convolution's weights are taken as the matrix (maps out, maps
    in * positions in the kernel): our choice, that code has no convolutions. Strength 0 is no intervention.
    """

    title: ClassVar[str] = "Parseval"
    source: ClassVar[str] = "chung2024"
    strength: float | int = 1e-3
    scale: float | int = 2

    def __post_init__(self) -> None:
        at_least(0, strength=self.strength, scale=self.scale)

    def penalty(self, learner: LearnerState) -> Tensor | None:
        if self.strength == 0:
            return None
        terms = []
        for weight in matrices(learner.network):
            beyond = max(0, weight.shape[0] - weight.shape[1])  # rows for which no column is left
            terms.append(gram_gap(weight, self.scale) + beyond * self.scale**2)
        return self.strength * torch.stack(terms).sum()
