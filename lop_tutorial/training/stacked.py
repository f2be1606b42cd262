"""An intervention's hooks, run for many learners at once on their stacked tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call, vmap

from lop_tutorial.interventions import Intervention, Loss
from lop_tutorial.networks import Network, Units
from lop_tutorial.seeds import Draw, draw_for
from lop_tutorial.training.learner import Learner

AHEAD = 2**22  # random numbers drawn at a time for all learners of a group together


class Stack:
    """The weights of all learners, stacked for the length of a task, and one optimiser for them."""

    def __init__(self, learners: Sequence[Learner]) -> None:
        networks = [dict(one.network.named_parameters()) for one in learners]
        self.weights = {
            name: torch.stack([network[name].detach() for network in networks]).requires_grad_() for name in networks[0]
        }
        kept = {k: v for k, v in learners[0].optimiser.defaults.items() if k in ("lr", "momentum", "weight_decay")}
        self.optimiser = torch.optim.SGD(self.weights.values(), **kept, fused=True)
        for name, weight in self.weights.items():
            moments = [
                one.optimiser.state.get(network[name], {}).get("momentum_buffer")
                for one, network in zip(learners, networks, strict=True)
            ]
            if any(moment is not None for moment in moments):
                blank = torch.zeros_like(weight[0])
                whole = torch.stack([blank if moment is None else moment for moment in moments])
                self.optimiser.state[weight]["momentum_buffer"] = whole

    @property
    def momentum(self) -> dict[str, Tensor]:
        kept = {name: self.optimiser.state[weight].get("momentum_buffer") for name, weight in self.weights.items()}
        return {name: buffer for name, buffer in kept.items() if buffer is not None}

    @torch.no_grad()
    def write_back(self, learners: Sequence[Learner]) -> None:
        momentum = self.momentum
        for i, learner in enumerate(learners):
            for name, weight in learner.network.named_parameters():
                weight.copy_(self.weights[name][i])
                if name in momentum:
                    learner.optimiser.state[weight]["momentum_buffer"] = momentum[name][i].clone()


class Ahead:
    """The learners' random numbers for `steps` steps, drawn ahead in blocks: those that each would draw by itself."""

    def __init__(self, draws: Sequence[Draw], steps: int) -> None:
        self.draws, self.steps = draws, steps
        self._blocks: Iterator[Tensor] = iter(())

    def take(self, number: int) -> Float[Tensor, "learner number"]:
        """The numbers of one step."""
        block = next(self._blocks, None)
        if block is None:
            size = min(self.steps, max(1, AHEAD // max(1, number * len(self.draws))))
            drawn = torch.stack([draw.uniform(size, number) for draw in self.draws], dim=1)
            self.steps, self._blocks = self.steps - size, iter(drawn)
            block = next(self._blocks)
        return block


class _Given(Draw):
    """Hands out numbers that were drawn already; without any, it counts how many are asked for."""

    def __init__(self, numbers: Tensor | None) -> None:
        self._numbers, self.used = numbers, 0

    def uniform(self, *shape: int, device: torch.device | str = "cpu") -> Tensor:
        size = torch.Size(shape).numel()
        first, self.used = self.used, self.used + size
        if self._numbers is None:
            return torch.full(shape, 0.5, device=device)
        return self._numbers[first : self.used].view(shape).to(device, copy=True)


class _OneOfMany(nn.Module):
    """What a hook sees of a learner: entry by entry of the stacked tensors, under `vmap`."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.units: list[Units] = network.units()

    def forward(self, hook: Callable[[Any], Any], momentum: dict[str, Tensor], **rest: Any) -> Any:
        state = {
            weight: {"momentum_buffer": momentum[name]}
            for name, weight in self.network.named_parameters()
            if name in momentum
        }
        return hook(_Seen(self.network, self.units, SimpleNamespace(state=state), **rest))


@dataclass
class _Seen:
    """A learner as its hooks see it."""

    network: Network
    units: list[Units]
    optimiser: Any
    memory: dict[str, Tensor]
    activations: list[Tensor] = field(default_factory=list)
    draw: Draw = field(default_factory=lambda: _Given(None))

    def restart(self) -> None:
        raise RuntimeError("a learner restarts between tasks, not after a step")


class Group:
    """The learners of one intervention: its hooks, run for all of them at once, unless it does not override them."""

    def __init__(self, intervention: Intervention, where: slice, network: Network) -> None:
        self.intervention, self.where, self._one = intervention, where, _OneOfMany(network)
        self._needs: dict[str, int] = {}
        self.memory: dict[str, Tensor] = {}

    def begin(self, learners: Sequence[Learner], steps: int) -> None:
        """Before a task's first step: memories are stacked, random numbers made ready."""
        self.memory = {k: torch.stack([one.memory[k] for one in learners]) for k in learners[0].memory}
        mixing = [draw_for(one.seed, "mixing", one.tasks_learned) for one in learners]
        self._ahead = {"batch": Ahead(mixing, steps), "after_step": Ahead([one.draw for one in learners], steps)}

    def write_back(self, learners: Sequence[Learner]) -> None:
        for i, learner in enumerate(learners):
            learner.memory.update({name: values[i].clone() for name, values in self.memory.items()})

    def batch(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if not self._acts("batch"):
            return x, y
        numbers = self._take("batch", lambda draw: self.intervention.batch(x[0], y[0], draw))
        return vmap(lambda x, y, given: self.intervention.batch(x, y, _Given(given)))(x, y, numbers)

    def loss(self, default: Loss, logits: Tensor, y: Tensor, weights: dict[str, Tensor]) -> Float[Tensor, " learner"]:
        """The learners' losses: they share no weight, so the gradient of their sum is each one's own."""
        logits, y = logits[self.where], y[self.where]
        loss = vmap(lambda logits, y: self.intervention.loss(default, logits, y))(logits, y)
        if not self._acts("penalty"):
            return loss

        def penalty(weights: dict[str, Tensor], memory: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
            found = self._call(self.intervention.penalty, weights, {}, memory=memory)
            return (logits.new_zeros(()) if found is None else found), memory

        found, self.memory = vmap(penalty)({k: v[self.where] for k, v in weights.items()}, dict(self.memory))
        return loss + found

    def after_step(self, stacked: Stack, activations: list[Tensor]) -> None:
        if not self._acts("after_step"):
            return
        weights = {name: values[self.where] for name, values in stacked.weights.items()}
        momentum = {name: values[self.where] for name, values in stacked.momentum.items()}
        seen = [values[self.where] for values in activations] if self.intervention.watches else []

        def one(*state: Any) -> dict[str, Tensor]:
            weights, momentum, memory, seen, numbers = state
            self._after(weights, momentum, memory, seen, _Given(numbers))
            return memory

        def rehearse(draw: _Given) -> None:
            first = [{k: v[0].clone() for k, v in tensors.items()} for tensors in (weights, momentum, self.memory)]
            self._after(first[0], first[1], first[2], [values[0] for values in seen], draw)

        numbers = self._take("after_step", rehearse)
        self.memory = vmap(one)(weights, momentum, dict(self.memory), seen, numbers)

    def _after(self, weights: Any, momentum: Any, memory: Any, seen: list[Tensor], draw: _Given) -> None:
        by_unit = [units.by_unit(read) for units, read in zip(self._one.units, seen, strict=False)]
        self._call(self.intervention.after_step, weights, momentum, memory=memory, activations=by_unit, draw=draw)

    def _call(self, hook: Callable[[Any], Any], weights: dict[str, Tensor], momentum: Any, **rest: Any) -> Any:
        named = {f"network.{name}": weight for name, weight in weights.items()}
        return functional_call(self._one, named, (hook, momentum), rest)

    def _acts(self, name: str) -> bool:
        return getattr(type(self.intervention), name) is not getattr(Intervention, name)

    def _take(self, name: str, rehearse: Callable[[_Given], object]) -> Tensor:
        """The random numbers of one step; how many a hook needs is counted once, since its shapes are fixed."""
        if name not in self._needs:
            counting = _Given(None)
            rehearse(counting)
            self._needs[name] = counting.used
        return self._ahead[name].take(self._needs[name])
