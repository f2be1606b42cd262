"""Continual backpropagation: at every step a few of the least useful hidden units make way for new ones."""

from __future__ import annotations

import math
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least, one_of, share
from lop_tutorial.interventions.replacement import replace_units
from lop_tutorial.networks import Network, Units

UTILITIES = ("adaptable_contribution", "contribution")
COUNTS = ("all", "mature")


@dataclass(frozen=True)
class ContinualBackprop(Intervention):
    """CBP in the paper's tables (Dohare et al. 2024, Algorithm 1).

    For each hidden unit i, with h_i its activation, eta the decay and a_i the steps since it was new,

        mean_i    <-  eta * mean_i + (1 - eta) * E[h_i]                 (E: over the batch, and a map's positions)
        utility_i <-  eta * utility_i + (1 - eta) * y_i
        y_i        =  E|h_i - mean_i / (1 - eta^a_i)| * E|w_out| / E|w_in|      ("adaptable_contribution")
        y_i        =  E|h_i| * E|w_out|                                         ("contribution", their equation 1)

    and both averages are divided by 1 - eta^a_i before use. In each layer the number of units due for replacement adds
    up from step to step, and as often as it reaches 1 the unit of least utility among those older than `maturity` is
    replaced (see `replace_units`); its mean contribution goes into the next layer's bias.

    `count` says what a step adds to that number. "all": `replacement_rate` times all units of the layer, from the step
    on in which one of them is mature. That is the authors' code for convolutional and residual networks, and so for
    both public benchmarks. "mature": `replacement_rate` times the mature units alone, which is Algorithm 1 as printed
    and their code for linear networks. While few units are young the two hardly differ. At high rates they do: with
    "mature" replacement slows down as more units are young, and at most 1 / (1 + rate * maturity) of a layer's units
    stay mature; with "all" it does not slow down, and a unit may go as soon as it is mature.

    In convolutional layers a unit is a map. In residual networks the maps on the stream are replaced as well, as the
    authors' code does it, though their skip connections go on carrying them; `stream=False` leaves them out. The
    adaptable contribution is of the method's first version (arXiv:2108.06325) and in their code. The defaults are that
    code's settings for Continual ImageNet.

    With equal rules this replaces the units that their code replaces (`benchmarks/cbp_equivalence.py`). It keeps clear
    of three slips in it: the mean that is to be passed on is set to zero first; SGD's momentum of replaced weights
    stays; and in the residual network |h| is added up without end instead of averaged, through replacements too.
    """

    title: ClassVar[str] = "CBP"
    source: ClassVar[str] = "dohare2024"
    watches: ClassVar[bool] = True
    replacement_rate: float | int = 3e-4
    maturity: int = 100
    decay: float | int = 0.99
    utility: str = "adaptable_contribution"
    count: str = "all"
    stream: bool = True

    def __post_init__(self) -> None:
        share(replacement_rate=self.replacement_rate, decay=self.decay)
        at_least(0, maturity=self.maturity)
        if self.decay == 1:
            raise ValueError("decay is 1; then no utility would ever be learned")
        one_of(UTILITIES, utility=self.utility)
        one_of(COUNTS, count=self.count)

    def remember(self, network: Network) -> dict[str, Tensor]:
        memory = {}
        for units in self._replaceable(network.units()):
            weight = units.incoming.weight
            for what in ("utility", "mean", "age"):
                memory[f"{units.name}.{what}"] = torch.zeros(units.number, device=weight.device)
            memory[f"{units.name}.due"] = torch.zeros((), device=weight.device, dtype=torch.float64)
        return memory

    def after_step(self, learner: LearnerState) -> None:
        if self.replacement_rate == 0:
            return
        chosen_units = [
            (units, *self._choose(units, activations, learner.memory))
            for units, activations in zip(learner.units, learner.activations, strict=True)
            if f"{units.name}.age" in learner.memory
        ]
        for units, chosen, mean in chosen_units:
            at_most = math.floor(self.replacement_rate * units.number) + 1  # less than 1 was due before this step
            replace_units(learner, units, chosen, passed_on=mean, at_most=at_most)

    def _replaceable(self, units: list[Units]) -> list[Units]:
        return [layer for layer in units if self.stream or not layer.on_stream]

    def _choose(
        self, units: Units, activations: Float[Tensor, "batch unit position"], memory: MutableMapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """The units to replace as a mask, and every unit's mean activation."""
        utility, mean, age = (memory[f"{units.name}.{what}"] for what in ("utility", "mean", "age"))
        age += 1
        correction = 1 - self.decay**age
        mean.mul_(self.decay).add_(activations.mean(dim=(0, 2)), alpha=1 - self.decay)
        worth = self._worth(units, activations, mean / correction)
        utility.mul_(self.decay).add_(worth, alpha=1 - self.decay)

        mature = age > self.maturity
        due = memory[f"{units.name}.due"]
        eligible = mature.sum() if self.count == "mature" else units.number * mature.any()
        due += self.replacement_rate * eligible.double()
        number = due.floor()
        due -= number

        worth = (utility / correction).masked_fill(~mature, float("inf"))
        chosen = mature & (worth.argsort(stable=True).argsort() < number)
        mean_now = mean / correction
        for kept in (utility, mean, age):
            kept.masked_fill_(chosen, 0)
        return chosen, mean_now

    def _worth(self, units: Units, activations: Tensor, mean: Float[Tensor, " unit"]) -> Float[Tensor, " unit"]:
        """The momentary utility y of every unit. Where a linear layer reads maps, each position has its own weights."""
        out = units.outgoing_by_unit().abs().mean(dim=0)
        if isinstance(units.outgoing, nn.Conv2d):
            out = out.mean(dim=1, keepdim=True)
        if self.utility == "adaptable_contribution":
            activations = activations - mean[:, None]
        contribution = (activations.abs().mean(dim=0) * out).mean(dim=1)
        if self.utility == "contribution":
            return contribution
        return contribution / units.incoming.weight.abs().flatten(1).mean(dim=1)
