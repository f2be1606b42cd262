"""A table of measurements: selected from, written as a table.csv, and read again, from older files too."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64

from lop_tutorial.running.run import stored_path

TableRow = dict[str, Any]
"""Settings and measured quantities by name. A quantity is a number, or a list of them: over tasks, say."""


@dataclass(frozen=True)
class Table:
    """Rows of measurements, most often one a learner."""

    rows: tuple[TableRow, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every name that stands in a row, in the order of their first appearance."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row))

    def where(self, **wanted: Any) -> Table:
        """The rows with these entries, by rising seed: `table.where(method="none", seed=(0, 1))`.

        A tuple, list or range asks for any of its entries, and each must be there. ValueError names an entry that no
        row has.
        """
        rows = self.rows
        for name, value in wanted.items():
            several = value if isinstance(value, tuple | list | range) else (value,)
            there = dict.fromkeys(row.get(name) for row in rows)
            for entry in several:
                if entry not in there:
                    known = ", ".join(map(str, there)) if name in self.columns else "no such column"
                    raise ValueError(f"no row has {name} {entry!r}; there is {known or 'none'}")
            rows = tuple(row for row in rows if row.get(name) in several)
        return Table(tuple(sorted(rows, key=lambda row: row["seed"])) if "seed" in self.columns else rows)

    def select(self, quantity: str, **wanted: Any) -> Float64[np.ndarray, "row *shape"]:
        """One quantity of the rows `where` gives: (rows,), or (rows, tasks) where it is a list; NaN where missing.

        `table.select("test_late", method="none")` has an entry a seed, in rising order.
        """
        if quantity not in self.columns:
            raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(self.columns)}")
        return np.array([row.get(quantity) for row in self.where(**wanted).rows], dtype=float)


class Stored(NamedTuple):
    """A stored experiment: what was asked for, where it came from, and what was measured."""

    config: dict[str, Any]
    environment: dict[str, Any]
    table: Table


def load(place: str | Path) -> Stored:
    """An experiment from its folder, or by its name in `results/`.

    A folder holds config.json, environment.json, and table.csv or (of a plan) metrics.csv. Older experiments are one
    JSON file that holds all of it. ValueError where there is none of that name, or a file is damaged.
    """
    path = stored_path(place) if isinstance(place, str) else place
    if path.suffix == ".json":
        return _from_older(_settings(path))
    if not path.is_dir():
        raise ValueError(f"{path} is no folder of a stored experiment")
    config, environment = (_settings(path / f"{name}.json") for name in ("config", "environment"))
    file = path / "table.csv"
    return Stored(config, environment, read(file if file.exists() else path / "metrics.csv"))


def read(path: Path) -> Table:
    """The rows of a table.csv or metrics.csv; ValueError names a line with too few or too many cells."""
    try:
        header, *lines = [*csv.reader(io.StringIO(_text(path)))] or [[]]
    except csv.Error as error:
        raise ValueError(f"{path} is damaged ({error}); run it again") from error
    rows = []
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            raise ValueError(f"{path}, line {number}: {len(line)} cells for {len(header)} columns; run it again")
        try:
            rows.append(dict(zip(header, _values(line), strict=True)))
        except (ValueError, RecursionError) as error:
            raise ValueError(f"{path}, line {number} is damaged ({error}); run it again") from error
    return Table(tuple(rows))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is damaged ({error}); run it again") from error


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path} is damaged ({error}); run it again") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} is damaged (it holds no settings); run it again")
    return found


def lines_of(rows: Iterable[TableRow], columns: Sequence[str]) -> str:
    """Rows as they stand in a table.csv: measured numbers to four digits, lists in brackets, nothing for None."""
    text = io.StringIO()
    cells = ([_cell(row.get(column)) for column in columns] for row in rows)
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_cell, value))}]"
    if isinstance(value, float):  # nan, inf and -inf as these words
        usual = not math.isfinite(value) or value == 0 or 0.1 <= abs(value) < 1e4
        return f"{value:.4f}" if usual else f"{value:.4g}"
    return "" if value is None else str(value)


def _values(cells: Iterable[str]) -> Iterator[Any]:
    """The values of cells, each a list, a whole number, a number, True or False, None, or a word."""
    for cell in cells:
        if cell.startswith("["):
            yield json.loads(cell.replace("nan", "NaN").replace("inf", "Infinity"))
            continue
        for kind in (int, float):
            try:
                yield kind(cell)
                break
            except ValueError:
                pass
        else:
            yield {"True": True, "False": False, "": None}.get(cell, cell)


def _from_older(content: dict[str, Any]) -> Stored:
    """An older experiment: one JSON file, with infinities as words, and null for NaN and for what there is not."""
    rows = [
        {name: _number(value) for name, value in row.items()}
        for row in content.pop("rows", None) or content.pop("lives")
    ]
    if "task" in rows[0]:  # a row a task, where a network's row has lists over them today
        networks: dict[tuple[int, int], list[TableRow]] = {}
        for row in rows:
            networks.setdefault((row.pop("width"), row.pop("seed")), []).append(row)
        rows = [
            {"width": width, "seed": seed, "first": tasks[0]["task"]}
            | {name: [task[name] for task in tasks] for name in tasks[0] if name != "task"}
            for (width, seed), tasks in networks.items()
        ]
    return Stored(content, content.pop("environment"), Table(tuple(rows)))


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return [math.nan if each is None else _number(each) for each in value]
    return float(value) if value in ("inf", "-inf") else value
