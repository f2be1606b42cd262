"""Networks of a plan as they were after chosen tasks, for a notebook to look into, with the rows of their learners."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from lop_tutorial.networks import Network
from lop_tutorial.running.measures import measure
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Results
from lop_tutorial.running.walk_tasks import row_of, walk_tasks
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner


@dataclass(frozen=True)
class Snapshots:
    """The learners of one method: their results, and copies of their networks."""

    results: Results
    networks: Mapping[tuple[int, int], Network]
    """By seed and number of tasks learned."""


def snapshots(plan: Plan, keep: Collection[int], method: str = "none", device: str = "cpu") -> Snapshots:
    """Trains the plan's seeds with one method, all in one fleet, and keeps a copy of each network after these tasks.

    Tasks are counted from 1. Where networks are kept, the plan's measures are taken too; elsewhere they are NaN.

    Raises a ValueError for a task that does not come.
    """
    if not all(1 <= task <= plan.tasks for task in keep):
        raise ValueError(f"keep is {sorted(keep)}; tasks go from 1 to {plan.tasks}")
    networks: dict[tuple[int, int], Network] = {}

    def look(learner: Learner, task: Task) -> Mapping[str, float]:
        if task.index + 1 not in keep:
            return {}
        networks[learner.seed, task.index + 1] = copy.deepcopy(learner.network).eval()
        return measure(plan.measures, learner.network, task)

    walk = walk_tasks(plan, [(method, seed) for seed in plan.seeds], device, after=look)
    rows = [row_of(plan, method, visit) for visits in walk for visit in visits if visit]
    return Snapshots(Results(tuple(rows)), networks)
