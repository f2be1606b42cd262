"""When is it real: networks that lived in different worlds, each put to the same new tasks beside a fresh one.

`lop-tutorial reproduce controls` makes the table: a row a network, with its accuracies over its life and on the tasks
that it is tried on afterwards. The worlds: tasks that change at once or gradually, one task alone, all tasks at once.
What counts as a verdict was written down before it ran, in `results/controls.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from typing import Any

import numpy as np
from torch import Tensor, nn

from lop_tutorial.experiments.catalogue import REAL_IMAGES, TYPE1, TYPE2
from lop_tutorial.networks import Network
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import TableRow
from lop_tutorial.running.walk_tasks import walk_tasks
from lop_tutorial.seeds import seeded
from lop_tutorial.streams import AllAtOnce, GradualChange, OnDevice, OneTask, PlaneWithin, Stream, Task
from lop_tutorial.training import Learner

SETTINGS = {"type1": TYPE1, "type2": TYPE2, "pictures": replace(REAL_IMAGES.at(2), widths=())}
"""Toy points with representations of 2 and 256 dimensions, and pairs of drawn pictures with one of 2."""
STAGES = 10
"""Parts of a task, between which the examples may change."""
WORLDS: Mapping[str, Callable[[Stream, int, int], Stream]] = {
    "abrupt": lambda base, seed, tasks: GradualChange(base, seed, share=0, stages=STAGES),
    "sliding": lambda base, seed, tasks: GradualChange(base, seed, share=1, stages=STAGES),
    "sampled": lambda base, seed, tasks: GradualChange(base, seed, share=1, stages=STAGES, form="sample"),
    "one_task": lambda base, seed, tasks: OneTask(base),
    "all_at_once": lambda base, seed, tasks: AllAtOnce(base, tasks),
}
"""What a stream of tasks becomes: tasks that come at once; inputs that slide over from task to task in a task's whole
time; inputs that are exchanged one by one in it; nothing but the first task; all tasks as one."""
HEADS = ("fresh", "keep")
"""Whether the head is drawn anew each time that a task's steps are over, as in the plans, or kept all along.

