"""Recycling dormant units: those that hardly put anything out make way for new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.interventions.replacement import replace_units
from lop_tutorial.networks import Network


def dormant(activations: Float[Tensor, "batch unit position"], tau: float | int) -> Bool[Tensor, " unit"]:
    """Where E|h_i| <= tau * mean_k E|h_k|; all of them in a layer that is zero throughout.

    As `geometry.dormant_units`, without looking at values: that one refuses NaN and works in float64.
    """
    size = activations.abs().mean(dim=(0, 2))
    return size <= tau * size.mean()


@dataclass(frozen=True)
class ReDo(Intervention):
    """Recycling dormant neurons (Sokar et al. 2023, equation 1 and algorithm 1).

    Every `every` steps, in each hidden layer, units of a dormancy score E|h_i| / mean_k E|h_k| of at most `tau` are
    replaced (see `replace_units`): incoming weights drawn anew, outgoing weights 0, the optimiser's memory of both
    cleared. E is over the step's batch, and a map's positions. All layers are judged before any is changed.

    The defaults are the paper's for DQN on Atari, tau = 0.025 and every 1,000 steps; it uses tau = 0.1 as well.
    tau = 0 recycles units that are zero on the whole batch; every = 0 is no intervention.

    On a residual network's stream maps are replaced too, though their skip connections go on carrying them;
    `stream=False` leaves them out. That is our choice, as is the batch: the paper scores on one drawn from its replay
    buffer. Known defects avoided: a new unit that keeps its momentum, and outgoing weights that are left as they were.
    """

    title: ClassVar[str] = "ReDo"
    source: ClassVar[str] = "sokar2023"
    watches: ClassVar[bool] = True
    tau: float | int = 0.025
    every: int = 1000
    stream: bool = True

    def __post_init__(self) -> None:
        at_least(0, tau=self.tau, every=self.every)

    def remember(self, network: Network) -> dict[str, Tensor]:
        return {"step": torch.zeros((), dtype=torch.int64, device=network.head.weight.device)}

    def after_step(self, learner: LearnerState) -> None:
        if self.every == 0:
            return
        step = learner.memory["step"]
        step += 1
        due = step % self.every == 0
        chosen_units = [
            (units, dormant(activations, self.tau) & due)
            for units, activations in zip(learner.units, learner.activations, strict=True)
            if self.stream or not units.on_stream
        ]
        for units, chosen in chosen_units:
            replace_units(learner, units, chosen)
