"""The trial of the suspects: what every measure says before a task, and how well the task is then learned.

`lop-tutorial reproduce suspects` makes the table: a row a network and measured task, with every suspect of
`geometry.line_up`, the two controls, and the accuracies at the task's end. What counts as a verdict was written down
before it ran, in `results/suspects.md`. It needs the image sets `cifar100` and `tinyimagenet`. `suspects_held_out` does
the same in four other settings, chosen after the first verdicts stood, and needs none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lop_tutorial.experiments.arrivals import beginning
from lop_tutorial.experiments.catalogue import FIRST_LOOK, two_types
from lop_tutorial.experiments.inheritance import FITTED, HELD_OUT
from lop_tutorial.experiments.tables import PAIRS_COLAB
from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.geometry import snapshot
from lop_tutorial.geometry.line_up import LINE_UP, PER_CLASS, State, measure_all, some_of_each
from lop_tutorial.interventions import Retrained
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import TableRow
from lop_tutorial.running.walk_tasks import walk_tasks
from lop_tutorial.streams import Task
from lop_tutorial.training import LOSSES, Learner, faster_in_fleet

METHODS = (
    "none",
    "retrained",
    "g_mixup:M=1:intra=0",
    "g_mixup:M=1:intra=1:intra_weight=1",
    "g_mixup:M=1:intra_weight=1",
    "l2_init:strength=0.003",
    "cbp:replacement_rate=0.01:count=mature",
)
"""Nothing, a fresh network at each task, mixing between classes, within them and both, and two of the field's, of the
strengths of Table 1."""
EVERY = 5
"""Tasks from one measured to the next: the 5th, the 10th, ..."""
CONTROLS = ("task", "previous_test")
"""What any suspect must beat: the number of the task, and the test accuracy on the task before."""

_TOYS = {"type1": 2, "width_8": 8, "width_64": 64, "type2": 256}
_PAIRS = replace(
    PAIRS_COLAB,
    train_per_class=200,
    classes=(0, 80),
    training=replace(PAIRS_COLAB.training, batch_size=50),
    measures=(),
)
SETTINGS = (*_TOYS, "cifar100", "tinyimagenet")
"""Toy points at four widths of the representation, and SmallConv on pairs of classes of two image sets."""

_WIDE = two_types(128)
_HELD_OUT = {
    "width_4": two_types(4),
    "cross_entropy": replace(_WIDE, training=replace(_WIDE.training, loss="cross_entropy")),
    "relu_mlp": FIRST_LOOK,
    "drawn": replace(_PAIRS, data="procedural", procedural={"number": 40, "size": 16, "train": 200}, classes=None),
}
HELD_OUT_SETTINGS = tuple(_HELD_OUT)
"""Settings in which the verdicts of the others are tried: toy points at a width between theirs, and at 128 dimensions
under another loss; chapter 1's ReLU network on drawn pictures of 8 x 8 pixels; SmallConv on drawn pictures."""


def plan_of(setting: str, seeds: Sequence[int], tasks: int, root: Path | None = None) -> Plan:
    """The plan of one of `SETTINGS` or `HELD_OUT_SETTINGS`; ValueError says which there are."""
    if setting not in SETTINGS + HELD_OUT_SETTINGS:
        raise ValueError(f"setting is {setting!r}; known are {', '.join(SETTINGS + HELD_OUT_SETTINGS)}")
    if setting in _HELD_OUT:
        base = _HELD_OUT[setting]
    else:
        base = two_types(_TOYS[setting]) if setting in _TOYS else replace(_PAIRS, data=setting, data_root=root)
    name = f"suspects_{setting}"
    return replace(base, name=name, methods=METHODS, measures=(), seeds=tuple(seeds), tasks=tasks)


def state_of(learner: Learner, task: Task, start: dict[str, Any]) -> State:
    """A learner as it begins a task, on some of the task's training examples. The learner is left as it is."""
    network = beginning(learner, task)
    chosen = some_of_each(task.train_y, task.outputs)
    own = snapshot(network) if isinstance(learner.intervention, Retrained) else start
    return State(network, task.train_x[chosen], task.train_y[chosen], task.outputs, LOSSES[learner.training.loss], own)


def states(
    setting: str, method: str, seeds: Sequence[int], tasks: int, device: str = "cpu", root: Path | None = None
) -> Iterator[TableRow]:
    """The rows of one method in one setting, network by network; those of one that diverged end there."""
    plan = plan_of(setting, seeds, tasks, root)
    members = [(method, seed) for seed in seeds]
    together = faster_in_fleet(plan.make_network(), device)
    for crew in [members] if together else [[member] for member in members]:
        rows: dict[int, list[TableRow]] = {seed: [] for _, seed in crew}
        starts: dict[int, dict[str, Any]] = {}

        def before(learner: Learner, task: Task, starts: dict[int, dict[str, Any]] = starts) -> TableRow | None:
            if task.index == 0:
                starts[learner.seed] = snapshot(learner.network)
            if (task.index + 1) % EVERY:
                return None
            with fp32_precision():
                return measure_all(state_of(learner, task, starts[learner.seed]))

        previous = dict.fromkeys(rows, math.nan)
        for visits in walk_tasks(plan, crew, device, before=before):
            for visit in filter(None, visits):
                seed, outcome = visit.learner.seed, visit.outcome
                if visit.before:
                    place = {"seed": seed, "task": outcome.task, "previous_test": previous[seed]}
                    reached = {"train_accuracy": outcome.train_accuracy, "test_accuracy": outcome.test_accuracy}
                    rows[seed].append(place | reached | visit.before)
                previous[seed] = outcome.test_accuracy
        yield from (row for own in rows.values() for row in own)


@dataclass(frozen=True)
class Trial(Experiment):
    """An experiment on stored images, too."""

    methods: tuple[str, ...] = METHODS

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json, with each plan and its images' content hash."""
        places = dict.fromkeys(str(part["setting"]) for part in self.parts)
        plans = {name: plan_of(name, self.seeds, self.tasks or 0, self.root).as_config() for name in places}
        own = {"methods": list(self.methods)}
        return super().as_config() | {"plans": {name: plan | own for name, plan in plans.items()}}

    def rows_of(self, part: TableRow, device: str, workers: int) -> Iterator[TableRow]:
        """The rows of one method in one setting; on one process."""
        return states(**part, seeds=self.seeds, tasks=self.tasks or 0, device=device, root=self.root)


_MEASURED = {"suspects": [suspect.name for suspect in LINE_UP], "every": EVERY, "examples_per_class": PER_CLASS}
EXPERIMENT = Trial(
    "suspects",
    "What is said to tell, before a task, how well it will be learned, and how well it was",
    states,
    parts=tuple({"setting": setting, "method": method} for setting in SETTINGS for method in METHODS),
    seeds=FITTED + HELD_OUT,
    tasks=30,
    settings=_MEASURED,
)
_FEWER = (*METHODS[:4], METHODS[5])
HELD_OUT_TRIAL = Trial(
    "suspects_held_out",
    "The same in settings and with seeds on which no verdict rests",
    states,
    parts=tuple(
        {"setting": setting, "method": method}
        for setting in HELD_OUT_SETTINGS
        for method in (_FEWER if setting != "drawn" else _FEWER[:-1])  # which takes the longest
    ),
    seeds=tuple(range(300, 308)),
    tasks=30,
    methods=_FEWER,
    settings=_MEASURED,
)
