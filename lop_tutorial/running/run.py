"""A run on disk: config.json (what was asked), environment.json (where it came from), metrics.csv (what came out).

Beside them diverged.csv, if a learner diverged; and while the run is not finished, `checkpoints/` (see `crews.py`).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lop_tutorial.atomic import must_take_files, write_text
from lop_tutorial.running.results import Results

NEEDED = {
    "config.json": ("name", "about", "data", "methods", "seeds", "tasks"),
    "environment.json": ("command", "date", "device", "commit", "finished"),
}
"""What a run's files must hold at the least."""


@dataclass(frozen=True)
class Run:
    """A stored run, finished or not."""

    folder: Path
    config: dict[str, Any]
    environment: dict[str, Any]
    results: Results

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Reads a run folder, methods in the order in which they were asked for; ValueError names what is damaged."""
        if not folder.is_dir():
            raise ValueError(f"{folder} is not a run's folder")
        if (folder / "table.csv").exists():
            raise ValueError(f"{folder} is a table of learners, not a run")
        parts = {}
        for name, keys in NEEDED.items():
            try:
                parts[name] = json.loads((folder / name).read_text())
            except FileNotFoundError:
                raise ValueError(f"{folder} has no {name}: it is not a run folder") from None
            except json.JSONDecodeError as error:
                raise ValueError(f"{folder / name} is damaged ({error}); run the experiment again") from error
            lacking = [key for key in keys if not isinstance(parts[name], dict) or key not in parts[name]]
            if lacking:
                raise ValueError(
                    f"{folder / name} is damaged (it lacks {', '.join(lacking)}); run the experiment again"
                )
        if not (folder / "metrics.csv").exists():
            raise ValueError(f"{folder} has no metrics.csv yet: no task is done")
        config, results = parts["config.json"], Results.read(folder / "metrics.csv")
        if results.tasks > config["tasks"]:
            raise ValueError(
                f"{folder / 'metrics.csv'} has task {results.tasks - 1}; the run has {config['tasks']} tasks"
            )
        order = {method: place for place, method in enumerate(config["methods"])}
        rows = sorted(results.rows, key=lambda row: order.get(str(row["method"]), len(order)))
        return cls(folder, config, parts["environment.json"], Results(tuple(rows), planned=config["tasks"]))

    @property
    def finished(self) -> bool:
        return bool(self.environment["finished"])

    @property
    def diverged(self) -> list[dict[str, str]]:
        """The learners that diverged: method, seed, task and step."""
        path = self.folder / "diverged.csv"
        return list(csv.DictReader(path.read_text().splitlines())) if path.exists() else []


def must_be_new(folder: Path, beside: Sequence[str] = ()) -> None:
    """ValueError unless a run can be written there without touching what is there, apart from the names `beside`."""
    for above in folder.absolute().parents:
        if above.exists() and not above.is_dir():
            raise ValueError(f"{above} is a file, and {folder} would lie in it; name another place with --out")
    if folder.exists() and (not folder.is_dir() or any(path.name not in beside for path in folder.iterdir())):
        raise ValueError(f"{folder} is there already; name another place with --out, or remove it first")
    must_take_files(folder)


def stored(name: str) -> Run:
    """A run that the book shows, from `results/` (which travels with the installed package)."""
    return Run.open(stored_path(name))


def stored_path(name: str) -> Path:
    """Where something in `results/` lies: a folder or a file, of which .json may be left out; ValueError if nowhere."""
    here = Path(__file__).resolve().parents[1]
    for place in (here / "_results", here.parent / "results"):
        for file in (name, f"{name}.json"):
            if (place / file).exists():
                return place / file
    raise ValueError(f"no stored run {name!r} in results/")


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, indented."""
    write_text(path, json.dumps(content, indent=2) + "\n")
