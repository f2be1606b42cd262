"""Plasticity injection: new units take over the learning, and what the network says stays what it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.interventions.replacement import optimiser_state
from lop_tutorial.networks import MLP, Network


@dataclass(frozen=True)
class PlasticityInjection(Intervention):
    """Q = h_old(z) + h_new(z) - h_kept(z): h_old and h_kept rest from then on, h_new learns (Nikishin et al. 2023).

    z is what the layers below the last hidden one put out, which learn on throughout; each h is a last hidden layer of
    the network's own width with a head. h_new and h_kept begin with the same fresh weights, so that at the moment of
    injection nothing changes but which weights learn. Before, only h_old does.

    It fits hooks of fixed shapes, because the network has room for all three from the start: it is built with a last
    hidden layer three times as wide, and weights that rest are put back after each step. `at` is the number of the task
    before which it happens, counted from 0; 0 is never, and then nothing is built. The network must be an `MLP` of two
    hidden layers or more: with one, h would see the input itself. Measures of units and ranks count what rests, too.

    Nothing in it is of reinforcement learning; a supervised learner takes it as well.
    """

    title: ClassVar[str] = "Injection"
    source: ClassVar[str] = "nikishin2023"
    at: int = 1

    def __post_init__(self) -> None:
        at_least(0, at=self.at)

    def build(self, make: Callable[[], Network]) -> Network:
        network = make()
        if self.at == 0:
            return network
        place = [number for number, layer in enumerate(network.body) if isinstance(layer, nn.Linear)]
        if not isinstance(network, MLP) or len(place) < 2:
            raise ValueError("plasticity injection needs an MLP with at least two hidden layers")
        last, head = network.body[place[-1]], network.head
        assert isinstance(last, nn.Linear)
        fresh_last, fresh_head = nn.Linear(last.in_features, last.out_features), nn.Linear(*head.weight.shape[::-1])
        wide = nn.Linear(last.in_features, 3 * last.out_features)
        wide_head = nn.Linear(3 * last.out_features, head.out_features)
        with torch.no_grad():
            wide.weight.copy_(torch.cat([last.weight, fresh_last.weight, fresh_last.weight]))
            wide.bias.copy_(torch.cat([last.bias, fresh_last.bias, fresh_last.bias]))
            wide_head.weight.copy_(torch.cat([head.weight, fresh_head.weight, -fresh_head.weight], dim=1))
            wide_head.bias.copy_(head.bias)  # one bias does for all: those of new and kept cancel
        network.body[place[-1]], network.head = wide, wide_head
        return network

    def remember(self, network: Network) -> dict[str, Tensor]:
        if self.at == 0:
            return {}
        kept = {name: weight.detach().clone() for name, weight in self._split(network).items()}
        return kept | {"task": torch.zeros((), dtype=torch.int64, device=network.head.weight.device)}

    def start_task(self, learner: LearnerState) -> None:
        if self.at == 0:
            return
        learner.memory["task"] += 1
        due = learner.memory["task"] == self.at
        for name, weight in self._split(learner.network).items():
            learner.memory[name] = weight.detach().clone()
            for moment in optimiser_state(learner.optimiser, weight):
                moment.masked_fill_(due, 0)

    def after_step(self, learner: LearnerState) -> None:
        if self.at == 0:
            return
        injected = learner.memory["task"] >= self.at
        for name, weight in self._split(learner.network).items():
            weight.copy_(torch.where(self._rests(name, weight, injected), learner.memory[name], weight))

    @staticmethod
    def _split(network: Network) -> dict[str, Tensor]:
        """The weights that belong to the three, by name; the head's bias belongs to all and learns on."""
        last = network.units()[-1].incoming
        assert last.bias is not None
        return {"last.weight": last.weight, "last.bias": last.bias, "head.weight": network.head.weight}

    @staticmethod
    def _rests(name: str, weight: Tensor, injected: Bool[Tensor, ""]) -> Bool[Tensor, "unit *one"]:
        """Which units' weights rest: before, those of new and kept; after, those of old and kept."""
        units = weight.shape[1] if name == "head.weight" else weight.shape[0]
        third = torch.arange(units, device=weight.device) * 3 // units
        rests = (third == 2) | (third == torch.where(injected, 0, 1))
        return rests if name != "last.weight" else rests[:, None]
