"""A penalty that draws the weights towards those the network began with."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.networks import Network, Norm


@dataclass(frozen=True)
class L2Init(Intervention):
    """L2 init in the paper's tables: loss + strength * ||theta - theta_0||^2 (Kumar et al. 2023, equation 2).

    theta are all weights and biases of linear layers and convolutions, theta_0 what they were when the network began
    its first task; a head that is set to zero at each task is drawn to zero. The gains and biases of normalisation
    layers are left free, as the authors' code leaves them; `normalisation=True` draws these too.

    That code halves the penalty: its `l2_weight` is twice our `strength`. It has no default but 0, and tries 1e-2 to
    1e-5 on Continual ImageNet. The paper behind the tables leaves the strength open. The default is our choice; of the
    searches in `results/`, `methods_search` chose 3e-3 and `tables_search_convnet` 1e-3.
    """

    title: ClassVar[str] = "L2 init"
    source: ClassVar[str] = "kumar2023"
    strength: float | int = 1e-3
    normalisation: bool = False

    def __post_init__(self) -> None:
        at_least(0, strength=self.strength)

    def remember(self, network: Network) -> dict[str, Tensor]:
        return {name: weight.detach().clone() for name, weight in self._drawn(network)}

    def penalty(self, learner: LearnerState) -> Tensor | None:
        if self.strength == 0:
            return None
        weights, start = self._drawn(learner.network), learner.memory
        return self.strength * torch.stack([(w - start[name]).square().sum() for name, w in weights]).sum()

    def _drawn(self, network: Network) -> Iterator[tuple[str, Tensor]]:
        """The weights and biases that are drawn to their start, by name."""
        for place, layer in network.named_modules():
            if self.normalisation or not isinstance(layer, Norm):
                yield from layer.named_parameters(prefix=place, recurse=False)
