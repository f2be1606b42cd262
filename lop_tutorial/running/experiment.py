"""An experiment whose outcome is a table: carried out part by part into a folder, and resumed where it was left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import rmtree
from typing import Any, Protocol, runtime_checkable

import torch

from lop_tutorial.atomic import clear_left_over, write_text
from lop_tutorial.running.folder import Origins, alone, holds, is_finished
from lop_tutorial.running.plan import former_settings
from lop_tutorial.running.run import must_be_new, write_json
from lop_tutorial.running.table import Table, TableRow, lines_of, read


@runtime_checkable
class Tabular(Protocol):
    """What `fill` needs of an experiment: settings, and parts, each of which gives some rows of the table."""

    @property
    def parts(self) -> tuple[TableRow, ...]:
        """The settings in which the parts differ; they stand in front of each row."""

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json."""

    def rows_of(self, part: TableRow, device: str, workers: int) -> Iterable[TableRow]:
        """The rows of one part."""


@dataclass(frozen=True)
class Experiment:
    """One of the book's own experiments.

    `run(seeds=..., tasks=..., device=..., **part)` gives the rows of a part, one a learner; `tasks` is left out where
    it is None. `settings` are those that no part changes. Stored images lie in `root`, or where they usually do.
    """

    name: str
    about: str
    run: Callable[..., Iterable[TableRow]]
    parts: tuple[TableRow, ...]
    seeds: tuple[int, ...]
    tasks: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    root: Path | None = None

    def sized(self, seeds: tuple[int, ...] | None, tasks: int | None, root: Path | None = None) -> Experiment:
        """The same with other seeds and tasks, where they are not None, on image sets that lie in `root`.

        ValueError where it has no number of tasks to change.
        """
        if tasks is not None and self.tasks is None:
            raise ValueError(f"{self.name} takes no --tasks: their number is fixed")
        return replace(self, seeds=seeds or self.seeds, tasks=tasks or self.tasks, root=root)

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json."""
        config = {name: getattr(self, name) for name in ("name", "about", "parts", "seeds", "tasks")}
        return config | dict(self.settings)

    def rows_of(self, part: TableRow, device: str, workers: int) -> Iterable[TableRow]:
        """The rows of one part; on one process."""
        size = {} if self.tasks is None else {"tasks": self.tasks}
        return self.run(seeds=self.seeds, device=device, **size, **part)


def fill(
    experiment: Tabular, folder: Path, *, device: str = "cpu", workers: int = 1, resume: bool = False
) -> Iterator[Table]:
    """Carries an experiment out into a folder, which must be new or empty; gives the rows of each part as it is done.

    The folder gets config.json, environment.json and table.csv, which always holds whole parts. With `resume` it may
    hold some of the same experiment's: these are given as they stand there, and are not run again.

    Raises a ValueError where the folder holds anything else, or is in use.
    """
    config = json.loads(json.dumps(experiment.as_config()))
    former = {"plans": {name: former_settings() for name in config["plans"]}} if "plans" in config else {}
    if not resume or not holds(folder, config, former):
        must_be_new(folder, resume)
    with alone(folder / "checkpoints" / "lock", str(folder)):
        if (folder / "config.json").exists() and not resume:
            must_be_new(folder)
        clear_left_over(folder)
        write_json(folder / "config.json", config)
        yield from _parts(experiment, folder, device, workers)
    rmtree(folder / "checkpoints", ignore_errors=True)


def _parts(experiment: Tabular, folder: Path, device: str, workers: int) -> Iterator[Table]:
    path = folder / "table.csv"
    there = read(path) if path.exists() else Table(())
    origins = None if is_finished(folder) else Origins(folder, device)
    if device == "cpu":
        torch.set_num_threads(1)
    for part in experiment.parts:
        settings = {name: str(value) for name, value in part.items()}  # as they are, not to four digits
        rows = [row for row in there.rows if settings.items() <= {k: str(v) for k, v in row.items()}.items()]
        if not rows and origins:
            rows = [{**settings, **row, **settings} for row in experiment.rows_of(part, device, workers)]
            columns = there.columns or Table(tuple(rows)).columns
            there = Table((*there.rows, *rows))
            text = path.read_text(encoding="utf-8") if path.exists() else ",".join(columns) + "\n"
            write_text(path, text + lines_of(rows, columns))
            origins.write(finished=False)
        yield Table(tuple(rows))
    if origins:
        origins.write(finished=True)
