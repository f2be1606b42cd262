"""A user's own classes are tried in two short tasks before a run with them begins, so that none fails in its folder."""

from __future__ import annotations

from dataclasses import replace

from lop_tutorial.interventions.registry import without_settings
from lop_tutorial.own_classes import is_address
from lop_tutorial.running.plan import Plan
from lop_tutorial.streams import Task

TASKS = 2
"""In the second, `start_task` has been called too."""


def must_take_steps(plan: Plan, device: str = "cpu") -> None:
    """Whatever a user's network, stream or method raises in the first step of a task, in its beginning or its end.

    Nothing happens where a plan has no class of a user's. Methods that are not are tried with a network that is.
    """
    everywhere = is_address(plan.network) or is_address(plan.data)
    tried = [method for method in plan.methods if everywhere or ":" in without_settings(method)]
    at_one_width = plan.at(plan.widths[0] if plan.widths else None)
    stream = at_one_width.stream(plan.seeds[0]) if tried else None
    for method in tried:
        learner = at_one_width.learner(method, plan.seeds[0], device)
        for index in range(min(TASKS, plan.tasks)):
            assert stream is not None
            task = _shortened(stream.task(index), plan.training.batch_size).to(learner.device)
            for _ in learner.epochs(task, 1):
                pass
            learner.finish(task)


def _shortened(task: Task, batch: int) -> Task:
    """The task with one batch of training examples, and at most as many test examples, from all over each set."""
    train, test = (slice(None, None, max(1, len(y) // batch)) for y in (task.train_y, task.test_y))
    return replace(
        task,
        train_x=task.train_x[train][:batch],
        train_y=task.train_y[train][:batch],
        test_x=task.test_x[test][:batch],
        test_y=task.test_y[test][:batch],
    )
