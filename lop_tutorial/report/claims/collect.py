"""Reads everything in results/ as comparisons: runs, sweeps and the book's own experiments, known by their columns.

The runs of a search that differ in methods and seeds alone are one experiment: see `_joined`. Survival runs, whose plan
lets the dead stop, have no accuracies at equal tasks and are left out: see `_of_survival`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lop_tutorial.experiments import inheritance
from lop_tutorial.experiments.step_search import STEP_SEARCH, STEP_SEARCH_PLAIN
from lop_tutorial.experiments.type2_settings import with_setting
from lop_tutorial.report.claims.comparison import (
    Comparison,
    Learners,
    Source,
    from_config,
    join,
    learners,
)
from lop_tutorial.running.results import Results
from lop_tutorial.running.run import Run, stored_path
from lop_tutorial.running.table import load

Rows = Sequence[Mapping[str, Any]]
QUANTITIES = (
    "train_accuracy",
    "test_accuracy",
    *(f"ftle_{place}_{quantile}" for place in ("within", "between") for quantile in ("q05", "q50", "q95")),
)
"""What claims ask of a run."""
TEXTS = (".md", ".txt")
SEARCHES = (STEP_SEARCH["quick"].name, STEP_SEARCH_PLAIN["quick"].name)
NOT_SHARED = {"name", "about", "methods", "seeds"}
"""In the configurations of a search's runs at one step size."""
NO_LEARNERS = (
    *("timings.csv", "ftle_ridges.json", "equal_training", "cbp_divergence"),
    *("warm_start", "warm_start_others", "warm_start_seeds_6_16", "warm_start_gap", "warm_start_longer"),
    *("cartpole_reference", "changing_control", "changing_control_held_out", "replay_ratio"),
    *("changing_games", "probe_scales", "small_rewards", "long_phase", "agent_controls"),
)
"""What lies in results/, beside texts, without learners from task to task: `equal_training` has fresh networks alone,
`cbp_divergence` single tasks learned again, a warm start is two tasks of the same classes, and an agent in
reinforcement learning has no classes."""


@cache
def in_results() -> tuple[Source, ...]:
    """All of results/."""
    return collect(stored_path("README.md").parent)


def collect(folder: Path) -> tuple[Source, ...]:
    """Everything in a folder of stored experiments, by name. ValueError for a file that it cannot make sense of."""
    paths = [path for path in sorted(folder.iterdir()) if path.name not in NO_LEARNERS and path.suffix not in TEXTS]
    groups: dict[str, list[Path]] = {}
    for path in paths:
        config = _config(path)
        if not _of_survival(config):
            groups.setdefault(_experiment(path, config), []).append(path)
    return tuple(_source(same) for same in groups.values())


def _source(paths: Sequence[Path]) -> Source:
    names = tuple(path.name for path in paths)
    if len(paths) == 1:
        return Source(names[0], tuple(_read(paths[0])), names)
    return Source(f"{names[0]} and {len(names) - 1} more", tuple(_joined(paths)), names)


def _experiment(path: Path, config: Mapping[str, Any]) -> str:
    """What two folders have in common that hold learners of one experiment: of a search all but methods and seeds."""
    if config.get("name") in SEARCHES:
        return json.dumps({key: config[key] for key in config.keys() - NOT_SHARED}, sort_keys=True)
    return path.name


def _of_survival(config: Mapping[str, Any]) -> bool:
    """Whether a run's learners stop once they are dead, by its plan, whether or not one did.

    After a death nothing was measured. What a claim asks, the late accuracy of all learners that did not diverge, could
    only be made up: as chance throughout, although dead networks are known that came back. And where its early and late
    tasks lie would follow from how many tasks the plan allows, most of which nobody lives to see.
    """
    return bool(config.get("dead_after"))


def _config(path: Path) -> dict[str, Any]:
    """The configuration of a run; nothing for what is no run."""
    if not (path / "metrics.csv").exists():
        return {}
    config: dict[str, Any] = json.loads((path / "config.json").read_text(encoding="utf-8"))
    return config


def _joined(paths: Sequence[Path]) -> Iterator[Comparison]:
    """The runs of a search at one step size: its second round goes on with other seeds of some of the first's methods.

    A learner that is in two of them is the same one; it is taken from the first.
    """
    parts = [next(_run(Run.open(path))) for path in paths]
    methods = dict.fromkeys(method for part in parts for method in part.learners)
    joined = {method: join([part.learners[method] for part in parts if method in part.learners]) for method in methods}
    yield replace(parts[0], learners=joined)


