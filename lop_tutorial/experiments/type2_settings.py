"""In which settings Type-2 appears: the toy of 256 dimensions with one thing changed at a time.

`lop-tutorial reproduce type2_settings` makes the table that the chapter on Type-2 shows, in some three minutes on one
core: for every setting, each seed's accuracies and exponents, early and late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from lop_tutorial.experiments.catalogue import plan
from lop_tutorial.running.execute import rows
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Results
from lop_tutorial.running.table import TableRow

QUANTITIES = ("train_accuracy", "test_accuracy", "ftle_within_q50", "ftle_between_q50")
ENDS = 5
"""Tasks at the beginning and at the end over which a quantity is averaged."""
USUAL = "as it is"
SETTINGS: Mapping[str, dict[str, Any]] = {
    USUAL: {},
    "step size 0.025": {"training": {"step_size": 0.025}},
    "step size 0.01": {"training": {"step_size": 0.01}},
    "25 epochs": {"training": {"epochs": 25}},
    "head set to zero": {"training": {"head": "zero"}},
    "head kept": {"training": {"head": "keep"}},
    "clouds 5 apart": {"points": {"distance": 5.0}},
    "320 points a class": {"points": {"train_per_class": 320}, "training": {"epochs": 10}},
    "2 input dimensions": {"points": {"dimensions": 2}},
}
"""What is changed of the plan `type2`. With ten times the points a tenth of the epochs takes as many steps."""


def with_setting(name: str, tasks: int = 40, seeds: Sequence[int] = range(8)) -> Plan:
    """The experiment of one of `SETTINGS`."""
    base, changed = plan("type2"), SETTINGS[name]
    return replace(
        base,
        training=replace(base.training, **changed.get("training", {})),
        points=changed.get("points", {}),
        methods=("none",),
        seeds=tuple(seeds),
        tasks=tasks,
    )


def early_and_late(setting: str, seeds: Sequence[int], tasks: int, device: str = "cpu") -> Iterator[TableRow]:
    """A row a learner: each of `QUANTITIES` as a pair, over the first and over the last `ENDS` tasks."""
    results = Results(tuple(rows(with_setting(setting, tasks, seeds), device=device)), planned=tasks)
    curves = {quantity: results.curves("none", quantity) for quantity in QUANTITIES}
    for place, seed in enumerate(results.seeds("none")):
        ends = {q: [float(each[place, :ENDS].mean()), float(each[place, -ENDS:].mean())] for q, each in curves.items()}
        yield {"setting": setting, "seed": seed} | ends


EXPERIMENT = Experiment(
    "type2_settings",
    "Toy points of 256 dimensions with one thing changed at a time",
    early_and_late,
    parts=tuple({"setting": name} for name in SETTINGS),
    seeds=tuple(range(8)),
    tasks=40,
    settings={
        "settings": SETTINGS,
        "network": plan("type2").network_settings,
        "training": asdict(plan("type2").training),
    },
)
