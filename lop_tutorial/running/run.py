"""A run on disk: config.json (what was asked), environment.json (where it came from), metrics.csv (what came out).

Beside them diverged.csv, if a learner diverged; and while the run is not finished, `checkpoints/` (see `crews.py`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lop_tutorial.atomic import is_left_over, must_take_files, write_text
from lop_tutorial.running.results import Results

Check = Callable[[Any], bool]


def _kind(*kinds: type) -> Check:
    return lambda value: isinstance(value, kinds)


def _count(value: Any) -> bool:
    return type(value) is int and value >= 1


def _list_of(each: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(each, value))


_text, _methods, _numbers = _kind(str), _list_of(_kind(str)), _list_of(_kind(int))
NEEDED: dict[str, dict[str, Check]] = {
    "config.json": {
        "name": _text,
        "about": _text,
        "data": _text,
        "methods": _methods,
        "seeds": _numbers,
        "tasks": _count,
    },
    "environment.json": {
        "command": _text,
        "date": _text,
        "device": _text,
        "commit": _kind(str, type(None)),
        "finished": _kind(bool),
    },
}
"""What a run's files must hold at the least, and what it must be."""
KNOWN: dict[str, dict[str, Check]] = {
    "config.json": {"bins": _count, "table": _kind(int, type(None)), "widths": _numbers, "edition": _count},
    "environment.json": {"packages": _kind(dict)},
}
"""What it must be where it is there."""


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
        parts = {name: _sound(folder, name) for name in NEEDED}
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
        return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) if path.exists() else []


def _sound(folder: Path, name: str) -> dict[str, Any]:
    """What one of the files in NEEDED says; ValueError where it is not there, or not what a run writes."""
    try:
        said = json.loads((folder / name).read_bytes())
    except FileNotFoundError:
        raise ValueError(f"{folder} has no {name}: it is not a run folder") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{folder / name} is damaged ({error}); run the experiment again") from error
    there = said if isinstance(said, dict) else {}
    lacking = [key for key in NEEDED[name] if key not in there]
    odd = [key for key, sound in (NEEDED[name] | KNOWN[name]).items() if key in there and not sound(there[key])]
    if lacking or odd:
        why = f"it lacks {', '.join(lacking)}" if lacking else f"{odd[0]} is {there[odd[0]]!r:.40}"
        raise ValueError(f"{folder / name} is damaged ({why}); run the experiment again")
    return there


def must_be_new(folder: Path, resume: bool = False) -> None:
    """ValueError unless a run can be written there without touching what is there.

    With `resume`, what a run left that was killed before it had written its settings does not count.
    """
    for above in folder.absolute().parents:
        if above.exists() and not above.is_dir():
            raise ValueError(f"{above} is a file, and {folder} would lie in it; name another place with --out")
    there = [] if not folder.is_dir() else [path for path in folder.iterdir() if not (resume and _is_begun(path))]
    if there or (folder.exists() and not folder.is_dir()):
        raise ValueError(f"{folder} is there already; name another place with --out, or remove it first")
    must_take_files(folder)


def _is_begun(path: Path) -> bool:
    return path.name == "checkpoints" or is_left_over(path)


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


def csv_text(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells as a run's tables have them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def place_of(
    row: Mapping[str, str], widths: Sequence[int], methods: Sequence[str], seeds: Sequence[int]
) -> tuple[int, ...]:
    """Where a row stands in a run's tables: by width, method, seed and task, in the order in which they were asked."""
    width = widths.index(int(row["width"])) if widths else 0
    return width, methods.index(row["method"]), seeds.index(int(row["seed"])), int(row["task"])
