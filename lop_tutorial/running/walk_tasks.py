"""The loop of every experiment: learners of a plan, task after task, each observed before and after every task."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import torch

from lop_tutorial.running.death import at_chance
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Row
from lop_tutorial.streams import Task
from lop_tutorial.training import Fleet, Learner, Outcome, faster_in_fleet
from lop_tutorial.training.cpu import keep_memory

Observer = Callable[[Learner, Task], Any]
"""What is measured, or changed, of a learner at a task; the task lies on the learner's device."""

Begin = Callable[[Sequence[Learner]], tuple[int, Sequence[bool], Sequence[int]]]
"""Given the new learners: the number of their next task; for each whether it has ended already, by divergence or death;
and for each how many tasks running it was at chance until then."""


class Visit(NamedTuple):
    """One learner at one task: what it achieved, and what `before` and `after` gave, or None."""

    learner: Learner
    task: Task
    outcome: Outcome
    before: Any
    after: Any
    at_chance: int
    """How many tasks running, with this one, it was at chance."""
    ended: bool
    """Whether this was its last task: it diverged, or is dead."""


def walk_tasks(
    plan: Plan,
    members: Sequence[tuple[str, int]],
    device: str = "cpu",
    *,
    before: Observer | None = None,
    after: Observer | None = None,
    begin: Begin | None = None,
) -> Iterator[list[Visit | None]]:
    """Trains `members`, as (method, seed), on the plan's tasks; gives their visits task by task, in their order.

    Members are a `Fleet`: their networks must have the same layers, and their methods the same step size. One member
    alone is a plain `Learner` where a fleet does not pay, or the plan measures its path; so the arithmetic of a learner
    does not depend on who else is trained. All train with the plan's precision, on tasks made on the device.
    `before(learner, task)` is called before the task's first step (what it changes in the learner's network holds),
    `after(learner, task)` once it is learned. A learner that has diverged, or is dead by the plan's `dead_after`, has
    None from the next task on; the walk ends after the plan's last task, with the stream, or where all learners have
    ended. On a CPU the process is held to one thread: small networks gain nothing from more, and the number of threads
    changes last digits.
    """
    if torch.device(device).type == "cpu":
        torch.set_num_threads(1)
        keep_memory()
    images = plan.images_on(device)
    streams = {seed: plan.stream(seed, images) for _, seed in members}
    learners, learn = _learners(plan, members, device)
    first, ended, at_chance_before = begin(learners) if begin else (0, (), ())
    gone, chance = list(ended) or [False] * len(learners), list(at_chance_before) or [0] * len(learners)
    ends = [plan.tasks, *(stream.length for stream in streams.values() if stream.length is not None)]
    for number in range(first, min(ends)):
        if all(gone):
            return
        tasks = {seed: stream.task(number).to(device) for seed, stream in streams.items()}
        there = [None if lost else (learner, tasks[learner.seed]) for learner, lost in zip(learners, gone, strict=True)]
        looks = [before(*place) if before and place else None for place in there]
        outcomes = learn(tasks)
        chance = [
            so_far + 1 if at_chance(outcome.train_accuracy, tasks[learner.seed].outputs) else 0
            for learner, outcome, so_far in zip(learners, outcomes, chance, strict=True)
        ]
        gone = [
            lost or outcome.diverged or 0 < plan.dead_after <= running
            for lost, outcome, running in zip(gone, outcomes, chance, strict=True)
        ]
        visits = [
            Visit(*place, outcome, look, after(*place) if after and not outcome.diverged else None, running, ended)
            if place
            else None
            for place, outcome, look, running, ended in zip(there, outcomes, looks, chance, gone, strict=True)
        ]
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
    (method, seed), *others = members
    alone = plan.learner(method, seed, device)
    if not others and ("path" in plan.measures or not faster_in_fleet(alone.network, device)):
        return [alone], lambda tasks: [alone.learn(tasks[seed])]
    crew = [(plan.intervention(method), seed) for method, seed in members]
    training = plan.training_of(members[0][0])
    fleet = Fleet(plan.make_network, training, crew, device=device, precision=plan.precision)
    return fleet.learners, fleet.learn
