"""Results of learners: one row for each learner and task, and summaries of such rows."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64

from lop_tutorial.training import OUTCOME_FIELDS

COLUMNS = ("method", "seed", *OUTCOME_FIELDS)
"""Columns of metrics.csv: method, seed, task, train_accuracy, test_accuracy, then what else was measured."""

Row = dict[str, str | int | float]


ENOUGH = 5
"""Seeds from which a verdict may be given."""


class Interval(NamedTuple):
    """A mean over seeds and its 95 % interval; arrays of one shape."""

    mean: Float64[np.ndarray, "*shape"]
    low: Float64[np.ndarray, "*shape"]
    high: Float64[np.ndarray, "*shape"]


def interval(values: Float64[np.ndarray, "seed *shape"]) -> Interval:
    """Mean over seeds (the first axis) with its 95 % t interval. For a paired comparison pass differences seed by seed.

    It covers the true mean in 95 % of all cases for normal values, whatever the number of seeds. Of 3 to 10 seeds it
    covers 92 to 95 % for uniform values, 88 to 90 % for exponential ones and 82 to 84 % for log-normal ones. One seed
    has no interval, nor have values that are not finite: its ends are NaN. Of no seed the mean is NaN, too.
    """
    mean = values.mean(axis=0) if len(values) else np.full(values.shape[1:], np.nan)
    if len(values) < 2:
        return Interval(mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan))
    with np.errstate(invalid="ignore"):  # of infinite values there is no deviation
        error = values.std(axis=0, ddof=1) / math.sqrt(len(values))
    from scipy.stats import t as student_t  # takes a while to import

    half = student_t.ppf(0.975, len(values) - 1) * error
    return Interval(mean, mean - half, mean + half)


def share(holds: Bool[np.ndarray, " seed"]) -> Interval:
    """The share of seeds for which something holds, with its exact binomial interval (Clopper and Pearson 1934)."""
    from scipy.stats import binomtest

    ends = binomtest(int(holds.sum()), len(holds)).proportion_ci(0.95)
    return Interval(*(np.array(value) for value in (holds.mean(), ends.low, ends.high)))


@dataclass(frozen=True)
class Results:
    """Rows of metrics, in the order in which they came; `planned` is how many tasks a life has, where that is known."""

    rows: tuple[Row, ...]
    planned: int | None = None

    @classmethod
    def read(cls, path: Path) -> Results:
        """Reads a metrics.csv; ValueError names file and line where it is damaged.

        A last line without its end is one that was still being written, and is left out.
        """
        rows: list[Row] = []
        seen: set[tuple[str | int | float, ...]] = set()
        with path.open(newline="", encoding="utf-8") as file:
            try:
                reader = csv.DictReader([line for line in file if line.endswith("\n")])
                lines, columns = list(reader), reader.fieldnames or ()
            except (csv.Error, UnicodeDecodeError) as error:
                raise ValueError(f"{path} is damaged ({error}); run the experiment again") from error
            missing = [c for c in COLUMNS[:5] if c not in columns]
            if missing:
                raise ValueError(f"{path}: column {missing[0]!r} is missing; is this a run's metrics.csv?")
            for number, cells in enumerate(lines, start=2):
                try:
                    row: Row = {
                        "method": cells["method"],
                        "seed": int(cells["seed"]),
                        "task": int(cells["task"]),
                    }
                    row |= {"width": int(cells["width"])} if "width" in cells else {}
                    row |= {k: float(v) for k, v in cells.items() if k not in row}
                    _must_be_new_row(row, seen)
                except (TypeError, ValueError) as error:
                    raise ValueError(f"{path}, line {number}: {error}; take the line away or run again") from error
                rows.append(row)
        return cls(tuple(rows))

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(str(row["method"]) for row in self.rows))

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """The widths of the representation that were compared, narrowest first; none in a run of one network."""
        return tuple(sorted({int(row["width"]) for row in self.rows if "width" in row}))

    @cached_property
    def _by_width(self) -> dict[int, Results]:
        rows: dict[int, list[Row]] = {width: [] for width in self.widths}
        for row in self.rows if self.widths else ():
            rows[int(row["width"])].append({k: v for k, v in row.items() if k != "width"})
        return {width: Results(tuple(mine), self.planned) for width, mine in rows.items()}

    def at(self, width: int) -> Results:
        """The rows of one width; ValueError says which there are."""
        if width not in self.widths:
            raise ValueError(f"width is {width}; measured were {', '.join(map(str, self.widths)) or 'none'}")
        return self._by_width[width]

    @property
    def tasks(self) -> int:
        return self.planned or 1 + max((int(row["task"]) for row in self.rows), default=-1)

    def seeds(self, method: str) -> list[int]:
        """The seeds of a method's learners that have begun, rising."""
        return sorted({int(row["seed"]) for row in self.rows if row["method"] == method})

    def paired(self, *methods: str) -> Results:
        """Of these methods the rows of those seeds that all of them have: their curves then stand seed by seed."""
        shared = set.intersection(*(set(self.seeds(method)) for method in methods))
        kept = tuple(row for row in self.rows if row["method"] in methods and row["seed"] in shared)
        return Results(kept, self.tasks)

    def curves(self, method: str, quantity: str = "test_accuracy") -> Float64[np.ndarray, "seed task"]:
        """(seeds, tasks), seeds in rising order; NaN where a learner did not get that far or diverged.

        ValueError if the rows are of several widths: take those of one with `at` first.
        """
        if self.widths:
            raise ValueError(
                f"there are rows of the widths {', '.join(map(str, self.widths))}; take one with at(width)"
            )
        mine = [row for row in self.rows if row["method"] == method]
        seeds = self.seeds(method)
        values = np.full((len(seeds), self.tasks), np.nan)
        for row in mine:
            values[seeds.index(int(row["seed"])), int(row["task"])] = row[quantity]
        return values

    def binned(self, method: str, quantity: str = "test_accuracy", bins: int = 5) -> Float64[np.ndarray, "seed bin"]:
        """Mean of each learner over each of `bins` nearly equal runs of tasks; NaN where a task of it is missing."""
        parts = np.array_split(self.curves(method, quantity), min(bins, self.tasks), axis=1)
        return np.stack([part.mean(axis=1) for part in parts], axis=1)

    def bin_edges(self, bins: int = 5) -> list[tuple[int, int]]:
        """First and last task of each bin, counted from 1."""
        if not self.rows:
            return []
        parts = np.array_split(np.arange(1, self.tasks + 1), min(bins, self.tasks))
        return [(int(part[0]), int(part[-1])) for part in parts]


def finite(values: Float64[np.ndarray, "seed *shape"]) -> Float64[np.ndarray, "kept *shape"]:
    """The seeds without a NaN: learners that have not diverged and have finished."""
    return values[~np.isnan(values).any(axis=tuple(range(1, values.ndim)))]


def _must_be_new_row(row: Row, seen: set[tuple[str | int | float, ...]]) -> None:
    """ValueError for a row that no learner can have, or has had already; else it is among those that were seen."""
    learner = tuple(row[name] for name in ("width", "method", "seed", "task") if name in row)
    if learner in seen:
        raise ValueError(f"task {row['task']} of this learner came before")
    seen.add(learner)
    if int(row["task"]) < 0:
        raise ValueError(f"task is {row['task']}; tasks are counted from 0")
    for name in ("train_accuracy", "test_accuracy"):
        if not (0 <= float(row[name]) <= 1 or math.isnan(float(row[name]))):
            raise ValueError(f"{name} is {row[name]}; it must lie between 0 and 1")
