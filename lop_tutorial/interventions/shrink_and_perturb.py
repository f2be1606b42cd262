"""All weights a little smaller, and a little fresh randomness on top."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least, one_of, share
from lop_tutorial.interventions.replacement import optimiser_state
from lop_tutorial.networks import Network, Weighted
from lop_tutorial.seeds import Draw


@dataclass(frozen=True)
class ShrinkAndPerturb(Intervention):
    """theta <- shrink * theta + noise * fresh, for all weights and biases (Ash & Adams 2020).

    `fresh="initialiser"` draws as a new network would: weights and biases from the distribution that initialised them,
    a normalisation's gain 1 and bias 0. `fresh="gaussian"` draws every entry from N(0, 1). Running means and variances
    are left alone.

    `every="task"`, the default, is Ash & Adams: once when new data comes, before the training's rule for the head. The
    optimiser's memory belongs to the weights that were, and is cleared. `every="step"` is Dohare et al. (2024): after
    each step of the optimiser, whose memory is kept. Theirs is `shrink=1:noise=1e-5:fresh=gaussian` with a
    `weight_decay` of 1e-5 in the training: that does the shrinking, by step size * weight_decay a step, which float32
    would lose here.

    The defaults of `shrink` and `noise` are our choice. shrink = 1 with noise = 0 is no intervention.
    """

    title: ClassVar[str] = "Shrink and perturb"
    source: ClassVar[str] = "ash2020"
    shrink: float | int = 0.8
    noise: float | int = 0.2
    every: str = "task"
    fresh: str = "initialiser"

    def __post_init__(self) -> None:
        share(shrink=self.shrink)
        at_least(0, noise=self.noise)
        one_of(("task", "step"), every=self.every)
        one_of(("initialiser", "gaussian"), fresh=self.fresh)

    def start_task(self, learner: LearnerState) -> None:
        if self.every == "task" and self._acts:
            self._apply(learner)
            for weight in learner.network.parameters():
                for moment in optimiser_state(learner.optimiser, weight):
                    moment.zero_()

    def after_step(self, learner: LearnerState) -> None:
        if self.every == "step" and self._acts:
            self._apply(learner)

    @property
    def _acts(self) -> bool:
        return self.shrink != 1 or self.noise != 0

    def _apply(self, learner: LearnerState) -> None:
        for weight, fresh in self._fresh(learner.network, learner.draw):
            weight.mul_(self.shrink).add_(fresh, alpha=self.noise)

    def _fresh(self, network: Network, draw: Draw) -> Iterator[tuple[Tensor, Tensor]]:
        """Every weight with a fresh one of its shape."""
        if self.fresh == "gaussian":
            for weight in network.parameters():
                yield weight, draw.normal(*weight.shape, device=weight.device)
            return
        for layer in network.modules():
            if isinstance(layer, Weighted):
                yield layer.weight, network.fresh_weight(layer, draw)
                if layer.bias is not None:
                    yield layer.bias, network.fresh_bias(layer, draw)
            elif isinstance(layer, nn.BatchNorm2d | nn.GroupNorm | nn.LayerNorm):
                yield layer.weight, torch.ones_like(layer.weight)
                yield layer.bias, torch.zeros_like(layer.bias)
