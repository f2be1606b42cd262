"""How long networks lived in every stored run that can tell: No Intv. on pairs of classes, with one kind of network."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lop_tutorial.report.survival import Lifetimes, lifetimes
from lop_tutorial.running.run import Run, stored_path

FITTED_CLASSES, FITTED_SEEDS = [0, 80], range(8)
"""Of the runs of the plan `death` that laws are fitted to; others are held out."""
SAME = ("classes", "image_size", "train_per_class")
"""What must be equal, beside image set, step size and seed, for two learners to be one and the same."""


def stored_lives(
    network: str = "smallconv", batch_size: int = 100, epochs: int = 20, event: str = "death"
) -> dict[str, list[Lifetimes]]:
    """For each image set the lives at each step size, the largest first, of all finished runs in `results/`.

    A life lasts until `event`, one of `survival.EVENTS`.
    """
    folder = stored_path("README.md").parent
    return gather(_runs(folder, network, batch_size, epochs), event)


def planned_lives(
    event: str = "death", clock: str = "tasks", *, held_out: bool = False, smallest: float = 0.0
) -> dict[str, list[Lifetimes]]:
    """For each image set the lives of the finished runs of the plan `death`, by step size from the largest on.

    Steps below `smallest` are left out. The lives are those that a law is fitted to, seeds 0 to 7 on classes 0 to 79;
    with `held_out` they are all others of that plan. `event` and `clock` are those of `survival.lifetimes`.
    """
    found: dict[str, list[Lifetimes]] = {}
    for path in sorted(stored_path("README.md").parent.glob("death_*/metrics.csv")):
        run = Run.open(path.parent)
        fitted = run.config["classes"] == FITTED_CLASSES and set(run.config["seeds"]) <= set(FITTED_SEEDS)
        if (
            run.finished
            and fitted != held_out
            and (lives := lifetimes(run, event=event, clock=clock)).step_size >= smallest
        ):
            found.setdefault(str(run.config["data"]), []).append(lives)
    return {data: sorted(lives, key=lambda each: -each.step_size) for data, lives in sorted(found.items())}


def gather(runs: Iterable[Run], event: str = "death") -> dict[str, list[Lifetimes]]:
    """The lives of No Intv. by image set and step size; of a learner that is in two runs, the longer one."""
    found: dict[str, dict[float, dict[str, tuple[float, bool]]]] = {}
    for run in runs:
        lives = lifetimes(run, event=event)
        mine = found.setdefault(str(run.config["data"]), {}).setdefault(lives.step_size, {})
        for seed, time, died in zip(run.results.seeds("none"), lives.times, lives.died, strict=True):
            name = json.dumps([seed, *(run.config.get(key) for key in SAME)], sort_keys=True)
            if name not in mine or mine[name][0] < time:
                mine[name] = (float(time), bool(died))
    return {
        data: [_joined(step, lives) for step, lives in sorted(steps.items())[::-1]] for data, steps in found.items()
    }


def _joined(step_size: float, lives: dict[str, tuple[float, bool]]) -> Lifetimes:
    times, died = zip(*lives.values(), strict=True)
    return Lifetimes(step_size, np.array(times), np.array(died))


def _runs(folder: Path, network: str, batch_size: int, epochs: int) -> Iterator[Run]:
    for path in sorted(folder.iterdir()):
        if not (path / "metrics.csv").exists():
            continue
        config: dict[str, Any] = json.loads((path / "config.json").read_text(encoding="utf-8"))
        training = config["training"]
        asked = (config["network"], training["batch_size"], training["epochs"])
        pairs = config.get("benchmark", "pairs") == "pairs" and config["data"] != "procedural"
        if pairs and asked == (network, batch_size, epochs) and "none" in config["methods"]:
            run = Run.open(path)
            if run.finished:
                yield run
