"""What can be done against loss of plasticity, as six moments in a learner's life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.networks import Network

Loss = Callable[[Tensor, Tensor], Tensor]


@runtime_checkable
class LearnerState(Protocol):
    """What a hook may touch of a learner."""

    @property
    def network(self) -> Network: ...

    @property
    def optimiser(self) -> torch.optim.Optimizer: ...

    def restart(self) -> None:
        """Fresh weights and a fresh optimiser."""


@dataclass(frozen=True)
class Intervention:
    """A method and its hyper-parameters: override the moments it acts on, leave the rest.

    The hooks run inside the training step. They must not branch on a tensor's value nor copy one to the host;
    what is to be changed is selected by masks of fixed shape. A method of strength zero changes nothing.
    """

    title: ClassVar[str]
    """The name in tables and figures."""

    def build(self, make: Callable[[], Network]) -> Network:
        """Makes the network, at the start and whenever the learner restarts."""
        return make()

    def start_task(self, learner: LearnerState) -> None:
        """Before a task other than the first: the network still is what the last task left."""

    def batch(
        self,
        x: Float[Tensor, "batch *shape"],
        y: Float[Tensor, "batch outputs"],
        draw: torch.Generator,
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, "batch outputs"]]:
        """The inputs and one-hot labels of a step, before the network sees them."""
        return x, y

    def loss(
        self, default: Loss, logits: Float[Tensor, "batch outputs"], y: Float[Tensor, "batch outputs"]
    ) -> Float[Tensor, ""]:
        """The loss of a batch; `default` is the one that the training settings name."""
        return default(logits, y)

    def penalty(self, network: Network) -> Float[Tensor, ""] | None:
        """Added to the loss, or None."""
        return None

    def after_step(self, learner: LearnerState) -> None:
        """After the optimiser's step."""