def _read(path: Path) -> Iterator[Comparison]:
    if (path / "metrics.csv").exists():
        return _run(Run.open(path))
    if path.is_dir() or path.suffix == ".json":
        config, _, table = load(path)
        for keys, reader in _READERS.items():
            if set(keys) <= set(table.columns):
                return reader(config, table.rows)
    raise ValueError(f"{path} is no run, no sweep and no experiment that is known; take it away or teach `collect` it")


def _run(run: Run) -> Iterator[Comparison]:
    for width in run.results.widths or (None,):
        results = run.results if width is None else run.results.at(width)
        yield from_config(run.config, {method: _learners(results, method) for method in results.methods}, width)


def _learners(results: Results, method: str) -> Learners:
    names = [name for name in QUANTITIES if name in results.rows[0]]
    return learners(results.seeds(method), **{name: results.curves(method, name) for name in names})


def _sweep(config: Mapping[str, Any], table: Rows) -> Iterator[Comparison]:
    """One experiment a setting, of which the first and the last tasks are known."""
    for (data, loss, step), rows in _grouped(table, "data", "loss", "step_size"):
        training = {**config["base"]["training"], "loss": loss, "step_size": float(step)}
        plan = {**config["base"], "data": data, "training": training}
        by_method = {}
        for (method,), mine in _grouped(rows, "method"):
            curves = {
                f"{what}_accuracy": [[row[f"{what}_early"], row[f"{what}_late"]] for row in mine]
                for what in ("train", "test")
            }
            by_method[method] = learners([row["seed"] for row in mine], **curves)
        yield from_config(plan, by_method)


def _settings_of_type1(content: Mapping[str, Any], rows: Rows) -> Iterator[Comparison]:
    """A retrained learner's head is new at every task, so that it was run for one kind of head alone."""

    def those(of: Rows, method: str) -> Learners:
        mine = [row for row in of if row["method"] == method]
        return learners(
            [row["seed"] for row in mine],
            **{f"{what}_accuracy": [_in_pairs(row[what]) for row in mine] for what in ("train", "test")},
        )

    for (representation, step, head), mine in _grouped(rows, "representation", "step_size", "head"):
        fresh = [row for row in rows if (row["representation"], row["step_size"]) == (representation, step)]
        words = f"{representation} representation, head {'kept' if head == 'keep' else 'drawn anew'}"
        by_method = {"none": those(mine, "none"), "retrained": those(fresh, "retrained")}
        yield _toy(2, step, _tasks(content), by_method, words)


def _in_pairs(values: Sequence[float]) -> list[float]:
    """Means of two in a row, so that the last stands for twice as many tasks."""
    return [float(mean) for mean in np.asarray(values, dtype=float).reshape(-1, 2).mean(axis=1)]


def _trial(content: Mapping[str, Any], rows: Rows) -> Iterator[Comparison]:
    """The suspects' trial, and that of cures: a row a learner and measured task, the 5th, 10th, ... of them.

    Accuracies alone: exponents were measured before a task, and claims ask what is there after it. A learner that
    diverged has no row from there on, and none at all if that was before its fifth task: it is one of the plan's seeds.
    """
    measured, seeds = range(content["every"] - 1, content["tasks"], content["every"]), sorted(content["seeds"])
    for (setting,), mine in _grouped(rows, "setting"):
        by_method = {}
        for (method,), those in _grouped(mine, "method"):
            at = {(row["seed"], row["task"]): row for row in those}
            curves = {
                name: [
                    _in_pairs([at[seed, task][name] if (seed, task) in at else np.nan for task in measured])
                    for seed in seeds
                ]
                for name in ("train_accuracy", "test_accuracy")
            }
            by_method[method] = learners(seeds, **curves)
        yield from_config(content["plans"][setting], by_method)


def _controls(content: Mapping[str, Any], rows: Rows) -> Iterator[Comparison]:
    """Of the controls the networks whose tasks came at once, on a new task of the same kind, beside fresh ones."""
    for (setting,), mine in _grouped(rows, "setting"):
        learned = content["learned"][setting]
        step, width = learned["training"]["step_size"], learned["network"]["hidden"][-1]
        for head, called in (("keep", "kept"), ("fresh", "drawn anew")):
            worlds = {"none": ("abrupt", head), "retrained": ("none yet", "fresh")}
            by_method = {}
            for method, world in worlds.items():
                those = [row for row in mine if (row["world"], row["head"]) == world]
                curves = {f"{what}_accuracy": [[row[f"same_{what}"]] for row in those] for what in ("train", "test")}
                by_method[method] = learners([row["seed"] for row in those], **curves)
            words = f"head {called}, then one more task"
            if not learned["procedural"]:
                yield _toy(width, step, content["tasks"], by_method, words)
                continue
            about = f"pairs of drawn pictures, MLP, d = {width}, squared error, step {step:g}, {content['tasks']} tasks"
            yield Comparison(f"{about}, {words}", "pairs", "procedural", width, by_method)


