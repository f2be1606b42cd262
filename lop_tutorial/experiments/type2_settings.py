"""In which settings Type-2 appears: the toy of 256 dimensions with one thing changed at a time.

    python -m lop_tutorial.experiments.type2_settings results/type2_settings.json    # some three minutes on one core

writes what the chapter on Type-2 shows: for every setting, each seed's accuracies and exponents, early and late.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from lop_tutorial.experiments.catalogue import plan
from lop_tutorial.running.execute import rows
from lop_tutorial.running.origin import environment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Results
from lop_tutorial.running.run import stored_path, write_rows

NAME = "type2_settings.json"
QUANTITIES = ("train_accuracy", "test_accuracy", "ftle_within_q50", "ftle_between_q50")
ENDS = 5
"""Tasks at the beginning and at the end over which a quantity is averaged."""
USUAL = "as it is"
SETTINGS: Mapping[str, dict[str, Any]] = {
    USUAL: {},
    "step size 0.025": {"training": {"step_size": 0.025}},
    "step size 0.01": {"training": {"step_size": 0.01}},
    "25 epochs": {"training": {"epochs": 25}},
    "head set to zero": {"training": {"head": "zero"}},
    "head kept": {"training": {"head": "keep"}},
    "clouds 5 apart": {"points": {"distance": 5.0}},
    "320 points a class": {"points": {"train_per_class": 320}, "training": {"epochs": 10}},
    "2 input dimensions": {"points": {"dimensions": 2}},
}
"""What is changed of the plan `type2`. With ten times the points a tenth of the epochs takes as many steps."""


def setting(name: str, tasks: int = 40, seeds: int = 8) -> Plan:
    """The experiment of one of `SETTINGS`."""
    base, changed = plan("type2"), SETTINGS[name]
    return replace(
        base,
        training=replace(base.training, **changed.get("training", {})),
        points=changed.get("points", {}),
        methods=("none",),
        seeds=tuple(range(seeds)),
        tasks=tasks,
    )


def measure(name: str, **size: Any) -> list[dict[str, Any]]:
    """A row a learner: each of `QUANTITIES` over the first and the last `ENDS` tasks."""
    wanted = setting(name, **size)
    results = Results(tuple(rows(wanted)))
    found = {q: results.curves("none", q) for q in QUANTITIES}
    return [
        {"setting": name, "seed": seed}
        | {q: [values[k, :ENDS].mean(), values[k, -ENDS:].mean()] for q, values in found.items()}
        for k, seed in enumerate(wanted.seeds)
    ]


@dataclass(frozen=True)
class Settings:
    """What `measure` gave, a row a learner."""

    rows: tuple[dict[str, Any], ...]

    def of(self, setting: str, quantity: str) -> Float64[np.ndarray, "seed end"]:
        """One quantity of every seed, early and late; ValueError where there is no such setting."""
        found = [row[quantity] for row in self.rows if row["setting"] == setting]
        if not found:
            raise ValueError(f"setting is {setting!r}; there are {', '.join(SETTINGS)}")
        return np.array(found)


def stored_settings() -> Settings:
    """The rows of results/type2_settings.json."""
    return Settings(tuple(json.loads(stored_path(NAME).read_text())["rows"]))


def main(path: Path) -> None:
    began = time.perf_counter()
    measured = [row for name in SETTINGS for row in measure(name)]
    origin: dict[str, Any] = environment() | {
        "command": f"python -m lop_tutorial.experiments.type2_settings results/{NAME}",
        "wall_seconds": round(time.perf_counter() - began, 1),
    }
    for row in measured:
        row |= {q: [round(value, 4) for value in row[q]] for q in QUANTITIES}
    head = {"environment": origin, "settings": SETTINGS, "plan": setting(USUAL).as_config()}
    write_rows(path, head, measured)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else f"results/{NAME}"))
