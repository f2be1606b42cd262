"""A penalty that draws the weights towards zero."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least


@dataclass(frozen=True)
class L2(Intervention):
    """L2 regularisation: loss + strength * ||theta||^2, theta all weights and biases.

    Its gradient is 2 * strength * theta, so with SGD, momentum or not, it is the same as `weight_decay` = 2 * strength
    in the training, which adds weight_decay * theta to the gradient. A baseline of Dohare et al.
    (2024): their weight decay of 3e-6 on Continual ImageNet (at a step size of 0.03) is a strength of 1.5e-6. The
    default is our choice.
    """

    title: ClassVar[str] = "L2"
    source: ClassVar[str] = "dohare2024"
    strength: float | int = 1e-4

    def __post_init__(self) -> None:
        at_least(0, strength=self.strength)

    def penalty(self, learner: LearnerState) -> Tensor | None:
        if self.strength == 0:
            return None
        return self.strength * torch.stack([w.square().sum() for w in learner.network.parameters()]).sum()
