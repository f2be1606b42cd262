"""A plan's learners lived through in the notebook: their rows, and their networks as they were after chosen tasks."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from itertools import islice

import torch

from lop_tutorial.interventions import intervention
from lop_tutorial.networks import Network
from lop_tutorial.running.measures import measure
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Results, Row
from lop_tutorial.training import Fleet, live_together


@dataclass(frozen=True)
class Lives:
    """What became of the learners of one method."""

    results: Results
    networks: Mapping[tuple[int, int], Network]
    """By seed and number of tasks learned."""


def lives(plan: Plan, keep: Collection[int], method: str = "none", device: str = "cpu") -> Lives:
    """Trains the plan's seeds with one method, all in one fleet, and keeps a copy of each network after these tasks.

    Tasks are counted from 1. Where networks are kept, the plan's measures are taken too; elsewhere they are NaN. On a
    CPU it takes one thread.

    Raises a ValueError for a task that does not come.
    """
    if not all(1 <= task <= plan.tasks for task in keep):
        raise ValueError(f"keep is {sorted(keep)}; tasks go from 1 to {plan.tasks}")
    if device == "cpu":
        torch.set_num_threads(1)
    streams = {seed: plan.stream(seed) for seed in plan.seeds}
    fleet = Fleet(
        plan.make_network, plan.training, [(intervention(method), seed) for seed in plan.seeds], device=device
    )
    rows: list[Row] = []
    networks: dict[tuple[int, int], Network] = {}
    outcomes = live_together(fleet, {seed: islice(stream, plan.tasks) for seed, stream in streams.items()})
    for task, found in enumerate(outcomes, start=1):
        for learner, outcome in zip(fleet.learners, found, strict=True):
            if outcome is None:
                continue
            row: Row = {"method": method, "seed": learner.seed, **asdict(outcome)}
            row |= dict.fromkeys(plan.measured, float("nan"))
            if task in keep and not outcome.diverged:
                networks[learner.seed, task] = copy.deepcopy(learner.network).eval()
                row |= measure(plan.measures, learner.network, streams[learner.seed].task(task - 1).to(device))
            rows.append(row)
    return Lives(Results(tuple(rows)), networks)
