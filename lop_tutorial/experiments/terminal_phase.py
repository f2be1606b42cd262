"""The end of training: one network on one task, trained on long after it fits, and its geometry meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from torch import Tensor

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.geometry import neural_collapse, summary, variability, within
from lop_tutorial.interventions import NoIntervention
from lop_tutorial.networks import MLP, Network
from lop_tutorial.streams import ClassIncrements, Pixels, Stream, Task, ToyPoints
from lop_tutorial.training import Fleet, Learner, Training, watch

LONG = Training(step_size=0.3, weight_decay=1.5e-3, batch_size=1000, epochs=600, loss="squared_error", head="keep")
"""Gradient descent on all samples at once, with momentum and a decay of all weights."""


def three_clouds(seed: int, dimensions: int = 3, distance: float | int = 6.0) -> ToyPoints:
    """Three clouds of 32 points, which hardly overlap: a straight cut between two of them errs on 1 in 700."""
    return ToyPoints(seed, dimensions=dimensions, classes=3, distance=distance)


def four_kinds(seed: int) -> ClassIncrements:
    """Four kinds of procedural pictures, 50 of each, at eight by eight pixels: 192 numbers."""
    images = ProceduralImages(number=4, train=50, test=50, size=8, seed=seed)
    return ClassIncrements(images, seed, increment=4, pixels=Pixels())


class Look(NamedTuple):
    """A network after so many epochs, and the task that it learns. It trains on: measure, and do not change it."""

    epoch: int
    network: Network
    task: Task

    @property
    def features(self) -> Float[Tensor, "sample width"]:
        """The representations of the training samples."""
        with torch.no_grad():
            return self.network.eval().representation(self.task.train_x)


@dataclass(frozen=True)
class Traces:
    """What was measured: for each quantity an array (seeds, looks)."""

    epochs: Int64[np.ndarray, " look"]
    values: Mapping[str, Float64[np.ndarray, "seed look"]]

    def __getitem__(self, quantity: str) -> Float64[np.ndarray, "seed look"]:
        if quantity not in self.values:
            raise KeyError(f"{quantity!r} was not measured; there are {', '.join(self.values)}")
        return self.values[quantity]

    @property
    def fitted(self) -> Int64[np.ndarray, " seed"]:
        """For each seed, the first look from which on its training accuracy is 1: its place in `epochs`.

        Where there is none, it is the number of looks.
        """
        below = self["train_accuracy"] < 1
        return np.where(below.any(axis=1), len(self.epochs) - below[:, ::-1].argmax(axis=1), 0)

    def when_fitted(self, quantity: str) -> Float64[np.ndarray, " seed"]:
        """The values at the look that `fitted` names, where the terminal phase begins; NaN where it never does."""
        values, places = self[quantity], self.fitted
        fitted = np.take_along_axis(values, np.minimum(places, len(self.epochs) - 1)[:, None], axis=1)[:, 0]
        return np.where(places < len(self.epochs), fitted, np.nan)

    def at_end(self, quantity: str) -> Float64[np.ndarray, " seed"]:
        """The values at the last look."""
        return self[quantity][:, -1]


@dataclass(frozen=True)
class TerminalPhase:
    """An MLP whose representation has `width` dimensions, on the first task of a stream; a learner for every seed.

    Below the representation lie two hidden layers of 64 units with ReLU. The representation itself is linear in the
    last of them: free to lie anywhere, as the unconstrained features model has it.
    """

    stream: Callable[[int], Stream] = three_clouds
    width: int = 2
    training: Training = LONG
    looks: int = 16
    seeds: tuple[int, ...] = tuple(range(8))

    @property
    def epochs(self) -> list[int]:
        """When to look: before training, then at ratios as equal as whole numbers allow, and at the end."""
        return [0, *sorted({round(float(e)) for e in np.geomspace(1, self.training.epochs, self.looks)})]

    def watch(self, seed: int) -> Iterator[Look]:
        """Trains the learner of that seed, and shows its network at each of `epochs`."""
        learner, task = Learner(self._network, self.training, seed=seed), self.stream(seed).task(0)
        for epoch in watch(learner, task, self.epochs):
            yield Look(epoch, learner.network, task)

    def watch_all(self) -> Iterator[list[Look]]:
        """As `watch`, all seeds at once: their looks at each of `epochs`, up to rounding, in a fraction of the time."""
        fleet = Fleet(self._network, self.training, [(NoIntervention(), seed) for seed in self.seeds])
        tasks = {seed: self.stream(seed).task(0) for seed in self.seeds}
        for epoch in fleet.epochs(tasks, self.training.epochs):
            if epoch in self.epochs:
                fleet.write_back()
                yield [Look(epoch, learner.network, tasks[learner.seed]) for learner in fleet.learners]

    def measure(self) -> Traces:
        """Trains all seeds and measures, at every look, what `measured` gives."""
        rows = [[measured(look) for look in looks] for looks in self.watch_all()]
        values = {name: np.array([[row[name] for row in each] for each in rows]).T for name in rows[0][0]}
        return Traces(np.array(self.epochs), values)

    def _network(self) -> MLP:
        stream = self.stream(self.seeds[0])
        return MLP(stream.shape, stream.outputs, hidden=(64, 64, self.width), last_activation="linear")


@torch.no_grad()
def measured(look: Look) -> dict[str, float]:
    """Accuracies, the five numbers of `neural_collapse`, the two of `variability`, and lambda within classes.

    All is of the training samples, but for `test_accuracy` and `nc1_new`, the NC1 of the test samples. `size` is the
    class means' distance from their centre (root mean square), `ftle` the mean of the leading exponents within classes,
    of those that are finite.
    """
    _, network, task = look
    features, head = look.features, network.head
    exponents = summary(within(network, task.train_x, task.train_y))
    return {
        "train_accuracy": _accuracy(network, task.train_x, task.train_y),
        "test_accuracy": _accuracy(network, task.test_x, task.test_y),
        **neural_collapse(features, task.train_y, head.weight, head.bias)._asdict(),
        "nc1_new": neural_collapse(network.representation(task.test_x), task.test_y, head.weight, head.bias).nc1,
        **variability(features, task.train_y)._asdict(),
        "size": _class_means(features, task.train_y).std(dim=0, correction=0).norm().item(),
        "ftle": exponents.mean,
    }


def _accuracy(network: Network, x: Float[Tensor, "batch *shape"], y: Int64[Tensor, " batch"]) -> float:
    return (network(x).argmax(dim=1) == y).double().mean().item()


def _class_means(
    features: Float[Tensor, "sample width"], labels: Int64[Tensor, " sample"]
) -> Float[Tensor, "class width"]:
    return torch.stack([features[labels == k].double().mean(dim=0) for k in range(int(labels.max()) + 1)])
