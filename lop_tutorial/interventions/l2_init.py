"""A penalty that draws the weights towards those the network began with."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.networks import Network


@dataclass(frozen=True)
class L2Init(Intervention):
    """L2 init in the paper's tables: loss + strength * ||theta - theta_0||^2 (Kumar et al. 2023, equation 2).

    theta are all weights and biases, theta_0 what they were when the network began its first task; a head that is set
    to zero at each task is drawn to zero. The paper leaves the strength open. Kumar et al. try 1e-2 to 1e-6; ours is
    the best in the search stored in `results/`.
    """

    title: ClassVar[str] = "L2 init"
    source: ClassVar[str] = "kumar2023"
    strength: float | int = 1e-3

    def __post_init__(self) -> None:
        at_least(0, strength=self.strength)

    def remember(self, network: Network) -> dict[str, Tensor]:
        return {name: weight.detach().clone() for name, weight in network.named_parameters()}

    def penalty(self, learner: LearnerState) -> Tensor | None:
        if self.strength == 0:
            return None
        weights, start = learner.network.named_parameters(), learner.memory
        return self.strength * torch.stack([(w - start[name]).square().sum() for name, w in weights]).sum()
