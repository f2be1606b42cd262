"""Weights brought back to the size with which they began, after every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.interventions.hidden_weights import hidden_weights
from lop_tutorial.interventions.intervention import Intervention, LearnerState, share
from lop_tutorial.networks import Network


@dataclass(frozen=True)
class WeightRescaling(Intervention):
    """The projection of Normalize-and-Project (Lyle et al. 2024): after every step, for each hidden layer,

        W <- (1 - strength + strength * ||W_0|| / ||W||) * W

    with W_0 the weights that the network began with, and Frobenius norms. Directions are learned, lengths are not. The
    authors project all the way, strength = 1, which is the default here, and put a normalisation before every
    nonlinearity, so that length means nothing to the network; `layer_norm+weight_rescaling` is both. A strength below 1
    is how far Oh et al. (2025) go in a step, who rescale biases too.

    Biases, normalisations and the head are left alone: our choice. A head that is set to zero at each task has no
    length to keep. Strength 0 is no intervention.
    """

    title: ClassVar[str] = "Weight rescaling"
    source: ClassVar[str] = "lyle2024"
    strength: float | int = 1.0

    def __post_init__(self) -> None:
        share(strength=self.strength)

    def remember(self, network: Network) -> dict[str, Tensor]:
        return {name: _length(weight).detach() for name, weight in hidden_weights(network)}

    def after_step(self, learner: LearnerState) -> None:
        if self.strength == 0:
            return
        for name, weight in hidden_weights(learner.network):
            length = _length(weight)
            back = torch.where(length > 0, learner.memory[name] / length, 1)
            weight.mul_(1 + self.strength * (back - 1))


def _length(weight: Float[Tensor, "*any"]) -> Float[Tensor, ""]:
    return weight.square().sum().sqrt()
