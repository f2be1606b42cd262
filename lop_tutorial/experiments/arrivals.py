"""Where the points of a new task land in the representation before they are learned, and where learning takes them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64

from lop_tutorial.geometry import ftle, summary
from lop_tutorial.networks import Network
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.walk_tasks import walk_tasks
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner


@dataclass(frozen=True)
class Arrivals:
    """Every task's training points in the representation of every learner, and the medians of the exponents there.

    The axis `moment` is 0 before the first step of the task and 1 after the last. What is measured is NaN where the
    network had diverged.
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
        """The number of different places of a task's points; see the function `places`."""
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


def arrivals(plan: Plan, device: str = "cpu") -> Arrivals:
    """Trains the learners of a plan, and looks at each task's training points before it and after it.

    Learners are those of `rows`. Where a network has diverged, all is NaN.
    """
    members = [(method, seed) for method in plan.methods for seed in plan.seeds]
    labels = [[plan.stream(seed).task(t).train_y.numpy() for t in range(plan.tasks)] for seed in plan.seeds]
    shape = (2, len(plan.methods), len(plan.seeds), plan.tasks)
    exponents, accuracies = np.full((2, *shape), np.nan)
    width = plan.make_network().head.in_features
    points = np.full((*shape, len(labels[0][0]), width), np.nan, dtype=np.float32)
    walk = walk_tasks(
        plan,
        members,
        device,
        before=lambda learner, task: _look(beginning(learner, task), task),
        after=lambda learner, task: _look(learner.network.eval(), task),
    )
    for number, visits in enumerate(walk):
        for (m, s), visit in zip(np.ndindex(shape[1:3]), visits, strict=True):
            if visit:
                accuracies[:, m, s, number] = visit.outcome.train_accuracy, visit.outcome.test_accuracy
                for moment, look in enumerate((visit.before, visit.after)):
                    if look:
                        points[moment, m, s, number], exponents[moment, m, s, number] = look
    return Arrivals(plan.methods, tuple(plan.seeds), np.array(labels), points, exponents, *accuracies)


@torch.no_grad()
def _look(network: Network, task: Task) -> tuple[Float[np.ndarray, "point width"], float]:
    points = network.representation(task.train_x)
    return points.cpu().numpy(), summary(ftle(network, task.train_x)).quantiles[0.5]
