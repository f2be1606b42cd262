"""MANY learners at once: the steps of `learner.py`, on weights stacked along a first dimension, one entry a learner.

What happens once a task (start, restart, head, measurement) each learner does itself; what happens at every step the
fleet does for all of them together. Stacked are networks of linear layers, whose products become batched ones.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.functional import layer_norm, one_hot

from lop_tutorial.interventions import Intervention, Loss
from lop_tutorial.networks import Network, Units
from lop_tutorial.seeds import Draw, draw_for, torch_generator
from lop_tutorial.streams import Task
from lop_tutorial.training.learner import LOSSES, Learner, Outcome, Training

ELEMENTWISE = (nn.ReLU, nn.Tanh, nn.LeakyReLU, nn.GELU, nn.Identity)
AHEAD = 2**22  # random numbers drawn at a time for all learners together


def stackable(network: Network) -> bool:
    """Whether a fleet can train this kind of network."""
    known = (nn.Flatten, nn.Linear, nn.LayerNorm, *ELEMENTWISE)
    return all(isinstance(layer, known) for layer in network.body)


class Fleet:
    """Learners side by side, each with its intervention and its seed, whose networks have the same layers.

    Each ends with the weights that `Learner` gives it, up to rounding: batched products add in another order.
    Learners of one intervention should stand together, so that its hooks are run once for all of them.

    Raises a ValueError for networks that differ in their layers, or have layers that cannot be stacked.
    """

    def __init__(
        self,
        make_network: Callable[[], Network],
        training: Training,
        learners: Sequence[tuple[Intervention, int]],
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        self.training, self.device = training, torch.device(device)
        self.learners = [Learner(make_network, training, how, seed=seed, device=device) for how, seed in learners]
        first = self.learners[0].network
        if not stackable(first):
            raise ValueError(f"a fleet stacks networks of linear layers; {type(first).__name__} has others")
        for one in self.learners:
            if str(one.network) != str(first):
                raise ValueError(f"{one.intervention.title} changes the network's layers: give it a fleet of its own")
        self._groups: list[_Group] = []
        for how, members in itertools.groupby(self.learners, key=lambda one: one.intervention):
            begin = self._groups[-1].where.stop if self._groups else 0
            self._groups.append(_Group(how, slice(begin, begin + len(list(members))), copy.deepcopy(first)))

    def learn(self, tasks: Mapping[int, Task]) -> list[Outcome]:
        """Each learner trains on its seed's task, all tasks of one size; the outcomes in the learners' order."""
        for learner in self.learners:
            learner.start(tasks[learner.seed])
        tasks = {seed: task.to(self.device) for seed, task in tasks.items()}
        x = torch.stack([task.train_x for task in tasks.values()])
        y = torch.stack([one_hot(task.train_y, task.outputs).float() for task in tasks.values()])
        places = {seed: place for place, seed in enumerate(tasks)}
        stream = torch.tensor([places[one.seed] for one in self.learners], device=self.device)
        stacked = _Stack(self.learners)
        batches = list(self._batches(list(tasks), y.shape[1]))
        for group in self._groups:
            group.begin(self.learners[group.where], len(batches))
        examples = x.shape[1]
        x, y = x.flatten(0, 1), y.flatten(0, 1)
        for batch in batches:
            now = (stream[:, None] * examples + batch[stream]).flatten()
            picked = (values.index_select(0, now).unflatten(0, (len(stream), -1)) for values in (x, y))
            self._step(stacked, *picked)
        stacked.write_back(self.learners)
        for group in self._groups:
            group.write_back(self.learners[group.where])
        return [learner.finish(tasks[learner.seed]) for learner in self.learners]

    def _batches(self, seeds: Sequence[int], examples: int) -> Iterator[Int64[Tensor, "stream batch"]]:
        one = self.learners[0]
        order = [torch_generator(seed, "batches", one.tasks_learned) for seed in seeds]
        for _ in range(self.training.epochs):
            yield from map(torch.stack, zip(*(one.batches(examples, draw) for draw in order), strict=True))

    def _step(
        self,
        stacked: _Stack,
        x: Float[Tensor, "learner batch *shape"],
        y: Float[Tensor, "learner batch outputs"],
    ) -> None:
        pairs = [group.batch(x[group.where], y[group.where]) for group in self._groups]
        x, y = (torch.cat(parts) if len(parts) > 1 else parts[0] for parts in zip(*pairs, strict=True))
        logits, activations = _forward(self.learners[0].network, stacked.weights, x)
        logits, default = logits[..., : y.shape[2]], LOSSES[self.training.loss]
        loss = torch.stack([group.loss(default, logits, y, stacked.weights) for group in self._groups]).sum()
        stacked.optimiser.zero_grad()
        loss.backward()
        stacked.optimiser.step()
        with torch.no_grad():
            for group in self._groups:
                group.after_step(stacked, activations)


class _Stack:
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


def _forward(
    network: Network, weights: dict[str, Tensor], x: Float[Tensor, "learner batch *shape"]
) -> tuple[Float[Tensor, "learner batch outputs"], list[Float[Tensor, "learner batch unit"]]]:
    """Logits, and what every weighted layer after the first read: the hidden units' activations.

    Inside, a layer's outputs are (learner, unit, batch): so the gradients come out laid out as the weights are.
    """
    read: list[Tensor] = []
    x = x.flatten(2).mT
    for name, layer in [*network.body.named_children(), ("", network.head)]:
        prefix = f"body.{name}" if name else "head"
        if layer is network.head and network.scale != 1:
            x = network.scale * x
        if isinstance(layer, nn.Linear):
            read.append(x.detach().mT)
            x = torch.baddbmm(weights[f"{prefix}.bias"][..., None], weights[f"{prefix}.weight"], x)
        elif isinstance(layer, nn.LayerNorm):
            x = layer_norm(x.mT, layer.normalized_shape, eps=layer.eps).mT
            x = torch.addcmul(weights[f"{prefix}.bias"][..., None], x, weights[f"{prefix}.weight"][..., None])
        elif isinstance(layer, ELEMENTWISE):
            x = layer(x)
    return x.mT, read[1:]


class _Ahead:
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


class _Group:
    """The learners of one intervention: its hooks, run for all of them at once, unless it does not override them."""

    def __init__(self, intervention: Intervention, where: slice, network: Network) -> None:
        self.intervention, self.where, self._one = intervention, where, _OneOfMany(network)
        self._needs: dict[str, int] = {}
        self.memory: dict[str, Tensor] = {}

    def begin(self, learners: Sequence[Learner], steps: int) -> None:
        """Before a task's first step: memories are stacked, random numbers made ready."""
        self.memory = {k: torch.stack([one.memory[k] for one in learners]) for k in learners[0].memory}
        mixing = [draw_for(one.seed, "mixing", one.tasks_learned) for one in learners]
        self._ahead = {"batch": _Ahead(mixing, steps), "after_step": _Ahead([one.draw for one in learners], steps)}

    def write_back(self, learners: Sequence[Learner]) -> None:
        for i, learner in enumerate(learners):
            learner.memory.update({name: values[i].clone() for name, values in self.memory.items()})

    def batch(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if not self._acts("batch"):
            return x, y
        numbers = self._take("batch", lambda draw: self.intervention.batch(x[0], y[0], draw))
        return vmap(lambda x, y, given: self.intervention.batch(x, y, _Given(given)))(x, y, numbers)

    def loss(self, default: Loss, logits: Tensor, y: Tensor, weights: dict[str, Tensor]) -> Float[Tensor, ""]:
        """The sum of the learners' losses: they share no weight, so each has its own gradient."""
        logits, y = logits[self.where], y[self.where]
        loss = vmap(lambda logits, y: self.intervention.loss(default, logits, y))(logits, y).sum()
        if not self._acts("penalty"):
            return loss

        def penalty(weights: dict[str, Tensor], memory: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
            found = self._call(self.intervention.penalty, weights, {}, memory=memory)
            return (logits.new_zeros(()) if found is None else found), memory

        found, self.memory = vmap(penalty)({k: v[self.where] for k, v in weights.items()}, dict(self.memory))
        return loss + found.sum()

    def after_step(self, stacked: _Stack, activations: list[Tensor]) -> None:
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


def live_together(fleet: Fleet, streams: Mapping[int, Iterable[Task]]) -> Iterator[list[Outcome | None]]:
    """Task after task, from each seed's stream, all learners' outcomes; None once a learner has diverged."""
    gone = [False] * len(fleet.learners)
    for tasks in zip(*streams.values(), strict=True):
        outcomes = fleet.learn(dict(zip(streams, tasks, strict=True)))
        yield [None if lost else outcome for lost, outcome in zip(gone, outcomes, strict=True)]
        gone = [lost or outcome.diverged for lost, outcome in zip(gone, outcomes, strict=True)]
        if all(gone):
            return
