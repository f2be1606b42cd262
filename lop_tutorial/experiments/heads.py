"""Which mixing helps a narrow network, by kind of head: open units and steps.

`lop-tutorial reproduce heads` makes the table that the chapter on theory shows, in some minutes on one core.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.inheritance import FITTED
from lop_tutorial.experiments.weight_walk import Walk
from lop_tutorial.networks import MLP, Network
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import TableRow
from lop_tutorial.running.walk_tasks import walk_tasks
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner

FOUR_HEADS = ("fresh", "gentle", "zero", "keep")
"""Drawn anew at each task; drawn anew a tenth as large; set to zero; kept."""
METHODS = {"none": "none", "between": "g_mixup:M=1:intra=0", "within": "g_mixup:M=1:intra=1:intra_weight=1"}
"""No mixing, mixing of inputs of different classes alone, and of one class alone."""
LAST = 10
"""Tasks over which the means are taken."""


class GentleHead(MLP):
    """An MLP whose head is drawn a tenth as large as usual."""

    def initialise_head(self) -> None:
        super().initialise_head()
        self.head.weight.data.mul_(0.1)


@dataclass(frozen=True)
class GentlePlan(Plan):
    """A plan of MLPs with such heads."""

    def make_network(self) -> Network:
        stream = self.stream(self.seeds[0])
        return GentleHead(stream.shape, stream.outputs, **self.network_settings)


def by_head(head: str, seeds: Sequence[int], tasks: int, device: str = "cpu") -> Iterator[TableRow]:
    """All `METHODS` with this head on the toys of two dimensions: a row a learner, means over the `LAST` tasks."""
    if head not in FOUR_HEADS:
        raise ValueError(f"head is {head!r}; it must be one of {', '.join(FOUR_HEADS)}")
    experiment = two_types(2)
    if head == "gentle":
        experiment = GentlePlan(**{field.name: getattr(experiment, field.name) for field in fields(Plan)})
    training = replace(experiment.training, head="fresh" if head == "gentle" else head)
    experiment = replace(experiment, training=training, tasks=tasks)
    look = Walk(experiment)

    def before(learner: Learner, task: Task) -> None:
        if task.index >= tasks - LAST:
            look.prepare(learner, task)

    def after(learner: Learner, task: Task) -> TableRow | None:
        return look(learner, task) if task.index >= tasks - LAST else None

    names = [(name, seed) for name in METHODS for seed in seeds]
    members = [(METHODS[name], seed) for name, seed in names]
    late: list[list[TableRow]] = [[] for _ in names]
    for visits in walk_tasks(experiment, members, device, before=before, after=after):
        for rows, visit in zip(late, visits, strict=True):
            if visit and visit.after:
                outcome = visit.outcome
                rows.append(
                    {"train_accuracy": outcome.train_accuracy, "test_accuracy": outcome.test_accuracy} | visit.after
                )
    kept = ("train_accuracy", "test_accuracy", "reference", "open", "step")
    for (name, seed), rows in zip(names, late, strict=True):
        means = {quantity: float(np.mean([row[quantity] for row in rows])) for quantity in kept}
        yield {"head": head, "method": name, "seed": seed} | means


EXPERIMENT = Experiment(
    "heads",
    "Toy points of two dimensions, open units by head and by mixing",
    by_head,
    parts=tuple({"head": head} for head in FOUR_HEADS),
    seeds=FITTED,
    tasks=40,
    settings={
        "network": two_types(2).network_settings,
        "step_size": two_types(2).training.step_size,
        "methods": METHODS,
        "means_over_last": LAST,
    },
)
