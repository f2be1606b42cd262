"""MANY learners at once: the steps of `learner.py`, on weights stacked along a first dimension, one entry a learner.

What happens once a task (start, restart, head, end) each learner does itself; what happens at every step, and the
measurement, the fleet does for all of them together.
"""

from __future__ import annotations

import itertools
import math
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from lop_tutorial.interventions import Intervention
from lop_tutorial.networks import Network
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams import Task
from lop_tutorial.training.augmentation import AUGMENTATIONS
from lop_tutorial.training.divergence import Divergence
from lop_tutorial.training.fitting import steps_told
from lop_tutorial.training.fleet.cuda_graph import Step
from lop_tutorial.training.fleet.forward import WAYS, Forward, plain_copy
from lop_tutorial.training.fleet.hooks import Group
from lop_tutorial.training.fleet.layers import convolutional, stackable
from lop_tutorial.training.fleet.tasks import StackedTasks
from lop_tutorial.training.fleet.weights import Stack, StackedBest
from lop_tutorial.training.learner import LOSSES, Learner, Outcome, Training
from lop_tutorial.training.precision import Precision, strict


def faster_in_fleet(network: Network, device: torch.device | str) -> bool:
    """Whether a fleet is the faster way to train such networks on a device.

    On a CPU it is for linear layers, whose products become batched ones. Convolutions have enough to do by themselves:
    there one process a core is faster (`benchmarks/fleet.py`).
    """
    return stackable(network) and (torch.device(device).type == "cuda" or not convolutional(network))


