"""The narrow toys with a shorter step: their weights grow more slowly by themselves, and nothing scales them.

`lop-tutorial reproduce shorter_steps` makes the table that the chapter on theory shows, in a minute of CPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.inheritance import FITTED
from lop_tutorial.experiments.weight_walk import walk
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import Table, TableRow, load

SHARE = 0.4
"""The step size, as a share of that of `two_types`."""
KEPT = (
    "train_accuracy",
    "test_accuracy",
    "start_within",
    "end_within",
    "reference_before",
    "reference",
    "open",
    "size",
)
"""What is stored of a network, as `weight_walk.Walk` has it: lists over the tasks, of four digits."""


def with_shorter_steps(share: float = SHARE, width: int = 2) -> Plan:
    """The plan `two_types(width)` with this share of its step size."""
    plan = two_types(width)
    return replace(plan, training=replace(plan.training, step_size=share * plan.training.step_size))


def shorter(share: float, seeds: Sequence[int], tasks: int, device: str = "cpu") -> Iterator[TableRow]:
    """A row a network."""
    for row in walk(with_shorter_steps(share), seeds, tasks, device=device).rows:
        yield {"share": share, "seed": row["seed"]} | {
            name: [float(f"{value:.4g}") for value in row[name]] for name in KEPT
        }


EXPERIMENT = Experiment(
    "shorter_steps",
    "Toy points of two dimensions, learned with shorter steps",
    shorter,
    parts=({"share": SHARE},),
    seeds=FITTED,
    tasks=80,
    settings={"training": asdict(two_types(2).training), "network": two_types(2).network_settings},
)


def stored_shorter_steps() -> Table:
    """The networks that the book shows, from `results/`."""
    return load(EXPERIMENT.name).table
