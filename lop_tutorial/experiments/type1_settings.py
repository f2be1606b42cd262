"""Which settings bring Type-1 about: the toy of two dimensions with other representations, steps and heads.

`lop-tutorial reproduce type1_settings` makes the table that the chapter on Type-1 shows, in some five minutes on one
core: every learner of `VARIANTS`, in blocks of five tasks.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from lop_tutorial.experiments.catalogue import plan
from lop_tutorial.running.execute import rows
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Results
from lop_tutorial.running.table import Table, TableRow, load

REPRESENTATIONS = ("tanh", "linear", "relu")
STEP_SIZES = (0.025, 0.05, 0.1)
TWO_HEADS = ("fresh", "keep")
BLOCK = 5
"""Tasks in a row over which an accuracy is averaged."""


@dataclass(frozen=True)
class Variant:
    """The plan `type1` with one of three activations of the representation, a step size and a head.

    The hidden layers below the representation stay tanh. A retrained learner's head is new at every task, so that it
    is run for one of the heads alone.
    """

    representation: str = "tanh"
    step_size: float | int = 0.1
    head: str = "fresh"

    def plan(self, tasks: int = 40, seeds: Sequence[int] = range(8)) -> Plan:
        """The experiment of this variant."""
        base = plan("type1")
        return replace(
            base,
            network_settings={**base.network_settings, "last_activation": self.representation},
            training=replace(base.training, step_size=self.step_size, head=self.head),
            methods=("none", "retrained") if self.head == TWO_HEADS[0] else ("none",),
            seeds=tuple(seeds),
            tasks=tasks,
            measure_every=2 * BLOCK,
        )


VARIANTS = tuple(itertools.starmap(Variant, itertools.product(REPRESENTATIONS, STEP_SIZES, TWO_HEADS)))


def by_blocks(variant: Variant, seeds: Sequence[int], tasks: int, device: str = "cpu") -> Iterator[TableRow]:
    """A row a learner: accuracies by blocks, the median exponents within classes after every second block.

    A learner that diverged has NaN from that block on, and `diverged_in`, the task, counted from 0.
    """
    wanted = variant.plan(tasks, seeds)
    results = Results(tuple(rows(wanted, device=device)), planned=tasks)
    for method in wanted.methods:
        train, test, within = (
            results.curves(method, quantity) for quantity in ("train_accuracy", "test_accuracy", "ftle_within_q50")
        )
        for place, seed in enumerate(results.seeds(method)):
            diverged = np.flatnonzero(np.isnan(train[place]))
            yield {
                **asdict(variant),
                "method": method,
                "seed": seed,
                "diverged_in": int(diverged[0]) if len(diverged) else None,
                "train": train[place].reshape(-1, BLOCK).mean(axis=1).tolist(),
                "test": test[place].reshape(-1, BLOCK).mean(axis=1).tolist(),
                "within": within[place, wanted.measure_every - 1 :: wanted.measure_every].tolist(),
            }


EXPERIMENT = Experiment(
    "type1_settings",
    "Toy points of two dimensions with other representations, step sizes and heads",
    lambda seeds, tasks, device, **variant: by_blocks(Variant(**variant), seeds, tasks, device),
    parts=tuple(map(asdict, VARIANTS)),
    seeds=tuple(range(8)),
    tasks=40,
    settings={"network": plan("type1").network_settings, "training": asdict(plan("type1").training)},
)


def stored_type1_settings() -> Table:
    """The rows that the book shows, from `results/`.

    A retrained learner's head is new at every task: its rows stand under either head.
    """
    table = load(EXPERIMENT.name).table
    kept = [row | {"head": TWO_HEADS[1]} for row in table.where(method="retrained").rows]
    return Table((*table.rows, *kept))
