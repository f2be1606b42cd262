"""A fast network that learns, and a slow average of it that it is set back to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least, share
from lop_tutorial.interventions.replacement import optimiser_state
from lop_tutorial.networks import Network


@dataclass(frozen=True)
class HareAndTortoise(Intervention):
    """Hare & Tortoise (Lee et al. 2024). The hare is the network that is trained; the tortoise follows it,

        tortoise <- decay * tortoise + (1 - decay) * hare       after every step,
        hare     <- tortoise                                    after every `every` steps of a task,

    weights, biases and a normalisation's running means and variances alike. What the optimiser has gathered belongs to
    where the hare was, and is cleared when it is set back.

    Measured is the tortoise: at the end of a task the hare is set back once more, whatever the step, so that what is
    measured is also what the next task begins with. There the training's rule for the head comes in between, which the
    tortoise must not undo; so it begins anew as the hare after the first step of each task.

    That the optimiser is cleared, the running statistics averaged and the tortoise measured are our choices, as are
    the defaults. every = 0 is no intervention.
    """

    title: ClassVar[str] = "Hare & Tortoise"
    source: ClassVar[str] = "lee2024"
    decay: float | int = 0.999
    every: int = 1000

    def __post_init__(self) -> None:
        share(decay=self.decay)
        at_least(0, every=self.every)

    def remember(self, network: Network) -> dict[str, Tensor]:
        tortoise = {f"tortoise.{name}": value.detach().clone() for name, value in _averaged(network)}
        return tortoise | {"step": torch.zeros((), dtype=torch.int64, device=network.head.weight.device)}

    def after_step(self, learner: LearnerState) -> None:
        if self.every == 0:
            return
        step = learner.memory["step"]
        step += 1
        begins = step == 1
        for name, hare in _averaged(learner.network):
            tortoise = learner.memory[f"tortoise.{name}"]
            tortoise.copy_(torch.where(begins, hare, tortoise.lerp(hare, 1 - self.decay)))
        self._set_back(learner, step % self.every == 0)

    def end_task(self, learner: LearnerState) -> None:
        if self.every == 0:
            return
        step = learner.memory["step"]
        self._set_back(learner, step > 0)
        step.zero_()

    def _set_back(self, learner: LearnerState, due: Tensor) -> None:
        for name, hare in _averaged(learner.network):
            hare.copy_(torch.where(due, learner.memory[f"tortoise.{name}"], hare))
            for moment in optimiser_state(learner.optimiser, hare):
                moment.masked_fill_(due, 0)


def _averaged(network: Network) -> Iterator[tuple[str, Tensor]]:
    """Weights and running statistics; not how many batches those have seen, which is a whole number."""
    yield from network.named_parameters()
    for name, value in network.named_buffers():
        if value.is_floating_point():
            yield name, value
