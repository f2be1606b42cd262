"""A study: many settings of one experiment, each boiled down to how it began and how it ended."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from lop_tutorial.atomic import append, write_bytes, write_text
from lop_tutorial.running.carry_out import is_finished, origins_of
from lop_tutorial.running.execute import rows
from lop_tutorial.running.origin import environment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Results, Row
from lop_tutorial.running.run import must_be_new, write_json

KEY = ("data", "loss", "step_size", "method", "seed")
MEASURED = ("train_early", "test_early", "train_late", "test_late")


@dataclass(frozen=True)
class Study:
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
    def columns(self) -> tuple[str, ...]:
        """The columns of table.csv."""
        return (*KEY, *MEASURED, *(f"{name}_late" for name in self.base.measured), "diverged_in")

    def plans(self) -> Iterator[Plan]:
        """One plan for each set of images, loss and step size."""
        for data, loss, step_size in itertools.product(self.data, self.losses, self.step_sizes):
            training = replace(self.base.training, loss=loss, step_size=step_size)
            yield replace(self.base, data=data, training=training)

    @property
    def learners(self) -> int:
        """How many learners the whole study trains."""
        return len(list(self.plans())) * len(self.base.methods) * len(self.base.seeds)

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json: those of the base, and what is varied, with each image set's content hash."""
        varied = {name: getattr(self, name) for name in ("name", "about", "step_sizes", "losses", "data", "ends")}
        hashes = {name: replace(self.base, data=name).as_config()["data_sha256"] for name in self.data}
        base = {k: v for k, v in self.base.as_config().items() if k not in ("name", "about", "data", "data_sha256")}
        return varied | {"data_sha256": hashes, "base": base}

    def run(self, folder: Path, workers: int = 1) -> Iterator[Row]:
        """Rows of `table.csv` in `folder`, a row a learner, plan by plan; what stands there is not run again."""
        path = folder / "table.csv"
        if path.exists():
            text = path.read_bytes()
            write_bytes(path, text[: text.rfind(b"\n") + 1])  # a line that was cut off comes again
        there = {tuple(str(row[k]) for k in KEY) for row in read(path)} if path.exists() else set()
        if not there:
            write_text(path, ",".join(self.columns) + "\n")
        for plan in self.plans():
            settings = (plan.data, plan.training.loss, f"{plan.training.step_size:g}")
            missing = tuple(
                method
                for method in plan.methods
                if any((*settings, method, str(seed)) not in there for seed in plan.seeds)
            )
            if not missing:
                continue
            results = Results(tuple(rows(replace(plan, methods=missing), workers=workers)))
            found = [
                self._ends(results, method, seed) | dict(zip(KEY, (*settings, method, seed), strict=True))
                for method in missing
                for seed in plan.seeds
                if (*settings, method, str(seed)) not in there
            ]
            lines = io.StringIO()
            cells = ([_cell(row[column]) for column in self.columns] for row in found)
            csv.writer(lines, lineterminator="\n").writerows(cells)
            with open(path, "ab", buffering=0) as file:
                append(file, lines.getvalue().encode())
            yield from found

    def _ends(self, results: Results, method: str, seed: int) -> Row:
        found: Row = {}
        seeds = sorted({int(row["seed"]) for row in results.rows if row["method"] == method})
        for what in ("train", "test"):
            curve = results.curves(method, f"{what}_accuracy")[seeds.index(seed)]
            whole = np.pad(curve, (0, self.base.tasks - len(curve)), constant_values=np.nan)
            found[f"{what}_early"], found[f"{what}_late"] = whole[: self.ends].mean(), whole[-self.ends :].mean()
            lost = np.flatnonzero(np.isnan(whole))
            found["diverged_in"] = int(lost[0]) if len(lost) else ""
        for name in self.base.measured:
            late = results.curves(method, name)[seeds.index(seed), -self.ends :]
            late = late[~np.isnan(late)]
            found[f"{name}_late"] = late.mean() if len(late) and not found["diverged_in"] else math.nan
        return found


def carry_out(study: Study, folder: Path, workers: int = 1) -> Iterator[Row]:
    """Runs a study into a folder, with config.json and environment.json beside the table.

    Where the folder holds a part of the same study, the rest is run; ValueError if it holds anything else.
    """
    config = json.loads(json.dumps(study.as_config()))
    if (folder / "config.json").exists():
        if json.loads((folder / "config.json").read_text()) != config:
            raise ValueError(f"{folder} holds another study, or this one with other settings; name another place")
    else:
        must_be_new(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "config.json", config)
    if is_finished(folder):
        return
    origins, began = [*origins_of(folder), environment()], time.perf_counter()
    before = sum(origin.get("wall_seconds") or 0 for origin in origins)

    def tell(finished: bool) -> None:
        origins[-1]["wall_seconds"] = round(time.perf_counter() - began, 1)
        whole = {"finished": finished, "wall_seconds": round(before + origins[-1]["wall_seconds"], 1)}
        parts = {"parts": origins} if len(origins) > 1 else {}
        write_json(folder / "environment.json", origins[0] | whole | parts)

    tell(finished=False)
    try:
        yield from study.run(folder, workers)
    except BaseException:
        tell(finished=False)
        raise
    tell(finished=True)


def read(path: Path) -> list[Row]:
    """The rows of a study's table.csv; numbers as numbers, `diverged_in` as text."""
    with path.open(newline="") as file:
        found: list[Row] = []
        for cells in csv.DictReader(file):
            row: Row = dict(cells)
            row["seed"] = int(cells["seed"])
            row |= {name: float(value) for name, value in cells.items() if name.endswith(("_early", "_late"))}
            found.append(row)
    return found


def select(table: Sequence[Row], quantity: str, **wanted: str | int) -> Float64[np.ndarray, " seed"]:
    """One quantity of all rows with the wanted entries, by rising seed: `select(table, "test_late", method="none")`."""
    mine = [row for row in table if all(str(row[key]) == str(value) for key, value in wanted.items())]
    return np.array([float(row[quantity]) for row in sorted(mine, key=lambda row: int(row["seed"]))])


def _cell(value: str | int | float) -> str:
    return f"{value:.4f}" if isinstance(value, float) and math.isfinite(value) else str(value)
