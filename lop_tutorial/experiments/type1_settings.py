"""Which settings bring Type-1 about: the toy of two dimensions with other representations, steps and heads.

    python -m lop_tutorial.experiments.type1_settings results/type1_settings.json    # some five minutes on one core

writes what the chapter on Type-1 shows: every learner of `SETTINGS`, in blocks of five tasks.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64

from lop_tutorial.experiments.catalogue import plan
from lop_tutorial.running.execute import rows
from lop_tutorial.running.origin import environment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Results
from lop_tutorial.running.run import stored_path, write_rows

NAME = "type1_settings.json"
REPRESENTATIONS = ("tanh", "linear", "relu")
STEP_SIZES = (0.025, 0.05, 0.1)
HEADS = ("fresh", "keep")
BLOCK = 5
"""Tasks in a row over which an accuracy is averaged."""


@dataclass(frozen=True)
class Setting:
    """The plan `type1` with one of three activations of the representation, a step size and a head.

    The hidden layers below the representation stay tanh. A retrained learner's head is new at every task, so that it
    is run for one of the heads alone.
    """

    representation: str = "tanh"
    step_size: float | int = 0.1
    head: str = "fresh"

    def plan(self, tasks: int = 40, seeds: Iterable[int] = range(8)) -> Plan:
        """The experiment of this setting."""
        base = plan("type1")
        return replace(
            base,
            network_settings={**base.network_settings, "last_activation": self.representation},
            training=replace(base.training, step_size=self.step_size, head=self.head),
            methods=("none", "retrained") if self.head == HEADS[0] else ("none",),
            seeds=tuple(seeds),
            tasks=tasks,
            measure_every=2 * BLOCK,
        )


SETTINGS = tuple(itertools.starmap(Setting, itertools.product(REPRESENTATIONS, STEP_SIZES, HEADS)))


def measure(setting: Setting, **size: Any) -> Iterator[dict[str, Any]]:
    """A row a learner: accuracies by blocks, the median exponents within classes after every second block.

    A learner that diverged has NaN from that block on, and `diverged_in`, the task, counted from 0.
    """
    wanted = setting.plan(**size)
    results = Results(tuple(rows(wanted)))
    for method in wanted.methods:
        train, test, within = (
            results.curves(method, quantity) for quantity in ("train_accuracy", "test_accuracy", "ftle_within_q50")
        )
        whole = ((0, 0), (0, wanted.tasks - train.shape[1]))  # where all have diverged there are no more rows
        train, test, within = (np.pad(values, whole, constant_values=np.nan) for values in (train, test, within))
        for place, seed in enumerate(wanted.seeds):
            lost = np.flatnonzero(np.isnan(train[place]))
            yield {
                **vars(setting),
                "method": method,
                "seed": seed,
                "diverged_in": int(lost[0]) if len(lost) else None,
                "train": train[place].reshape(-1, BLOCK).mean(axis=1).tolist(),
                "test": test[place].reshape(-1, BLOCK).mean(axis=1).tolist(),
                "within": within[place, wanted.measure_every - 1 :: wanted.measure_every].tolist(),
            }


@dataclass(frozen=True)
class Settings:
    """What `measure` gave, a row a learner."""

    rows: tuple[dict[str, Any], ...]

    def of(self, quantity: str, **setting: Any) -> Float64[np.ndarray, "seed block"]:
        """`train`, `test` or `within` of every learner of a setting and method, in the order of seeds.

        ValueError where no row is of the setting.
        """
        return np.array([row[quantity] for row in self._select(setting)])

    def diverged(self, **setting: Any) -> int:
        """How many learners of a setting and method diverged."""
        return sum(row["diverged_in"] is not None for row in self._select(setting))

    def _select(self, setting: dict[str, Any]) -> list[dict[str, Any]]:
        if setting.get("method") == "retrained":
            setting = setting | {"head": HEADS[0]}
        found = [row for row in self.rows if all(row[name] == value for name, value in setting.items())]
        if not found:
            raise ValueError(f"no learner is of the setting {setting}")
        return sorted(found, key=lambda row: row["seed"])


def stored_settings() -> Settings:
    """The rows that the book shows, from `results/`."""
    rows = json.loads(stored_path(NAME).read_text(), parse_constant=_refuse)["rows"]
    return Settings(tuple({name: _read(value) for name, value in row.items()} for row in rows))


def main(out: Path, settings: Iterable[Setting] = SETTINGS, **size: Any) -> None:
    """Measures and writes; every setting is printed as it is done."""
    torch.set_num_threads(1)
    origin, began, found = environment(), time.perf_counter(), []
    for setting in settings:
        found += [{name: _stored(value) for name, value in row.items()} for row in measure(setting, **size)]
        print(setting, f"{time.perf_counter() - began:.0f} s", flush=True)
    origin |= {
        "command": f"python -m lop_tutorial.experiments.type1_settings results/{NAME}",
        "wall_seconds": round(time.perf_counter() - began, 1),
    }
    write_rows(out, {"environment": origin, "plan": Setting().plan(**size).as_config()}, found)


def _stored(value: Any) -> Any:
    """JSON knows neither NaN, stored as null, nor infinities, stored as text."""
    if isinstance(value, list):
        return [None if math.isnan(each) else round(each, 4) if math.isfinite(each) else str(each) for each in value]
    return value


def _read(value: Any) -> Any:
    return [math.nan if each is None else float(each) for each in value] if isinstance(value, list) else value


def _refuse(constant: str) -> None:
    raise ValueError(f"{NAME} holds {constant}, which JSON does not know; measure it again")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else f"results/{NAME}"))
