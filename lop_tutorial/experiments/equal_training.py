"""Fresh networks watched epoch by epoch, to be compared with an old one where both fit their pictures equally well.

`lop-tutorial reproduce equal_training` makes the table: the fresh networks of `real_images`, 256 units wide, on its
last tasks and on three image sets. A network that has lost training accuracy has a smaller gap for that reason alone;
where a fresh one is stopped at the same training accuracy, what is left between their test accuracies is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lop_tutorial.experiments.catalogue import REAL_IMAGES
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import TableRow

SETS = ("cifar100", "tinyimagenet", "procedural")
WIDTH = 256
LAST = 10
"""How many of a life's tasks, from its end, are learned."""


def by_epoch(base: Plan, seed: int, device: str = "cpu") -> TableRow:
    """One seed's fresh networks, a new one for each of the last tasks: exactly those of Retrained in that plan.

    `tasks` are their numbers, counted from 0; `train_accuracy` and `test_accuracy` have a list a task: before the first
    step, then after each epoch.
    """
    stream, learner = base.stream(seed, base.images_on(device)), base.learner("retrained", seed, device)
    numbers = [*range(max(0, base.tasks - LAST), base.tasks)]
    row: TableRow = {"seed": seed, "tasks": numbers, "train_accuracy": [], "test_accuracy": []}
    for number in numbers:
        task = stream.task(number).to(learner.device)
        learner.tasks_learned = number  # weights and batches are drawn by it
        parts = {"train_accuracy": (task.train_x, task.train_y), "test_accuracy": (task.test_x, task.test_y)}
        looks = [
            {name: learner.evaluate(x, y, task.outputs)[1] for name, (x, y) in parts.items()}
            for _ in learner.epochs(task, base.training.epochs)
        ]
        for name in parts:
            row[name].append([look[name] for look in looks])
    return row


@dataclass(frozen=True)
class EqualTraining(Experiment):
    """An experiment on stored images."""

    def plan(self, data: str) -> Plan:
        """Where the learners on one image set come from."""
        wide = replace(REAL_IMAGES.at(WIDTH), methods=("retrained",), measures=(), data=data, data_root=self.root)
        return replace(wide, seeds=self.seeds, tasks=self.tasks or wide.tasks)

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json, with the images' content hash."""
        return super().as_config() | {"plans": {str(p["data"]): self.plan(p["data"]).as_config() for p in self.parts}}

    def rows_of(self, part: TableRow, device: str, workers: int) -> Iterable[TableRow]:
        """The rows of one image set; on one process."""
        return self.run(self.plan(part["data"]), self.seeds, device)


def _rows(base: Plan, seeds: Sequence[int], device: str) -> Iterator[TableRow]:
    return (by_epoch(base, seed, device) for seed in seeds)


EXPERIMENT = EqualTraining(
    "equal_training",
    "Fresh networks on the last tasks of real_images, after each epoch",
    _rows,
    parts=tuple({"data": data} for data in SETS),
    seeds=REAL_IMAGES.seeds,
    tasks=REAL_IMAGES.tasks,
)
