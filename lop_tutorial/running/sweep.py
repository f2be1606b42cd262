"""A sweep: many settings of one plan, of which each learner's first and last tasks are kept."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lop_tutorial.running.execute import rows
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Results
from lop_tutorial.running.table import TableRow


@dataclass(frozen=True)
class Sweep:
    """Every method at every step size, with every loss, on every set of images; seeds and all else as in `base`.

    What is kept of a learner: its mean accuracies over the first and the last `ends` tasks, and the task in which it
    diverged, if it did (its late accuracies are then NaN). Of what `base` measures beside them, the mean over the last
    `ends` tasks, in columns that end in _late.
    """

    name: str
    about: str
    base: Plan
    step_sizes: tuple[float, ...]
    losses: tuple[str, ...] = ("cross_entropy",)
    data: tuple[str, ...] = ("procedural",)
    ends: int = 10

    @property
    def parts(self) -> tuple[TableRow, ...]:
        """Data, loss and step size of each plan."""
        combinations = itertools.product(self.data, self.losses, self.step_sizes)
        return tuple(dict(zip(("data", "loss", "step_size"), each, strict=True)) for each in combinations)

    def sized(self, seeds: tuple[int, ...] | None, tasks: int | None, root: Path | None = None) -> Sweep:
        """The same with other seeds and tasks, where they are not None, on image sets that lie in `root`."""
        base = replace(self.base, seeds=seeds or self.base.seeds, tasks=tasks or self.base.tasks, data_root=root)
        return replace(self, base=base)

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json: those of the base, and what is varied, with each image set's content hash."""
        varied = {name: getattr(self, name) for name in ("name", "about", "step_sizes", "losses", "data", "ends")}
        hashes = {name: replace(self.base, data=name).as_config()["data_sha256"] for name in self.data}
        base = {k: v for k, v in self.base.as_config().items() if k not in ("name", "about", "data", "data_sha256")}
        return varied | {"data_sha256": hashes, "base": base}

    def rows_of(self, part: TableRow, device: str = "cpu", workers: int = 1) -> Iterator[TableRow]:
        """A row a learner of one of the plans, by method and seed."""
        training = replace(self.base.training, loss=part["loss"], step_size=part["step_size"])
        plan = replace(self.base, data=part["data"], training=training)
        results = Results(tuple(rows(plan, device=device, workers=workers)), planned=plan.tasks)
        for method in plan.methods:
            for seed in plan.seeds:
                yield {"method": method, "seed": seed} | self._ends(results, method, seed)

    def _ends(self, results: Results, method: str, seed: int) -> TableRow:
        place = results.seeds(method).index(seed)
        train, test = (results.curves(method, f"{what}_accuracy")[place] for what in ("train", "test"))
        ends: TableRow = {
            "train_early": train[: self.ends].mean(),
            "test_early": test[: self.ends].mean(),
            "train_late": train[-self.ends :].mean(),
            "test_late": test[-self.ends :].mean(),
        }
        diverged = np.flatnonzero(np.isnan(test))
        for name in self.base.measured:
            late = results.curves(method, name)[place, -self.ends :]
            late = late[~np.isnan(late)]
            ends[f"{name}_late"] = late.mean() if len(late) and not len(diverged) else math.nan
        return ends | {"diverged_in": int(diverged[0]) if len(diverged) else None}