class Fleet:
    """Learners side by side, each with its intervention and its seed, whose networks have the same layers.

    Each ends with the weights that `Learner` gives it, up to rounding: batched products add in another order.
    Learners of one intervention should stand together, so that its hooks are run once for all of them.

    `way` is how convolutions are stacked, one of `WAYS`; all give the same. The default on a CPU is the fastest of them
    there; that on CUDA, "products", is not measured yet. `precision` is one of `PRECISIONS`. `capture`: on CUDA, steps
    are recorded once and replayed.

    Raises a ValueError for networks that differ in their layers, or have layers that cannot be stacked.
    """

    def __init__(
        self,
        make_network: Callable[[], Network],
        training: Training,
        learners: Sequence[tuple[Intervention, int]],
        *,
        device: torch.device | str = "cpu",
        precision: str = "fp32",
        way: str | None = None,
        capture: bool = True,
    ) -> None:
        self.training, self.device = training, torch.device(device)
        self.precision, self.capture = Precision(precision, self.device), capture
        self.learners = [
            Learner(make_network, training, how, seed=seed, device=device, precision=precision)
            for how, seed in learners
        ]
        if not self.learners:
            raise ValueError("learners is empty; a fleet needs one at the least")
        first = self.learners[0].network
        if not stackable(first):
            raise ValueError(
                f"a fleet does not know how to stack all layers of {type(first).__name__}, or it has a forward pass, "
                "hooks, frozen or shared weights of its own: train it with Learner"
            )
        for learner in self.learners:
            if str(learner.network) != str(first):
                raise ValueError(
                    f"{learner.intervention.title} changes the network's layers: give it a fleet of its own"
                )
        way = way or ("products" if self.device.type == "cuda" else "loop")
        if way not in WAYS:
            raise ValueError(f"way is {way!r}; it must be one of {', '.join(WAYS)}")
        self._groups: list[Group] = []
        for how, members in itertools.groupby(self.learners, key=lambda learner: learner.intervention):
            begin = self._groups[-1].where.stop if self._groups else 0
            where = slice(begin, begin + len(list(members)))
            self._groups.append(Group(how, where, plain_copy(self.learners[begin].network)))
        self._forward = Forward(first, way, watch=any(group.intervention.watches for group in self._groups))
        self._stack = Stack(self.learners)
        self._tasks = StackedTasks([learner.seed for learner in self.learners], self.device)
        self._step_now: tuple[Step, tuple[object, ...]] | None = None

    def learn(self, tasks: Mapping[int, Task]) -> list[Outcome]:
        """Each learner trains on its seed's task, all tasks of one size; the outcomes in the learners' order."""
        if self.training.keep_best:
            _ = [task.validation for task in tasks.values()]  # a ValueError where one has none
        if lacking := [one.seed for one in self.learners if one.seed not in tasks]:
            raise ValueError(f"there is no task for seed {lacking[0]}: give each learner's seed its task")
        for _ in self.epochs(tasks, self.training.epochs):
            pass
        self.write_back()
        for learner in self.learners:
            learner.end()
        return self._outcomes([tasks[learner.seed] for learner in self.learners])

    def write_back(self) -> None:
        """Gives the learners what has become of them, which `epochs` does not."""
        self._stack.write_back(self.learners)
        for group in self._groups:
            group.write_back(self.learners[group.where])

    def epochs(self, tasks: Mapping[int, Task], epochs: int) -> Iterator[int]:
        """Begins a task and trains on it: gives 0 before the first step, then 1, 2, ..., as `Learner.epochs` does."""
        for learner in self.learners:
            learner.start(tasks[learner.seed])
        self._stack.read(self.learners)
        self._tasks.fill(tasks)
        size = min(self.training.batch_size, self._tasks.length)
        steps = epochs * (self._tasks.length // size)
        for group in self._groups:
            group.begin(self.learners[group.where], steps, (size, self._tasks.outputs))
        order = [torch_generator(seed, "batches", self.learners[0].tasks_learned) for seed in self._tasks.streams]
        self.divergence = Divergence()
        best = StackedBest() if self.training.keep_best else None
        yield 0
        for epoch in range(1, epochs + 1):
            self._stack.set_step_size(self.training.step_size_in(epoch, epochs))
            for batch in self._batches(order):
                self._tasks.choose(batch)
                for group in self._groups:
                    group.advance()
                with steps_told():
                    self.divergence.see(self._step())
            if best:
                best.look(self.evaluate("valid")[1], self._stack)
            yield epoch
        if best:
            best.put_back(self._stack)
        self.divergence.settle()
        for place, learner in enumerate(self.learners):
            learner.divergence = self.divergence.of(place)

    def _batches(self, order: Sequence[torch.Generator]) -> Int64[Tensor, "step stream batch"]:
        """One epoch, on the device."""
        one, length = self.learners[0], self._tasks.length
        return torch.stack([one.batches(length, draw) for draw in order], dim=1)

    def _step(self) -> Float[Tensor, " learner"]:
        """The step on the batch chosen, recorded where that can be done."""
        if self._step_now is None or self._step_now[1] != self._tasks.addresses:
            capture = self.capture and (self._step_now is None or self._step_now[0].capture)  # what failed once, fails
            me = weakref.proxy(self)  # no cycle: a fleet's memory goes when it goes
            self._step_now = Step(lambda: me._take_step(), self.device, capture=capture), self._tasks.addresses
        return self._step_now[0]()

    @property
    def recorded(self) -> bool:
        """Whether the latest step was one recorded before."""
        return self._step_now is not None and self._step_now[0].recorded

    def _take_step(self) -> Float[Tensor, " learner"]:
        stack, augment = self._stack, AUGMENTATIONS[self.training.augmentation]
        x, y = self._tasks.batch()
        if augment:
            x = torch.cat([group.augment(augment, x[group.where]) for group in self._groups])
        pairs = [group.batch(x[group.where], y[group.where], self._tasks, augment) for group in self._groups]
        x, y = (torch.cat(parts) if len(parts) > 1 else parts[0] for parts in zip(*pairs, strict=True))
        with self.precision.step():
            with self.precision.forward():
                logits, activations = self._forward(stack.tensors, x, training=True)
            logits, default = logits[..., : y.shape[2]].float(), LOSSES[self.training.loss]
            losses = torch.cat([group.loss(default, logits, y, stack.tensors) for group in self._groups])
            stack.clear_gradients()
            losses.sum().backward()
        with torch.no_grad():
            for group in self._groups:
                group.before_step(stack, activations)
        stack.optimiser.step()
        with torch.no_grad():
            for group in self._groups:
                group.after_step(stack, activations)
        return losses.detach()

    @torch.no_grad()
    def evaluate(self, split: str, chunk: int = 500) -> tuple[Float[Tensor, " learner"], Float[Tensor, " learner"]]:
        """Mean loss and accuracy of every learner, on the device; the accuracy is NaN where a logit is not finite."""
        tasks = self._tasks
        with strict(self.device):
            parts = [
                self._forward(self._stack.tensors, x[tasks.stream], training=False)[0][..., : tasks.outputs]
                for x in tasks.chunks(split, chunk)
            ]
        logits, y = torch.cat(parts, dim=1), tasks.labels(split)
        labels = one_hot(y, tasks.outputs).float()
        # one by one: a sum's last digits must not depend on who else is in the fleet
        loss = torch.stack([LOSSES[self.training.loss](*own) for own in zip(logits, labels, strict=True)])
        accuracy = (logits.argmax(dim=2) == y).float().mean(dim=1)
        return loss, accuracy.where(logits.isfinite().all(dim=2).all(dim=1), math.nan)

    def _outcomes(self, tasks: Sequence[Task]) -> list[Outcome]:
        """What every learner achieved: gathered on the device, read once."""
        self._stack.read(self.learners)
        train_loss, train_accuracy = self.evaluate("train")
        _, test_accuracy = self.evaluate("test")
        table = torch.stack([train_loss, train_accuracy, test_accuracy], dim=1).tolist()
        return [learner.outcome(task, *row) for learner, task, row in zip(self.learners, tasks, table, strict=True)]


def live_together(fleet: Fleet, streams: Mapping[int, Iterable[Task]]) -> Iterator[list[Outcome | None]]:
    """Task after task, from each seed's stream, all learners' outcomes; None once a learner has diverged."""
    gone = [False] * len(fleet.learners)
    for tasks in zip(*streams.values(), strict=True):
        outcomes = fleet.learn(dict(zip(streams, tasks, strict=True)))
        yield [None if lost else outcome for lost, outcome in zip(gone, outcomes, strict=True)]
        gone = [lost or outcome.diverged for lost, outcome in zip(gone, outcomes, strict=True)]
        if all(gone):
            return
