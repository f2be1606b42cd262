"""Where the points of a new task land in the representation before they are learned, and where learning takes them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64

from lop_tutorial.geometry import ftle, summary
from lop_tutorial.interventions import intervention
from lop_tutorial.networks import Network
from lop_tutorial.running.plan import Plan
from lop_tutorial.streams import Task
from lop_tutorial.training import Fleet, Learner


@dataclass(frozen=True)
class Arrivals:
    """Every task's training points in the representation of every learner, and the medians of the exponents there.

    The axis `moment` is 0 before the first step of the task and 1 after the last. An accuracy is NaN where the network
    had diverged.
    """

    methods: tuple[str, ...]
    seeds: tuple[int, ...]
    labels: Int64[np.ndarray, "seed task point"]
    points: Float[np.ndarray, "moment method seed task point width"]
    exponents: Float64[np.ndarray, "moment method seed task"]
    train_accuracy: Float64[np.ndarray, "method seed task"]
    test_accuracy: Float64[np.ndarray, "method seed task"]

    def of(self, quantity: str, method: str, moment: int | None = None) -> Float64[np.ndarray, "seed task"]:
        """One method's `train_accuracy` or `test_accuracy`; or, at a moment, its `exponents` or `places`."""
        values = self.places if quantity == "places" else getattr(self, quantity)
        values = values if moment is None else values[moment]
        return values[self.methods.index(method)]

    @property
    def places(self) -> Float64[np.ndarray, "moment method seed task"]:
        """How many different places the points of a task take; see `places`."""
        *axes, _, _ = self.points.shape
        flat = self.points.reshape(-1, *self.points.shape[-2:])
        return np.array([places(cloud) for cloud in flat], dtype=float).reshape(axes)

    def landed(self, method: str, radius: float | int = 0.05) -> Float64[np.ndarray, "seed task"]:
        """The share of a task's points that lie, before it is learned, where the task before put some of its own.

        "Where" is within `radius` of one of them in the representation. Before the first task there is none: NaN.
        """
        before, after = self.points[:, self.methods.index(method)]
        apart = np.linalg.norm(before[:, 1:, :, None] - after[:, :-1, None], axis=-1).min(axis=-1)
        return np.pad((apart < radius).mean(axis=-1), ((0, 0), (1, 0)), constant_values=np.nan)


def places(points: Float[np.ndarray, "point width"], side: float | int = 0.1) -> int:
    """How many squares (cubes, ...) of that side hold a point. Few, where many points have come to lie together."""
    if not side > 0:
        raise ValueError(f"side is {side}; it must be above 0")
    return len(np.unique(np.floor(points / side), axis=0))


def beginning(learner: Learner, task: Task) -> Network:
    """The network with which a learner begins a task: after its intervention's word, before the first step.

    The learner itself is left as it is.
    """
    copied = deepcopy(learner, {id(learner.make_network): learner.make_network})
    copied.start(task)
    return copied.network.eval()


def arrivals(plan: Plan) -> Arrivals:
    """Trains the learners of a plan, and looks at each task's training points before it and after it.

    Learners are those of `rows`. A network that has diverged trains on, as NaN.
    """
    torch.set_num_threads(1)
    crew = [(intervention(method), seed) for method in plan.methods for seed in plan.seeds]
    fleet = Fleet(plan.make_network, plan.training, crew)
    streams = {seed: islice(plan.stream(seed), plan.tasks) for seed in plan.seeds}
    found = [_one(fleet, dict(zip(plan.seeds, tasks, strict=True))) for tasks in zip(*streams.values(), strict=True)]
    labels, points, exponents, accuracies = (np.stack(parts, axis=-1) for parts in zip(*found, strict=True))
    shape = (len(plan.methods), len(plan.seeds))
    return Arrivals(
        plan.methods,
        tuple(plan.seeds),
        np.moveaxis(labels, -1, 1),
        np.moveaxis(points.reshape(2, *shape, *points.shape[2:]), -1, 3),
        exponents.reshape(2, *shape, -1),
        *accuracies.reshape(2, *shape, -1),
    )


def _one(fleet: Fleet, tasks: dict[int, Task]) -> Iterator[np.ndarray]:
    """Labels, points, exponents and accuracies of one task, for all learners of a fleet."""
    mine = [tasks[learner.seed] for learner in fleet.learners]
    seen = [[_look(beginning(one, task), task) for one, task in zip(fleet.learners, mine, strict=True)]]
    outcomes = fleet.learn(tasks)
    seen.append([_look(one.network.eval(), task) for one, task in zip(fleet.learners, mine, strict=True)])
    yield np.stack([task.train_y.numpy() for task in tasks.values()])
    yield np.array([[points for points, _ in row] for row in seen])
    yield np.array([[exponent for _, exponent in row] for row in seen])
    yield np.array([[one.train_accuracy for one in outcomes], [one.test_accuracy for one in outcomes]])


@torch.no_grad()
def _look(network: Network, task: Task) -> tuple[Float[np.ndarray, "point width"], float]:
    points = network.representation(task.train_x)
    return points.numpy(), summary(ftle(network, task.train_x)).quantiles[0.5]
