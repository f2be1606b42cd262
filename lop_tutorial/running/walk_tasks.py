"""The one loop of an experiment: learners of a plan, task after task, with a look at each before and after it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import torch

from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Row
from lop_tutorial.streams import Task
from lop_tutorial.training import Fleet, Learner, Outcome
from lop_tutorial.training.cpu import keep_memory

Look = Callable[[Learner, Task], Any]
"""What is measured, or changed, of a learner at a task; the task lies on the learner's device."""

Begin = Callable[[Sequence[Learner]], tuple[int, Sequence[bool]]]
"""Given the new learners, the number of their next task, and for each whether it has diverged already."""


class Visit(NamedTuple):
    """One learner at one task: what it achieved, and what the looks gave, or None."""

    learner: Learner
    task: Task
    outcome: Outcome
    before: Any
    after: Any


def walk_tasks(
    plan: Plan,
    members: Sequence[tuple[str, int]],
    device: str = "cpu",
    *,
    before: Look | None = None,
    after: Look | None = None,
    begin: Begin | None = None,
) -> Iterator[list[Visit | None]]:
    """Trains `members`, as (method, seed), on the plan's tasks; gives their visits task by task, in their order.

    One member is a plain `Learner`; several are a `Fleet`, and their networks must have the same layers. All train with
    the plan's precision, on tasks made on the device. `before(learner, task)` is called before the task's first step
    (what it changes in the learner's network holds), `after(learner, task)` once it has been learned. A learner that
    has diverged has None from the next task on; the walk ends after the plan's last task, with the stream, or where all
    learners have diverged. On a CPU the process is held to one thread: small networks gain nothing from more, and the
    number of threads changes last digits.
    """
    if torch.device(device).type == "cpu":
        torch.set_num_threads(1)
        keep_memory()
    images = plan.images_on(device)
    streams = {seed: plan.stream(seed, images) for _, seed in members}
    learners, learn = _learners(plan, members, device)
    first, diverged = begin(learners) if begin else (0, ())
    gone = list(diverged) or [False] * len(learners)
    ends = [plan.tasks, *(stream.length for stream in streams.values() if stream.length is not None)]
    for number in range(first, min(ends)):
        if all(gone):
            return
        tasks = {seed: stream.task(number).to(device) for seed, stream in streams.items()}
        there = [None if lost else (one, tasks[one.seed]) for one, lost in zip(learners, gone, strict=True)]
        looks = [before(*place) if before and place else None for place in there]
        outcomes = learn(tasks)
        visits = [
            Visit(*place, outcome, look, after(*place) if after and not outcome.diverged else None) if place else None
            for place, outcome, look in zip(there, outcomes, looks, strict=True)
        ]
        gone = [visit is None or visit.outcome.diverged for visit in visits]
        yield visits


def row_of(plan: Plan, method: str, visit: Visit) -> Row:
    """A row of metrics: the outcome, and the plan's measures, which are NaN where the look after the task gave none."""
    outcome = {name: value for name, value in asdict(visit.outcome).items() if value is not None}
    measured = visit.after or dict.fromkeys(plan.measured, math.nan)
    return {**plan.place, "method": method, "seed": visit.learner.seed, **outcome, **measured}


def _learners(
    plan: Plan, members: Sequence[tuple[str, int]], device: str
) -> tuple[Sequence[Learner], Callable[[dict[int, Task]], list[Outcome]]]:
    """The members as new learners, and what trains all of them on their seeds' tasks."""
    if len(members) == 1:
        ((method, seed),) = members
        alone = plan.learner(method, seed, device)
        return [alone], lambda tasks: [alone.learn(tasks[seed])]
    crew = [(plan.intervention(method), seed) for method, seed in members]
    fleet = Fleet(plan.make_network, plan.training, crew, device=device, precision=plan.precision)
    return fleet.learners, fleet.learn