def _settings_of_type2(content: Mapping[str, Any], rows: Rows) -> Iterator[Comparison]:
    for (name,), mine in _grouped(rows, "setting"):
        quantities = [key for key in mine[0] if key not in ("setting", "seed")]
        plain = learners([row["seed"] for row in mine], **{q: [row[q] for row in mine] for q in quantities})
        step = with_setting(name).training.step_size
        yield _toy(256, step, _tasks(content), {"none": plain}, name)


def _tasks(content: Mapping[str, Any]) -> int:
    """How many tasks an experiment had, by its own record or by that of its plan."""
    return int(content["tasks"] if "tasks" in content else content["plan"]["tasks"])


def _increments(content: Mapping[str, Any], rows: Rows) -> Iterator[Comparison]:
    """Those that lived through all increments; fresh networks on the last one alone are another experiment."""
    called = {"fresh_g_mixup": "g_mixup:fresh=true"}
    by_method = {}
    for (network,), mine in _grouped(rows, "network"):
        if len(mine[0]["test_accuracy"]) == content["tasks"]:
            accuracies = {name: [row[name] for row in mine] for name in ("train_accuracy", "test_accuracy")}
            by_method[called.get(network, network)] = learners([row["seed"] for row in mine], **accuracies)
    training, tasks = content["training"], content["tasks"]
    about = f"increments of drawn pictures, ResNet-18, d = 64, step {training['step_size']:g}"
    yield Comparison(f"{about}, {training['epochs']} epochs, {tasks} tasks", "increments", "procedural", 64, by_method)


def _task_by_task(content: Mapping[str, Any], rows: Rows) -> Iterator[Comparison]:
    """Toys looked at before and after every task; `kind` says what was done to the weights, of `plain` ones nothing."""
    for (width,), mine in _grouped(rows, "width"):
        by_method = {}
        for (kind,), networks in _grouped([{"kind": "plain", **row} for row in mine], "kind"):
            curves = {name: [row[name] for row in networks] for name in inheritance.QUANTITIES if name in networks[0]}
            by_method["none" if kind == "plain" else kind] = learners([row["seed"] for row in networks], **curves)
        yield _toy(width, content["training"]["step_size"], content["tasks"], by_method)


def _shorter_steps(content: Mapping[str, Any], rows: Rows) -> Iterator[Comparison]:
    """Narrow toys left alone, at a share of the usual step size."""
    for (share,), mine in _grouped(rows, "share"):
        curves = {name: [row[name] for row in mine] for name in inheritance.QUANTITIES if name in mine[0]}
        plain = learners([row["seed"] for row in mine], **curves)
        yield _toy(2, share * content["training"]["step_size"], content["tasks"], {"none": plain})


def _heads(content: Mapping[str, Any], rows: Rows) -> Iterator[Comparison]:
    """Heads of several kinds; only the last tasks are known."""
    width = content["network"]["hidden"][-1]
    for (head,), mine in _grouped(rows, "head"):
        by_method = {}
        for (method,), those in _grouped(mine, "method"):
            accuracies = {name: [[row[name]] for row in those] for name in ("train_accuracy", "test_accuracy")}
            by_method[content["methods"][method]] = learners([row["seed"] for row in those], **accuracies)
        yield _toy(width, content["step_size"], content["tasks"], by_method, f"head: {head}")


def _toy(width: int, step: float | int, tasks: int, by_method: Mapping[str, Learners], words: str = "") -> Comparison:
    rest = f"step {step:g}, {tasks} tasks" + (f", {words}" if words else "")
    return Comparison(f"toy points, d = {width}, {rest}", "points", "points", width, by_method, f"toy points, {rest}")


_READERS: dict[tuple[str, ...], Callable[[Mapping[str, Any], Rows], Iterator[Comparison]]] = {
    ("data", "test_late"): _sweep,
    ("setting", "previous_test"): _trial,
    ("world", "same_test"): _controls,
    ("representation", "train"): _settings_of_type1,
    ("setting", "test_accuracy"): _settings_of_type2,
    ("network", "best_test"): _increments,
    ("first", "start_within"): _task_by_task,
    ("share", "start_within"): _shorter_steps,
    ("head", "reference"): _heads,
}
"""By columns of a table."""


def _grouped(rows: Iterable[Mapping[str, Any]], *keys: str) -> list[tuple[tuple[Any, ...], Rows]]:
    """Rows by their entries under some keys, in the order in which these first appear; seeds rising."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [(values, sorted(mine, key=lambda row: row["seed"])) for values, mine in groups.items()]
