"""Why the head decides which mixing holds a narrow network up: open units and steps, by head and by mixing.

    python -m lop_tutorial.experiments.heads results/heads.json    # some minutes on one core

writes what the chapter on theory shows of it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.inheritance import FITTED, Row, stored_row
from lop_tutorial.experiments.weight_walk import Walk
from lop_tutorial.interventions import intervention
from lop_tutorial.networks import MLP, Network
from lop_tutorial.running.origin import environment
from lop_tutorial.running.run import stored_path, write_rows
from lop_tutorial.training import Fleet

NAME = "heads.json"
HEADS = ("fresh", "gentle", "zero", "keep")
"""Drawn anew at each task; drawn anew a tenth as large; set to zero; kept."""
METHODS = {"none": "none", "between": "g_mixup:M=1:intra=0", "within": "g_mixup:M=1:intra=1:intra_weight=1"}
"""No mixing, mixing of inputs of different classes alone, and of one class alone."""
LAST = 10
"""Tasks over which the means are taken."""


class GentleHead(MLP):
    """An MLP whose head is drawn a tenth as large as usual."""

    def initialise_head(self) -> None:
        super().initialise_head()
        self.head.weight.data.mul_(0.1)


def by_head(head: str, seeds: Sequence[int], tasks: int) -> list[Row]:
    """All `METHODS` with this head on the toys of two dimensions: a row a learner, means over the `LAST` tasks."""
    if head not in HEADS:
        raise ValueError(f"head is {head!r}; it must be one of {', '.join(HEADS)}")
    experiment = two_types(2)
    streams = {seed: experiment.stream(seed) for seed in seeds}
    shape, outputs = streams[seeds[0]].shape, streams[seeds[0]].outputs

    def make_network() -> Network:
        return (GentleHead if head == "gentle" else MLP)(shape, outputs, **experiment.network_settings)

    training = replace(experiment.training, head="fresh" if head == "gentle" else head)
    names = [(name, seed) for name in METHODS for seed in seeds]
    fleet = Fleet(make_network, training, [(intervention(METHODS[name]), seed) for name, seed in names])
    looks = [Walk(experiment) for _ in names]
    found: list[list[Row]] = [[] for _ in names]
    for number in range(tasks):
        late = number >= tasks - LAST
        for one, look in zip(fleet.learners, looks, strict=True):
            if late:
                look.prepare(one.network, one.seed)
        outcomes = fleet.learn({seed: stream.task(number) for seed, stream in streams.items()})
        if late:
            for one, look, outcome, rows in zip(fleet.learners, looks, outcomes, found, strict=True):
                seen = {"train_accuracy": outcome.train_accuracy, "test_accuracy": outcome.test_accuracy}
                rows.append(seen | look(one.network, one.seed))
    kept = ("train_accuracy", "test_accuracy", "reference", "open", "step")
    return [
        {"head": head, "method": name, "seed": seed} | {key: float(np.mean([row[key] for row in rows])) for key in kept}
        for (name, seed), rows in zip(names, found, strict=True)
    ]


def stored_heads(head: str, method: str, quantity: str) -> Float64[np.ndarray, " seed"]:
    """A quantity of the stored rows, one number a seed."""
    rows = json.loads(stored_path(NAME).read_text())["rows"]
    found = [row[quantity] for row in rows if (row["head"], row["method"]) == (head, method)]
    if not found:
        raise ValueError(f"nothing is stored for head {head!r} and method {method!r}")
    return np.array(found, dtype=float)


def main(out: Path, seeds: Sequence[int] = FITTED, tasks: int = 40, heads: Sequence[str] = HEADS) -> None:
    """Runs all heads, and writes."""
    torch.set_num_threads(1)
    origin, began = environment(), time.perf_counter()
    rows: list[Row] = []
    for head in heads:
        rows += by_head(head, seeds, tasks)
        print(f"{head}: {time.perf_counter() - began:.0f} s", flush=True)
    origin |= {
        "command": f"python -m lop_tutorial.experiments.heads results/{NAME}",
        "wall_seconds": round(time.perf_counter() - began, 1),
    }
    experiment = two_types(2)
    document = {
        "environment": origin,
        "network": experiment.network_settings,
        "step_size": experiment.training.step_size,
        "methods": METHODS,
        "seeds": list(seeds),
        "tasks": tasks,
        "means_over_last": LAST,
    }
    write_rows(out, document, map(stored_row, rows))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else f"results/{NAME}"))
