"""Reads everything in results/ as experiments: runs, studies and the book's own, told apart by what is in them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lop_tutorial.experiments.type2_settings import setting
from lop_tutorial.report.claims.experiment import (
    Experiment,
    Learners,
    Stored,
    described,
    dimension_of,
    from_config,
    learners,
)
from lop_tutorial.running.results import Results
from lop_tutorial.running.run import Run, stored_path
from lop_tutorial.running.sweep import read

Rows = Sequence[Mapping[str, Any]]
QUANTITIES = (
    "train_accuracy",
    "test_accuracy",
    *(f"ftle_{place}_{quantile}" for place in ("within", "between") for quantile in ("q05", "q50", "q95")),
)
"""What claims ask of a run."""
NO_LEARNERS = ("README.md", "timings.csv", "ftle_ridges.json")
"""What in results/ holds no learner that went from task to task."""


@cache
def in_results() -> tuple[Stored, ...]:
    """All that the book shows."""
    return collect(stored_path("README.md").parent)


def collect(folder: Path) -> tuple[Stored, ...]:
    """Everything in a folder of stored experiments, by name. ValueError for a file that it cannot make sense of."""
    return tuple(Stored(path.name, tuple(_read(path))) for path in sorted(folder.iterdir()) if not _skipped(path))


def _skipped(path: Path) -> bool:
    return path.name in NO_LEARNERS


def _read(path: Path) -> Iterator[Experiment]:
    if (path / "metrics.csv").exists():
        return _run(Run.open(path))
    if (path / "table.csv").exists():
        return _study(json.loads((path / "config.json").read_text()), read(path / "table.csv"))
    if path.suffix == ".json":
        content = json.loads(path.read_text())
        rows = content.get("rows") or content.get("lives") or [{}]
        for keys, reader in _READERS.items():
            if set(keys) <= set(rows[0]):
                return reader(content, rows)
    raise ValueError(f"{path} is no run, no study and no experiment that is known; take it away or teach `collect` it")


def _run(run: Run) -> Iterator[Experiment]:
    for width in run.results.widths or (None,):
        results = run.results if width is None else run.results.at(width)
        yield from_config(run.config, {method: _learners(results, method) for method in results.methods}, width)


def _learners(results: Results, method: str) -> Learners:
    names = [name for name in QUANTITIES if name in results.rows[0]]
    return learners(results.seeds(method), **{name: results.curves(method, name) for name in names})


def _study(config: Mapping[str, Any], table: Rows) -> Iterator[Experiment]:
    """One experiment a setting, of which the first and the last tasks are known."""
    for (data, loss, step), rows in _grouped(table, "data", "loss", "step_size"):
        training = {**config["base"]["training"], "loss": loss, "step_size": float(step)}
        plan = {**config["base"], "data": data, "training": training}
        found = {}
        for (method,), mine in _grouped(rows, "method"):
            curves = {
                f"{what}_accuracy": [[row[f"{what}_early"], row[f"{what}_late"]] for row in mine]
                for what in ("train", "test")
            }
            found[method] = learners([row["seed"] for row in mine], **curves)
        yield from_config(plan, found)


def _settings_of_type1(content: Mapping[str, Any], rows: Rows) -> Iterator[Experiment]:
    def those(of: Iterable[Mapping[str, Any]]) -> Learners:
        of = list(of)
        accuracies = {f"{what}_accuracy": [_numbers(row[what]) for row in of] for what in ("train", "test")}
        return learners([row["seed"] for row in of], **accuracies)

    for (representation, step, head), mine in _grouped(rows, "representation", "step_size", "head"):
        fresh = [r for r in rows if (r["representation"], r["step_size"]) == (representation, step)]
        training = {**content["plan"]["training"], "step_size": step}
        about = described({**content["plan"], "training": training}, dimension_of(content["plan"]))
        words = f"{about}, {representation} representation, head {'kept' if head == 'keep' else 'drawn anew'}"
        found = {"none": those(row for row in mine if row["method"] == "none")}
        found["retrained"] = those(row for row in fresh if row["method"] == "retrained")
        yield Experiment(words, "points", "points", dimension_of(content["plan"]), found)


def _settings_of_type2(content: Mapping[str, Any], rows: Rows) -> Iterator[Experiment]:
    for (name,), mine in _grouped(rows, "setting"):
        plan = content["plan"] | {"training": vars(setting(name).training)}
        quantities = [key for key in mine[0] if key not in ("setting", "seed")]
        found = learners([row["seed"] for row in mine], **{q: [row[q] for row in mine] for q in quantities})
        words = f"{described(plan, dimension_of(plan))}, {name}"
        yield Experiment(words, "points", "points", dimension_of(plan), {"none": found})


def _increments(content: Mapping[str, Any], rows: Rows) -> Iterator[Experiment]:
    """Those that lived through all increments; fresh networks on the last one alone are another experiment."""
    called = {"fresh_g_mixup": "g_mixup:fresh=true"}
    found = {}
    for (network,), mine in _grouped(rows, "network"):
        if len(mine[0]["test_accuracy"]) == content["tasks"]:
            accuracies = {name: [row[name] for row in mine] for name in ("train_accuracy", "test_accuracy")}
            found[called.get(network, network)] = learners([row["seed"] for row in mine], **accuracies)
    training, tasks = content["training"], content["tasks"]
    about = f"increments of drawn pictures, ResNet-18, d = 64, step {training['step_size']:g}"
    yield Experiment(f"{about}, {training['epochs']} epochs, {tasks} tasks", "increments", "procedural", 64, found)


def _tasks_one_by_one(content: Mapping[str, Any], rows: Rows) -> Iterator[Experiment]:
    """Toys looked at before and after every task."""
    for (width,), mine in _grouped(rows, "width"):
        lives = [[row for row in mine if row["seed"] == seed] for seed in content["seeds"]]
        names = [name for name in mine[0] if name not in ("width", "seed", "task")]
        curves = {name: [_numbers(row[name] for row in life) for life in lives] for name in names}
        yield _toy(content, width, {"none": learners(content["seeds"], **curves)})


def _walks(content: Mapping[str, Any], rows: Rows) -> Iterator[Experiment]:
    """The same with what was done to the weights; of `plain` ones nothing."""
    for (width,), mine in _grouped(rows, "width"):
        found = {}
        for (way,), lives in _grouped(mine, "kind"):
            names = ("train_accuracy", "test_accuracy", "start_within", "end_within")
            curves = {name: [_numbers(life[name]) for life in lives] for name in names}
            found["none" if way == "plain" else way] = learners([life["seed"] for life in lives], **curves)
        yield _toy(content, width, found)


def _heads(content: Mapping[str, Any], rows: Rows) -> Iterator[Experiment]:
    """Heads of several kinds; only the last tasks are known."""
    width = content["network"]["hidden"][-1]
    for (head,), mine in _grouped(rows, "head"):
        found = {}
        for (method,), those in _grouped(mine, "method"):
            accuracies = {name: [[row[name]] for row in those] for name in ("train_accuracy", "test_accuracy")}
            found[content["methods"][method]] = learners([row["seed"] for row in those], **accuracies)
        step = f"step {content['step_size']:g}, {content['tasks']} tasks"
        yield Experiment(f"toy points, d = {width}, {step}, head: {head}", "points", "points", width, found)


def _toy(content: Mapping[str, Any], width: int, found: Mapping[str, Learners]) -> Experiment:
    about = f"toy points, d = {width}, step {content['training']['step_size']:g}, {content['tasks']} tasks"
    return Experiment(about, "points", "points", width, found)


_READERS: dict[tuple[str, ...], Callable[[Mapping[str, Any], Rows], Iterator[Experiment]]] = {
    ("representation", "train"): _settings_of_type1,
    ("setting", "test_accuracy"): _settings_of_type2,
    ("network", "best_test"): _increments,
    ("kind", "start_within"): _walks,
    ("task", "start_within"): _tasks_one_by_one,
    ("head", "reference"): _heads,
}
"""By entries that the rows of a JSON file have."""


def _grouped(rows: Iterable[Mapping[str, Any]], *keys: str) -> list[tuple[tuple[Any, ...], Rows]]:
    """Rows by their entries under some keys, in the order in which these first appear; seeds rising."""
    found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [(values, sorted(mine, key=lambda row: row["seed"])) for values, mine in found.items()]


def _numbers(values: Iterable[Any]) -> list[float]:
    """Null is NaN, and text an infinity."""
    return [math.nan if value is None else float(value) for value in values]
