"""A run on disk: config.json (what was asked), environment.json (where it came from), metrics.csv (what came out).

Beside them diverged.csv, if a learner diverged; and while the run is not finished, `checkpoints/` (see `parts.py`).
"""

from __future__ import annotations

import csv
import json
import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from lop_tutorial.atomic import write_text
from lop_tutorial.running.results import Results

NEEDED = {
    "config.json": ("name", "about", "data", "methods", "seeds", "tasks"),
    "environment.json": ("command", "date", "device", "commit", "finished"),
}
"""What a run's files must hold at the least."""
PACKAGES = ("lop-tutorial", "torch", "torchvision", "numpy", "scipy", "pillow", "matplotlib")


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
            raise ValueError(f"{folder} is a study, not a run")
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
    if folder.exists() and (not folder.is_dir() or any(path.name not in beside for path in folder.iterdir())):
        raise ValueError(f"{folder} is there already; name another place with --out, or remove it first")


def environment(device: str = "cpu") -> dict[str, Any]:
    """Where a run comes from: commit, versions, device, machine, date. Nothing in it names a person or a host."""
    gpu = torch.cuda.get_device_name(device) if device.startswith("cuda") else None
    return {
        "command": _command(sys.argv[1:]),
        "commit": _commit(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "device": gpu or f"CPU ({_processor()})",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: version(name) for name in PACKAGES},
    }


def _command(words: list[str]) -> str:
    """The command line without where on this machine images and runs lie, which is its own affair."""
    kept, words = ["lop-tutorial"], [part for word in words for part in _apart(word)]
    for before, word in zip(["", *words], words, strict=False):
        if "--root" not in (before, word):
            kept.append(Path(word).name if before == "--out" and Path(word).is_absolute() else word)
    return shlex.join(kept)


def _apart(word: str) -> list[str]:
    """ "--out=there" is "--out", "there"."""
    return word.split("=", 1) if word.startswith("--") else [word]


def stored(name: str) -> Run:
    """A run that the book shows, from `results/` (which travels with the installed package)."""
    return Run.open(stored_path(name))


def stored_path(name: str) -> Path:
    """Where something in `results/` lies, a run's folder or a file; ValueError if it is not there."""
    here = Path(__file__).resolve().parents[1]
    for place in (here / "_results", here.parent / "results"):
        if (place / name).exists():
            return place / name
    raise ValueError(f"no stored run {name!r} in results/")


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, indented."""
    write_text(path, json.dumps(content, indent=2) + "\n")


def write_rows(path: Path, head: Mapping[str, Any], rows: Iterable[Any], name: str = "rows") -> None:
    """Whole or not at all: the entries of `head`, indented, and then the rows, a line each; none may hold a NaN."""
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    write_text(path, json.dumps(head, indent=1)[:-2] + f',\n "{name}": [\n{lines}\n]}}\n')


def _commit() -> str | None:
    """The commit of the source tree, marked where it had changes; None for an installed package."""
    here = Path(__file__).resolve().parent

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", str(here), *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        return git("rev-parse", "HEAD") + (" with changes" if git("status", "--porcelain", "--", str(here)) else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
