"""Runs of one plan with other seeds or methods, as one run: they may be spread over days, processes and machines."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from lop_tutorial.atomic import write_text
from lop_tutorial.running.run import Run, csv_text, must_be_new, place_of, write_json

TABLES = ("metrics.csv", "diverged.csv")
VARIED = ("seeds", "methods")
"""In which configurations may differ."""


def join_runs(folders: Sequence[Path], out: Path) -> Run:
    """Writes the run that one process with all these seeds and methods would have written, with its parts' origins.

    Learners do not depend on each other, so that nothing is computed. The runs stay as they are.

    Raises:
        ValueError: fewer than two runs; one that is not finished, or has another configuration; a method's seed in two
            of them, or in none; `out` is there already.
    """
    if len(folders) < 2:
        raise ValueError("name two runs or more to join")
    runs = [Run.open(folder) for folder in folders]
    first = _shared(runs[0])
    learners: dict[tuple[str, int], Path] = {}
    for run in runs:
        if not run.finished:
            raise ValueError(f"{run.folder} is not finished; go on with it first")
        other = _shared(run)
        if differ := sorted(name for name in first | other if first.get(name) != other.get(name)):
            raise ValueError(
                f"{run.folder} is not {runs[0].folder} with other seeds or methods: {', '.join(differ)} differ"
            )
        for method, seed in product(run.config["methods"], run.config["seeds"]):
            if (method, seed) in learners:
                raise ValueError(f"seed {seed} of {method} is in {learners[method, seed]} and in {run.folder}")
            learners[method, seed] = run.folder
    methods, seeds = list(dict.fromkeys(method for method, _ in learners)), sorted({seed for _, seed in learners})
    for method, seed in product(methods, seeds):
        if (method, seed) not in learners:
            raise ValueError(f"seed {seed} of {method} is in none of the runs")
    must_be_new(out)
    out.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        if text := _joined([run.folder / table for run in runs], first | {"methods": methods}, seeds):
            write_text(out / table, text)
    write_json(out / "config.json", runs[0].config | {"seeds": seeds, "methods": methods})
    write_json(out / "environment.json", _origin([run.environment for run in runs]))
    return Run.open(out)


def _shared(run: Run) -> dict[str, Any]:
    return {name: value for name, value in run.config.items() if name not in VARIED}


def _joined(paths: Sequence[Path], config: dict[str, Any], seeds: Sequence[int]) -> str:
    """Rows of all that are there, in the order of a run: by width, method, seed and task. Nothing if none is there."""
    tables = [list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) for path in paths if path.exists()]
    if not tables:
        return ""
    asked = config.get("widths") or [], config["methods"], seeds
    rows = sorted((row for table in tables for row in table), key=lambda row: place_of(row, *asked))
    return csv_text([list(rows[0]), *(list(row.values()) for row in rows)])


def _origin(origins: Sequence[dict[str, Any]]) -> dict[str, Any]:
    parts = [part for origin in origins for part in origin.get("parts") or [origin]]
    parts = [{name: value for name, value in part.items() if name != "finished"} for part in parts]
    seconds = round(sum(part.get("wall_seconds") or 0 for part in parts), 1)
    return parts[0] | {"finished": True, "wall_seconds": seconds, "parts": parts}