A network with a kept head is tried with it; one of the other kind with a new head, as it would go on."""
FRESH = "none yet"
"""The world of a network that has seen none."""
TRIALS = ("same", "plane", "labels")
"""New tasks of the same kind; clouds in a plane, told apart by a curve; and labels that mean nothing."""
FIRST, EACH = 1000, 3
"""Number of the first task that is tried, which no life reaches, and how many there are of each kind."""
CLOUDS = 4

States = Mapping[int, Mapping[str, Tensor]]
"""What networks carry from task to task, by seed: all weights, or those below the head where that is drawn anew."""


@dataclass(frozen=True)
class Lived(Plan):
    """A plan whose tasks come in one of `WORLDS`, for as many steps as a life of `life` tasks takes."""

    world: str = "abrupt"
    life: int = 1

    def stream(self, seed: int, images: OnDevice | None = None) -> Stream:
        return WORLDS[self.world](super().stream(seed, images), seed, self.life)


@dataclass(frozen=True)
class InAPlane(Plan):
    """A plan whose tasks are clouds in a plane of its inputs' space, with as many examples as its own tasks have."""

    train: int = 64

    def stream(self, seed: int, images: OnDevice | None = None) -> Stream:
        shape, each = super().stream(seed, images).shape, self.train // CLOUDS
        return PlaneWithin(seed, shape=shape, clouds=CLOUDS, train_per_cloud=each, test_per_cloud=500 // CLOUDS)


def in_world(setting: str, world: str, seeds: Sequence[int], tasks: int) -> Plan:
    """The plan of a life: `STAGES` parts a task, head and momentum carried from each to the next."""
    if setting not in SETTINGS:
        raise ValueError(f"setting is {setting!r}; known are {', '.join(SETTINGS)}")
    if world not in WORLDS:
        raise ValueError(f"world is {world!r}; known are {', '.join(WORLDS)}")
    base = SETTINGS[setting]
    training = replace(base.training, epochs=base.training.epochs // STAGES, head="keep", keep_momentum=True)
    parts = STAGES if world == "all_at_once" else STAGES * tasks
    own = {"training": training, "seeds": tuple(seeds), "tasks": parts, "methods": ("none",), "measures": ()}
    return Lived(**_settings(base) | own, world=world, life=tasks)


def on_trial(setting: str, trial: str, seeds: Sequence[int]) -> Plan:
    """The plan of the new tasks: learned as the setting's plan has it."""
    if trial not in TRIALS:
        raise ValueError(f"trial is {trial!r}; known are {', '.join(TRIALS)}")
    base = replace(SETTINGS[setting], seeds=tuple(seeds), methods=("none",), measures=(), tasks=FIRST + EACH)
    if trial == "plane":
        return InAPlane(**_settings(base), train=len(base.stream(seeds[0]).task(0).train_y))
    if setting == "pictures":  # of classes that no life has; without a signal they show nothing of their class
        return replace(base, procedural={**base.procedural, "seed": 1} | ({"signal": 0.0} if trial == "labels" else {}))
    return replace(base, points={"distance": 0.0}) if trial == "labels" else base


def _settings(plan: Plan) -> dict[str, Any]:
    return {field.name: getattr(plan, field.name) for field in fields(Plan)}


def _carried(network: Network, head: str) -> nn.Module:
    """The part of a network that goes on from task to task."""
    return network if head == "keep" else network.body


def live(
    setting: str, world: str, head: str, seeds: Sequence[int], tasks: int, device: str = "cpu"
) -> tuple[dict[int, TableRow], States]:
    """A life of each seed: accuracies at the end of each task, and what is carried on from the last.

    Where all tasks are one, accuracies are those of each of its parts. A network that diverged carries nothing on.
    """
    if head not in HEADS:
        raise ValueError(f"head is {head!r}; it must be one of {', '.join(HEADS)}")
    plan = in_world(setting, world, seeds, tasks)
    a_task = 1 if world == "all_at_once" else STAGES
    curves: dict[int, TableRow] = {seed: {"train_accuracy": [], "test_accuracy": []} for seed in seeds}
    states: dict[int, Mapping[str, Tensor]] = {}

    def before(learner: Learner, task: Task) -> None:
        number, part = divmod(task.index, a_task)
        if head == "fresh" and number and not part:
            with seeded(learner.seed, "head", number):
                learner.network.reset_head("fresh")

    def after(learner: Learner, task: Task) -> None:
        if task.index == plan.tasks - 1:
            states[learner.seed] = deepcopy(_carried(learner.network, head).state_dict())

    for visits in walk_tasks(plan, [("none", seed) for seed in seeds], device, before=before, after=after):
        for visit in filter(None, visits):
            if (visit.task.index + 1) % a_task == 0:
                curves[visit.learner.seed]["train_accuracy"].append(visit.outcome.train_accuracy)
                curves[visit.learner.seed]["test_accuracy"].append(visit.outcome.test_accuracy)
    return curves, states


def tried(
    setting: str, trial: str, states: States, head: str, seeds: Sequence[int], device: str = "cpu"
) -> dict[int, TableRow]:
    """Training and test accuracy on each new task of a kind, learned by itself from the same start; by seed.

    The learner is a new one of that seed, so its batches are the same whatever it has lived through, and its head is
    where that is not kept. What is carried on is that of `states`, or its own, fresh weights where there are none.
    """
    plan = on_trial(setting, trial, seeds)
    found: dict[int, TableRow] = {seed: {"train": [], "test": []} for seed in seeds}

    def before(learner: Learner, task: Task) -> None:
        if learner.seed in states:
            _carried(learner.network, head).load_state_dict(dict(states[learner.seed]))

    for index in range(FIRST, FIRST + EACH):
        here, members = replace(plan, tasks=index + 1), [("none", seed) for seed in seeds]
        for visits in walk_tasks(here, members, device, before=before, begin=lambda _, at=index: (at, (), ())):  # type: ignore[misc]
            for visit in filter(None, visits):
                found[visit.learner.seed]["train"].append(visit.outcome.train_accuracy)
                found[visit.learner.seed]["test"].append(visit.outcome.test_accuracy)
    return found


def lives(
    setting: str, world: str, head: str, seeds: Sequence[int], tasks: int, device: str = "cpu"
) -> Iterator[TableRow]:
    """A row a network: accuracies in its life, and on new tasks of each kind, means over `EACH`.

    One that diverged in its life is tried on none: NaN.
    """
    none: dict[int, TableRow] = {seed: {"train_accuracy": [], "test_accuracy": []} for seed in seeds}
    curves, states = (none, {}) if world == FRESH else live(setting, world, head, seeds, tasks, device)
    on = {trial: tried(setting, trial, states, head, seeds, device) for trial in TRIALS}
    for seed in seeds:
        row: TableRow = {"setting": setting, "world": world, "head": head, "seed": seed, **curves[seed]}
        there = world == FRESH or seed in states
        for trial, part in product(TRIALS, ("train", "test")):
            row[f"{trial}_{part}"] = float(np.mean(on[trial][seed][part])) if there else math.nan
        yield row


LIVES = (
    (FRESH, "fresh"),
    *((world, "keep") for world in WORLDS),
    *((world, "fresh") for world in ("abrupt", "sliding")),
)
"""Worlds and heads that are compared with toy points; with pictures all but two of them."""
_TOYS_ALONE = (("sampled", "keep"), ("sliding", "fresh"))
EXPERIMENT = Experiment(
    "controls",
    "Networks of abrupt, gradual and stationary worlds, each tried on new tasks beside a fresh one",
    lives,
    parts=tuple(
        {"setting": setting, "world": world, "head": head}
        for setting in SETTINGS
        for world, head in LIVES
        if setting != "pictures" or (world, head) not in _TOYS_ALONE
    ),
    seeds=tuple(range(8)),
    tasks=30,
    settings={
        "stages": STAGES,
        "trials": {"first": FIRST, "each": EACH, "clouds": CLOUDS},
        "learned": {
            name: {"network": plan.network_settings, "training": asdict(plan.training), "procedural": plan.procedural}
            for name, plan in SETTINGS.items()
        },
    },
)
