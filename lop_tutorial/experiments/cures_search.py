"""The strengths of the methods that `cures` compares: three of each, on seeds that nothing else uses.

`lop-tutorial reproduce cures_search` makes the table: a row a network, with its accuracies over the last tasks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from lop_tutorial.experiments.suspects import plan_of
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.table import Table, TableRow
from lop_tutorial.running.walk_tasks import walk_tasks

TRIED = {
    "fire": tuple(f"fire:iterations={number}" for number in (5, 10, 20)),
    "isometry": tuple(f"isometry:strength={value}" for value in (0.0001, 0.001, 0.01)),
    "parseval": tuple(f"parseval:strength={value}" for value in (0.0001, 0.001, 0.01)),
    "muon": tuple(f"muon:scale={value}" for value in (0.02, 0.06, 0.2)),
    "weight_rescaling": tuple(f"weight_rescaling:strength={value}" for value in (0.01, 0.1, 1)),
    "spectral": tuple(f"spectral:strength={value}" for value in (0.0001, 0.001, 0.01)),
    "upgd": tuple(f"upgd:noise={value}" for value in (0.0001, 0.001, 0.01)),
}
"""Three settings of each method, in rising order."""
TOYS = ("type1", "type2")
LAST = 5
"""Tasks at the end over which accuracies are averaged."""


def late(setting: str, method: str, seeds: Sequence[int], tasks: int, device: str = "cpu") -> Iterator[TableRow]:
    """Each network's mean accuracies over its last tasks; NaN where it diverged."""
    plan = plan_of(setting, seeds, tasks)
    found: dict[int, list[tuple[float, float]]] = {seed: [] for seed in seeds}
    for visits in walk_tasks(plan, [(method, seed) for seed in seeds], device):
        for visit in filter(None, visits):
            outcome = visit.outcome
            found[visit.learner.seed].append((outcome.train_accuracy, outcome.test_accuracy))
    for seed, life in found.items():
        train, test = np.mean(life[-LAST:], axis=0) if len(life) == tasks else (np.nan, np.nan)
        yield {"seed": seed, "train_late": float(train), "test_late": float(test)}


def chosen(table: Table) -> dict[str, str]:
    """Of each method the setting with the highest test accuracy, the mean over toys and seeds; NaN loses."""
    best = {}
    for name, tried in TRIED.items():
        means = [np.mean([row["test_late"] for row in table.rows if row["method"] == method]) for method in tried]
        best[name] = tried[int(np.nanargmax(means))]
    return best


EXPERIMENT = Experiment(
    "cures_search",
    "Strengths of the methods that hold one quantity each, on the toys",
    late,
    parts=tuple({"setting": toy, "method": method} for toy in TOYS for tried in TRIED.values() for method in tried),
    seeds=(200, 201),
    tasks=10,
    settings={"last": LAST},
)
