"""Noise on weights that matter little, and small steps for those that matter much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least, share
from lop_tutorial.networks import Network


@dataclass(frozen=True)
class UPGD(Intervention):
    """Utility-based perturbed gradient descent (Elsayed & Mahmood 2024), first order, for all weights and biases.

    The utility of a weight w with gradient g is what the loss would rise by without it, -g w to first order, averaged
    over steps. Over the largest utility of the whole network (so that a correction for the average's start cancels) and
    through a sigmoid, it becomes a share u in (0, 1). In place of the gradient goes

        (g + noise * xi) * (1 - u),  or  g + noise * xi * (1 - u)  without `protect`,

    xi from N(0, 1). With plain gradient descent that is the authors' step. Here it passes through the training's
    momentum as a gradient does, which makes the noise last longer: our choice. Where no utility is above 0, all u are
    1/2. The defaults are our choice; the authors search theirs. noise = 0 without `protect` is no intervention.
    """

    title: ClassVar[str] = "UPGD"
    source: ClassVar[str] = "elsayed2024"
    noise: float | int = 1e-3
    decay: float | int = 0.999
    protect: bool = True

    def __post_init__(self) -> None:
        at_least(0, noise=self.noise)
        share(decay=self.decay)

    def remember(self, network: Network) -> dict[str, Tensor]:
        return {name: torch.zeros_like(weight) for name, weight in network.named_parameters()}

    def before_step(self, learner: LearnerState) -> None:
        if self.noise == 0 and not self.protect:
            return
        memory = learner.memory
        weights = dict(learner.network.named_parameters())
        for name, weight in weights.items():
            memory[name].mul_(self.decay).add_(learner.gradients[name] * weight, alpha=self.decay - 1)
        largest = torch.stack([memory[name].amax() for name in weights]).amax()
        for name, weight in weights.items():
            share_of = torch.where(largest > 0, memory[name] / largest, 0)
            gate = (1 - torch.tanh(share_of / 2)) / 2  # 1 - sigmoid, which rounds otherwise in longer tensors
            gradient = learner.gradients[name]
            noise = self.noise * learner.draw.normal(*weight.shape, device=weight.device) if self.noise else 0
            gradient.copy_((gradient + noise) * gate if self.protect else gradient + noise * gate)
