"""MANY learners at once: the steps of `learner.py`, on weights stacked along a first dimension, one entry a learner.

What happens once a task (start, restart, head, measurement) each learner does itself; what happens at every step the
fleet does for all of them together. Stacked are networks of linear layers, whose products become batched ones.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn.functional import layer_norm, one_hot

from lop_tutorial.interventions import Intervention
from lop_tutorial.networks import Network
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams import Task
from lop_tutorial.training.learner import LOSSES, Learner, Outcome, Training
from lop_tutorial.training.soundness import Soundness
from lop_tutorial.training.stacked import Group, Stack

ELEMENTWISE = (nn.ReLU, nn.Tanh, nn.LeakyReLU, nn.GELU, nn.Identity)


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
        if not training.uniform:
            raise ValueError("a fleet knows no milestones, no augmentation and no keep_best: train learners one by one")
        self.training, self.device = training, torch.device(device)
        self.learners = [Learner(make_network, training, how, seed=seed, device=device) for how, seed in learners]
        first = self.learners[0].network
        if not stackable(first):
            raise ValueError(f"a fleet stacks networks of linear layers; {type(first).__name__} has others")
        for one in self.learners:
            if str(one.network) != str(first):
                raise ValueError(f"{one.intervention.title} changes the network's layers: give it a fleet of its own")
        self._groups: list[Group] = []
        for how, members in itertools.groupby(self.learners, key=lambda one: one.intervention):
            begin = self._groups[-1].where.stop if self._groups else 0
            self._groups.append(Group(how, slice(begin, begin + len(list(members))), copy.deepcopy(first)))

    def learn(self, tasks: Mapping[int, Task]) -> list[Outcome]:
        """Each learner trains on its seed's task, all tasks of one size; the outcomes in the learners' order."""
        for learner in self.learners:
            learner.start(tasks[learner.seed])
        tasks = {seed: task.to(self.device) for seed, task in tasks.items()}
        x = torch.stack([task.train_x for task in tasks.values()])
        y = torch.stack([one_hot(task.train_y, task.outputs).float() for task in tasks.values()])
        places = {seed: place for place, seed in enumerate(tasks)}
        stream = torch.tensor([places[one.seed] for one in self.learners], device=self.device)
        stacked = Stack(self.learners)
        batches = list(self._batches(list(tasks), y.shape[1]))
        for group in self._groups:
            group.begin(self.learners[group.where], len(batches))
        self.soundness = Soundness()
        examples = x.shape[1]
        x, y = x.flatten(0, 1), y.flatten(0, 1)
        for batch in batches:
            now = (stream[:, None] * examples + batch[stream]).flatten()
            picked = (values.index_select(0, now).unflatten(0, (len(stream), -1)) for values in (x, y))
            self._step(stacked, *picked)
        stacked.write_back(self.learners)
        for group in self._groups:
            group.write_back(self.learners[group.where])
        for place, learner in enumerate(self.learners):
            learner.soundness = self.soundness.of(place)
        return [learner.finish(tasks[learner.seed]) for learner in self.learners]

    def _batches(self, seeds: Sequence[int], examples: int) -> Iterator[Int64[Tensor, "stream batch"]]:
        one = self.learners[0]
        order = [torch_generator(seed, "batches", one.tasks_learned) for seed in seeds]
        for _ in range(self.training.epochs):
            yield from map(torch.stack, zip(*(one.batches(examples, draw) for draw in order), strict=True))

    def _step(
        self,
        stacked: Stack,
        x: Float[Tensor, "learner batch *shape"],
        y: Float[Tensor, "learner batch outputs"],
    ) -> None:
        pairs = [group.batch(x[group.where], y[group.where]) for group in self._groups]
        x, y = (torch.cat(parts) if len(parts) > 1 else parts[0] for parts in zip(*pairs, strict=True))
        logits, activations = _forward(self.learners[0].network, stacked.weights, x)
        logits, default = logits[..., : y.shape[2]], LOSSES[self.training.loss]
        losses = torch.cat([group.loss(default, logits, y, stacked.weights) for group in self._groups])
        self.soundness.see(losses)
        stacked.optimiser.zero_grad()
        losses.sum().backward()
        stacked.optimiser.step()
        with torch.no_grad():
            for group in self._groups:
                group.after_step(stacked, activations)


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


def live_together(fleet: Fleet, streams: Mapping[int, Iterable[Task]]) -> Iterator[list[Outcome | None]]:
    """Task after task, from each seed's stream, all learners' outcomes; None once a learner has diverged."""
    gone = [False] * len(fleet.learners)
    for tasks in zip(*streams.values(), strict=True):
        outcomes = fleet.learn(dict(zip(streams, tasks, strict=True)))
        yield [None if lost else outcome for lost, outcome in zip(gone, outcomes, strict=True)]
        gone = [lost or outcome.diverged for lost, outcome in zip(gone, outcomes, strict=True)]
        if all(gone):
            return
