"""Results of learners: one row for each learner and task, and summaries of such rows."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

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
        with path.open(newline="", encoding="utf-8") as file:
            try:
                lines = [*filter(None, csv.reader([line for line in file if line.endswith("\n")]))]
            except (csv.Error, UnicodeDecodeError) as error:
                raise ValueError(f"{path} is damaged ({error}); run the experiment again") from error
        columns = lines.pop(0) if lines else []
        missing = [c for c in COLUMNS[:5] if c not in columns]
        if missing:
            raise ValueError(f"{path}: column {missing[0]!r} is missing; is this a run's metrics.csv?")
        rows: list[Row] = []
        try:
            for row in _rows(columns, lines):
                rows.append(row)  # one by one: their number says in which line an error is
        except ValueError as error:
            raise ValueError(f"{path}, line {len(rows) + 2}: {error}; take the line away or run again") from error
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

    @cached_property
    def _by_method(self) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {}
        for row in self.rows:
            rows.setdefault(str(row["method"]), []).append(row)
        return rows

    def seeds(self, method: str) -> list[int]:
        """The seeds of a method's learners that have begun, rising."""
        return sorted({int(row["seed"]) for row in self._by_method.get(method, ())})

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
        places = {seed: place for place, seed in enumerate(self.seeds(method))}
        values = np.full((len(places), self.tasks), np.nan)
        for row in self._by_method.get(method, ()):
            values[places[int(row["seed"])], int(row["task"])] = row[quantity]
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


def _rows(columns: list[str], lines: Iterable[list[str]]) -> Iterator[Row]:
    """Lines of cells as rows; ValueError for one that no learner can have, or has had already."""
    learner = [name for name in ("width", "method", "seed", "task") if name in columns]
    names = dict.fromkeys((*COLUMNS[:3], *learner, *columns))
    kinds: dict[str, Callable[[str], Any]] = {"method": str} | dict.fromkeys(("seed", "task", "width"), int)
    cells_of = [(name, kinds.get(name, float), columns.index(name)) for name in names]
    seen: set[tuple[str | int | float, ...]] = set()
    for line in lines:
        if len(line) != len(columns):
            raise ValueError(f"{len(line)} cells for {len(columns)} columns")
        row: dict[str, Any] = {name: kind(line[place]) for name, kind, place in cells_of}
        whose = tuple([row[name] for name in learner])
        if whose in seen:
            raise ValueError(f"task {row['task']} of this learner came before")
        seen.add(whose)
        if row["task"] < 0:
            raise ValueError(f"task is {row['task']}; tasks are counted from 0")
        for name in ("train_accuracy", "test_accuracy"):
            if not (0 <= row[name] <= 1 or math.isnan(row[name])):
                raise ValueError(f"{name} is {row[name]}; it must lie between 0 and 1")
        yield row
