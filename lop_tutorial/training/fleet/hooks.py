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
from torch.utils._pytree import tree_map

from lop_tutorial.interventions import Examples, Intervention, Loss
from lop_tutorial.networks import Network, Units
from lop_tutorial.seeds import Draw, draw_for
from lop_tutorial.training.augmentation import Augment
from lop_tutorial.training.fitting import must_be_batch, must_be_loss, must_be_one_number
from lop_tutorial.training.fleet.stacked_losses import stacked_loss
from lop_tutorial.training.fleet.tasks import StackedTasks
from lop_tutorial.training.fleet.weights import Stack, keep_place
from lop_tutorial.training.learner import Learner

Stacked = list[dict[str, Tensor]]
AHEAD = 2**22  # random numbers drawn at a time for all learners of a group together


class Ahead:
    """The learners' random numbers for `steps` steps, drawn ahead in blocks: those that each would draw by itself."""

    def __init__(self, draws: Sequence[Draw], steps: int, device: torch.device | str = "cpu") -> None:
        self.draws, self.steps, self.device = draws, steps, torch.device(device)
        self._blocks: Iterator[Tensor] = iter(())

    def take(self, number: int) -> Float[Tensor, "learner number"]:
        """The numbers of one step."""
        block = next(self._blocks, None)
        if block is None:
            size = min(self.steps, max(1, AHEAD // max(1, number * len(self.draws))))
            drawn = torch.stack([draw.uniform(size, number) for draw in self.draws], dim=1)
            if self.device.type == "cuda":
                drawn = drawn.pin_memory().to(self.device, non_blocking=True)
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
    gradients: dict[str, Tensor] = field(default_factory=dict)
    activations: list[Tensor] = field(default_factory=list)
    draw: Draw = field(default_factory=lambda: _Given(None))

    def restart(self) -> None:
        raise RuntimeError("a learner restarts between tasks, not after a step")


class Group:
    """The learners of one intervention: its hooks, run for all of them at once, unless it does not override them.

    Memory and random numbers stay where they are from step to step and task to task, so that a step can be recorded.
    """

    def __init__(self, intervention: Intervention, where: slice, network: Network) -> None:
        self.intervention, self.where, self._one = intervention, where, _OneOfMany(network)
        self.memory: dict[str, Tensor] = {}
        self._ahead: dict[str, Ahead] = {}
        self._numbers: dict[str, Tensor] = {}
        self._batch: tuple[int, int] | None = None
        self._before = 0  # how many of a step's random numbers `before_step` takes

    def begin(self, learners: Sequence[Learner], steps: int, batch: tuple[int, int]) -> None:
        """Before a task's first step: memories are stacked, random numbers made ready for batches of this size.

        `batch` is the number of its examples and of its outputs.
        """
        if batch != self._batch:  # a step may need another number of them now
            self._numbers, self._batch = {}, batch
        for name in learners[0].memory:
            now = torch.stack([learner.memory[name] for learner in learners])
            self.memory[name] = keep_place(self.memory.get(name), now)
        device = learners[0].device
        for hook, draws in {
            "augment": [draw_for(learner.seed, "augmentation", learner.tasks_learned) for learner in learners],
            "batch": [draw_for(learner.seed, "mixing", learner.tasks_learned) for learner in learners],
            "step": [learner.draw for learner in learners],
        }.items():
            self._ahead[hook] = Ahead(draws, steps, device)

    def advance(self) -> None:
        """Before each step: its random numbers take the place of the last one's."""
        for hook, numbers in self._numbers.items():
            numbers.copy_(self._ahead[hook].take(numbers.shape[1]))

    def write_back(self, learners: Sequence[Learner]) -> None:
        for i, learner in enumerate(learners):
            learner.memory.update({name: values[i].clone() for name, values in self.memory.items()})

    def augment(self, how: Augment, x: Tensor) -> Tensor:
        numbers = self._given("augment", lambda draw: how(x[0], draw))
        return vmap(lambda x, given: how(x, _Given(given)))(x, numbers)

    def batch(self, x: Tensor, y: Tensor, tasks: StackedTasks, augment: Augment | None) -> tuple[Tensor, Tensor]:
        """`x`, `y`: the batch of this group's learners, which lies in `tasks` as it is without augmentation."""
        if not self.intervention.acts("batch"):
            return x, y
        (all_x, all_y), where = tasks.stored, tasks.where(self.where)

        def one(x: Tensor, y: Tensor, own: Any, draw: Draw) -> tuple[Tensor, Tensor]:
            by_class, batch, begin = own
            made = self.intervention.batch(x, y, draw, Examples(all_x, all_y, by_class, batch, begin, augment))
            return must_be_batch(made, x, y, self.intervention.title)

        numbers = self._given("batch", lambda draw: one(x[0], y[0], tree_map(lambda values: values[0], where), draw))
        return vmap(lambda x, y, own, given: one(x, y, own, _Given(given)))(x, y, where, numbers)

    def loss(self, default: Loss, logits: Tensor, y: Tensor, tensors: dict[str, Tensor]) -> Float[Tensor, " learner"]:
        """The learners' losses: they share no weight, so the gradient of their sum is each one's own."""
        logits, y = logits[self.where], y[self.where]

        def one(logits: Tensor, y: Tensor) -> Tensor:
            return must_be_loss(self.intervention.loss(default, logits, y), self.intervention.title)

        loss = vmap(one)(logits, y) if self.intervention.acts("loss") else stacked_loss(default, logits, y)
        if not self.intervention.acts("penalty"):
            return loss

        def penalty(tensors: dict[str, Tensor], memory: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
            term = self._call(self.intervention.penalty, tensors, {}, memory=memory)
            term = must_be_one_number(0.0 if term is None else term, self.intervention.title)
            return (term if isinstance(term, Tensor) else logits.new_tensor(term)), memory

        found, memory = vmap(penalty)({k: v[self.where] for k, v in tensors.items()}, dict(self.memory))
        self._remember(memory)
        return loss + found

    def before_step(self, stacked: Stack, activations: Sequence[Tensor]) -> None:
        self._change(stacked, activations, first=True)

    def after_step(self, stacked: Stack, activations: Sequence[Tensor]) -> None:
        self._change(stacked, activations, first=False)

    def _change(self, stacked: Stack, activations: Sequence[Tensor], *, first: bool) -> None:
        """The hook before the optimiser's step, or that after it; both draw from one step's random numbers in turn."""
        before, after = self.intervention.before_step, self.intervention.after_step
        if not self.intervention.acts("before_step" if first else "after_step"):
            return
        kept = [
            {name: values[self.where] for name, values in all_of.items()}
            for all_of in (stacked.tensors, stacked.momentum, stacked.gradients)
        ]
        seen = [values[self.where].float() for values in activations] if self.intervention.watches else []

        def one(kept: Stacked, memory: dict[str, Tensor], seen: list[Tensor], numbers: Tensor) -> dict[str, Tensor]:
            self._step_hook(before if first else after, kept, memory, seen, _Given(numbers))
            return memory

        def rehearse(draw: _Given) -> None:
            *own, memory = [{k: v[0].clone() for k, v in each.items()} for each in (*kept, self.memory)]
            self._step_hook(before, own, memory, [values[0] for values in seen], draw)
            self._before = draw.used
            self._step_hook(after, own, memory, [values[0] for values in seen], draw)

        numbers = self._given("step", rehearse)
        numbers = numbers[:, : self._before] if first else numbers[:, self._before :]
        self._remember(vmap(one)(kept, dict(self.memory), seen, numbers))

    def _step_hook(self, hook: Any, kept: Stacked, memory: dict[str, Tensor], seen: list[Tensor], draw: Draw) -> None:
        """A hook on weights and statistics, momenta and gradients."""
        tensors, momentum, gradients = kept
        by_unit = [units.by_unit(read) for units, read in zip(self._one.units, seen, strict=False)]
        self._call(hook, tensors, momentum, gradients=gradients, memory=memory, activations=by_unit, draw=draw)

    def _call(self, hook: Callable[[Any], Any], tensors: dict[str, Tensor], momentum: Any, **rest: Any) -> Any:
        named = {f"network.{name}": values for name, values in tensors.items()}
        return functional_call(self._one, named, (hook, momentum), rest)

    def _remember(self, memory: dict[str, Tensor]) -> None:
        for name, values in memory.items():
            self.memory[name] = keep_place(self.memory[name], values)

    def _given(self, hook: str, rehearse: Callable[[_Given], object]) -> Float[Tensor, "learner number"]:
        """The random numbers of one step; how many a hook needs is counted once, since its shapes are fixed."""
        if hook not in self._numbers:
            counting = _Given(None)
            rehearse(counting)
            self._numbers[hook] = self._ahead[hook].take(counting.used).clone()
        return self._numbers[hook]
