"""A unit that has been silent for longer than its own past explains is taken for dead, and made new."""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.interventions.replacement import replace_units
from lop_tutorial.networks import Network, Units


@dataclass(frozen=True)
class SelfNormalisedReset(Intervention):
    """Self-normalised resets, SNR (Farias & Jozefiak 2025, algorithm 1), for geometric times between firings.

    A unit fires on a sample if its activation is not 0 there, a map if any of its positions is not. Its age a is the
    number of samples since it last fired. The paper resets a unit when a silence as long as a has, judged by the
    unit's own past, a probability of at most eta, the `rejection` rate. Its code keeps a histogram of the times
    between firings for every unit, and resets beyond the (1 - eta)-quantile. Ours is lighter: it takes these times to
    be geometric, as they are if a unit fires on each sample with the same chance, and any chance as likely at first. A
    unit that has fired on f of the n samples up to its last firing is then silent for a more samples with probability

        P(a) = product over i < a of (n - f + 1 + i) / (n + 2 + i),

    which for large n is (1 - f / n)^a, and 1 / (a + 1) for a new unit; it is reset where P(a) <= eta. A batch counts as
    a whole: a unit that fires in it has age 0 afterwards, one that does not is a batch older. So with large batches a
    single silent one can be enough.

    A unit is reset as in `replace_units`, and begins without a past. `rejection` = 0 is no intervention; the default
    is our choice, and `stream` is as in ReDo. Units of tanh, GELU or leaky ReLU are hardly ever 0: they always fire,
    and are never reset; and batch normalisation keeps ReLUs firing. Known defect avoided: one threshold for all units
    resets rare but living ones again and again.
    """

    title: ClassVar[str] = "SNR"
    source: ClassVar[str] = "farias2025"
    watches: ClassVar[bool] = True
    rejection: float | int = 0.01
    stream: bool = True

    def __post_init__(self) -> None:
        at_least(0, rejection=self.rejection)
        if self.rejection >= 1:
            raise ValueError(f"rejection is {self.rejection}; it must be below 1, or every unit would be reset")

    def remember(self, network: Network) -> dict[str, Tensor]:
        return {
            f"{units.name}.{what}": torch.zeros(units.number, dtype=torch.float64, device=units.incoming.weight.device)
            for units in network.units()
            for what in ("seen", "fired", "age")
            if self.stream or not units.on_stream
        }

    def after_step(self, learner: LearnerState) -> None:
        if self.rejection == 0:
            return
        chosen_units = [
            (units, self._choose(units, activations, learner.memory))
            for units, activations in zip(learner.units, learner.activations, strict=True)
            if f"{units.name}.age" in learner.memory
        ]
        for units, chosen in chosen_units:
            replace_units(learner, units, chosen)

    def _choose(
        self, units: Units, activations: Float[Tensor, "batch unit position"], memory: MutableMapping[str, Tensor]
    ) -> Bool[Tensor, " unit"]:
        """Takes in a batch, and gives the units to reset, whose past is forgotten."""
        seen, fired, age = (memory[f"{units.name}.{what}"] for what in ("seen", "fired", "age"))
        fires = (activations != 0).any(dim=2).sum(dim=0)
        age += len(activations)
        seen += torch.where(fires > 0, age, 0)
        fired += fires
        age.masked_fill_(fires > 0, 0)

        silent = seen - fired + 1
        log_probability = (silent + age).lgamma() - silent.lgamma() - (seen + 2 + age).lgamma() + (seen + 2).lgamma()
        chosen = log_probability <= math.log(self.rejection)
        for kept in (seen, fired, age):
            kept.masked_fill_(chosen, 0)
        return chosen
