"""Steps that move every direction of a weight matrix equally far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lop_tutorial.interventions.hidden_weights import hidden_weights
from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least, share
from lop_tutorial.interventions.newton_schulz import QUINTIC, orthogonalised
from lop_tutorial.interventions.replacement import optimiser_state
from lop_tutorial.networks import Network


@dataclass(frozen=True)
class Muon(Intervention):
    """Muon (Jordan et al. 2024): the weights W of every hidden layer, with gradient G, take the step

        M <- momentum * M + (1 - momentum) * G
        W <- W - step size * scale * sqrt(max(1, rows / columns)) * O((1 - momentum) * G + momentum * M)

    where O makes all singular values of a matrix about 1, by `iterations` of a polynomial (`newton_schulz.QUINTIC`).
    The step size is the training's. A step no longer depends on the gradient's length: a square matrix moves by about
    step size * scale in spectral norm. A convolution's weights are the matrix (maps out, maps in * positions in the
    kernel). Biases, normalisations and the head take the training's own steps. The optimiser's momentum of the hidden
    weights is put out of action, its weight decay is not.

    It is an optimiser, not a remedy: it holds the spectrum of steps, not that of weights. That M begins anew at each
    task is our choice, as is the scale; the other defaults are the authors'. iterations = 0 is no intervention.
    """

    title: ClassVar[str] = "Muon"
    source: ClassVar[str] = "jordan2024"
    scale: float | int = 0.2
    momentum: float | int = 0.95
    iterations: int = 5

    def __post_init__(self) -> None:
        at_least(0, scale=self.scale, iterations=self.iterations)
        share(momentum=self.momentum)

    def remember(self, network: Network) -> dict[str, Tensor]:
        return {name: torch.zeros_like(weight) for name, weight in hidden_weights(network)}

    def start_task(self, learner: LearnerState) -> None:
        for moment in learner.memory.values():
            moment.zero_()

    def before_step(self, learner: LearnerState) -> None:
        if self.iterations == 0:
            return
        for name, weight in hidden_weights(learner.network):
            gradient, kept = learner.gradients[name], learner.memory[name]
            kept.mul_(self.momentum).add_(gradient, alpha=1 - self.momentum)
            ahead = ((1 - self.momentum) * gradient + self.momentum * kept).flatten(1)
            longer = self.scale * max(1.0, ahead.shape[0] / ahead.shape[1]) ** 0.5
            gradient.copy_((longer * orthogonalised(ahead, self.iterations, QUINTIC)).view(weight.shape))
            for moment in optimiser_state(learner.optimiser, weight):
                moment.zero_()
