"""Where a task changes exponents: along straight ways from its own points to those of the next task."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.geometry import ftle
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import TableRow
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner

SHARES = (-0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)
"""Places on a way: 0 is a training point of the task, 1 one of the next task."""


def ways(task: Task, following: Task, shares: Sequence[float], number: int) -> Float[Tensor, "way share *shape"]:
    """Points on straight ways from training points of a task to training points of the next, evenly chosen.

    They lie on the first task's device.
    """
    first, last = (each.train_x[:: max(1, len(each.train_x) // number)][:number] for each in (task, following))
    last = last.to(first.device)
    along = torch.tensor(shares, dtype=first.dtype, device=first.device).view(1, -1, *[1] * (first.dim() - 1))
    return first[:, None] + along * (last - first)[:, None]


class DentProfile:
    """What `follow` measures at each task, by `prepare` and `also`: `profile`, the change of the median exponent.

    At each of `shares` the median is taken over `number` ways, before the task and after it; float64, per layer.
    """

    def __init__(self, experiment: Plan, shares: Sequence[float] = SHARES, number: int = 16) -> None:
        self.experiment, self.shares, self.number = experiment, tuple(shares), number
        self._before: dict[Learner, Tensor] = {}

    def prepare(self, learner: Learner, task: Task) -> None:
        """Notes the exponents before the task."""
        self._before[learner] = self._medians(learner, task)

    def __call__(self, learner: Learner, task: Task) -> TableRow:
        return {"profile": (self._medians(learner, task) - self._before[learner]).tolist()}

    def _medians(self, learner: Learner, task: Task) -> Float[Tensor, " share"]:
        following = self.experiment.stream(learner.seed).task(task.index + 1)
        points = ways(task, following, self.shares, self.number)
        exponents = ftle(learner.network, points.flatten(0, 1), method="exact", dtype=torch.float64)[:, 0]
        return exponents.view(len(points), -1).median(dim=0).values
