"""The walk of the weights from task to task, what it makes of exponents, and what happens where it is forbidden.

    python -m lop_tutorial.experiments.weight_walk results/walk.json    # some minutes on one core

writes what the chapter on theory shows: the toys of either width, left to themselves; with their weights brought back
to their first size before each task; and new-born networks that are given the size of old ones.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.inheritance import FITTED, WIDTHS, Change, Lives, Row, follow, medians
from lop_tutorial.geometry import ftle, summary
from lop_tutorial.networks import Network
from lop_tutorial.running.origin import environment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.run import stored_path, write_rows
from lop_tutorial.streams import Stream

NAME = "walk.json"
KINDS = ("plain", "resized", "newborn")
"""Left to itself; brought back to its first size before each task; untrained, of the size of one that is old."""
KEPT = (
    *("train_accuracy", "test_accuracy", "start_within", "end_within", "reference_before", "reference"),
    *("body", "open", "any_open", "step", "away", "size", "sizes"),
)
"""What is stored of a life; the layers' sizes only of those that are left to themselves."""
OPEN = 0.25
"""A tanh unit counts as open at an input where its gain 1 - h^2 is above this: |pre-activation| below 1.32."""


def weights_of(network: Network) -> list[nn.Linear]:
    """The layers up to the representation."""
    return [layer for layer in network.body if isinstance(layer, nn.Linear)]


def sizes(network: Network) -> list[float]:
    """The Frobenius norm of each layer's weights, up to the representation."""
    return [float(layer.weight.detach().norm()) for layer in weights_of(network)]


@torch.no_grad()
def resize(network: Network, wanted: Sequence[float]) -> None:
    """Brings each layer's weights to this norm, in place, and scales its biases by the same factor."""
    layers = weights_of(network)
    if len(layers) != len(wanted):
        raise ValueError(f"there are {len(wanted)} sizes for {len(layers)} layers; each needs one")
    for layer, size in zip(layers, wanted, strict=True):
        factor = size / float(layer.weight.norm())
        layer.weight.mul_(factor)
        layer.bias.mul_(factor)


class KeepSize:
    """Brings a network back to the size that it had when it was first seen: `prepare` of `follow`."""

    def __init__(self) -> None:
        self._first: dict[int, list[float]] = {}

    def __call__(self, network: Network, seed: int) -> None:
        resize(network, self._first.setdefault(seed, sizes(network)))


def given_size(wanted: Mapping[int, Sequence[float]]) -> Change:
    """Gives each seed's network these sizes: `prepare` of `follow`."""
    return lambda network, seed: resize(network, wanted[seed])


def reference_points(stream: Stream, tasks: int = 4, per_class: int = 8) -> Float[Tensor, "point *shape"]:
    """Points of tasks that no learner meets, numbers 10000 and on: the same ones for a whole life."""
    found = []
    for number in range(10_000, 10_000 + tasks):
        task = stream.task(number)
        found += [task.train_x[task.train_y == label][:per_class] for label in range(task.outputs)]
    return torch.cat(found)


class Walk:
    """What `follow` measures `also`: at fixed points, and of the weights. The first network of a seed is the origin.

    reference, and before the task reference_before: the median exponent at `reference_points`. body: the median log
    stretch of all layers but the representation's own. open: the share of open units in the representation, over these
    points; any_open: the share of points at which one is open at least. size, step and away are |W|, |W_t - W_{t-1}|
    and |W - W_0| of all layers below the representation's own, as one vector; sizes are all layers' norms.
    """

    def __init__(self, experiment: Plan) -> None:
        self.experiment = experiment
        self._points: dict[int, Tensor] = {}
        self._first: dict[int, Tensor] = {}
        self._last: dict[int, Tensor] = {}
        self._before: dict[int, float] = {}

    def prepare(self, network: Network, seed: int) -> None:
        """Notes the weights with which a task begins."""
        if seed not in self._first:
            self._points[seed] = reference_points(self.experiment.stream(seed))
            self._first[seed] = _vector(network)
        if seed not in self._last or not torch.equal(self._last[seed], _vector(network)):
            self._before[seed] = self._exponent(network, seed)
        self._last[seed] = _vector(network)

    def _exponent(self, network: Network, seed: int) -> float:
        return summary(ftle(network, self._points[seed], method="exact", dtype=torch.float64)).quantiles[0.5]

    def geometry(self, network: Network, seed: int) -> Row:
        """What is measured at the fixed points."""
        x, below = self._points[seed], len(network.body) - 3
        with torch.no_grad():
            gains: Float64[Tensor, "point unit"] = 1 - network.representation(x).double().square()
        body = ftle(network, x, f"body.{below}", method="exact", depth=1, dtype=torch.float64)
        return {
            "reference": self._exponent(network, seed),
            "body": summary(body).quantiles[0.5],
            "open": float((gains > OPEN).double().mean()),
            "any_open": float((gains > OPEN).any(dim=1).double().mean()),
        }

    def __call__(self, network: Network, seed: int) -> Row:
        now = _vector(network)
        return (
            {"reference_before": self._before[seed]}
            | self.geometry(network, seed)
            | {
                "size": float(now.norm()),
                "step": float((now - self._last[seed]).norm()),
                "away": float((now - self._first[seed]).norm()),
                "sizes": sizes(network),
            }
        )


def _vector(network: Network) -> Float[Tensor, " weight"]:
    return torch.cat([layer.weight.detach().flatten() for layer in weights_of(network)[:-1]])


def first_size(experiment: Plan, seed: int) -> float:
    """|W_0|: the `size` of a seed's network before its first task."""
    return float(_vector(experiment.learner("none", seed=seed).network).norm())


def walk(experiment: Plan, seeds: Sequence[int], tasks: int, kind: str = "plain") -> Lives:
    """Follows a plan's networks, "plain" or "resized", with the columns of `Walk`."""
    measured, keep = Walk(experiment), KeepSize()

    def prepare(network: Network, seed: int) -> None:
        if kind == "resized":
            keep(network, seed)
        measured.prepare(network, seed)

    return follow(experiment, seeds, tasks, prepare=prepare, also=measured)


def newborn(experiment: Plan, old: Lives, seeds: Sequence[int]) -> Lives:
    """The task that comes next, learned by untrained networks of the sizes that these seeds' had in the end."""
    sizes_after = _sizes_after(experiment, old)
    last = max(tasks for _, tasks in sizes_after)
    wanted = {seed: sizes_after[seed, last] for seed in seeds}
    return follow(experiment, seeds, 1, first=last, prepare=given_size(wanted))


def size_alone(
    experiment: Plan, old: Lives, seeds: Sequence[int], after: Sequence[int]
) -> Float64[np.ndarray, "seed n"]:
    """Exponents at a task's points, before it is learned, of untrained networks of the size that old ones had then.

    `after` counts the tasks that the old ones have learned, from 1.
    """
    wanted, found = _sizes_after(experiment, old), []
    for seed in seeds:
        stream, network = experiment.stream(seed), experiment.learner("none", seed=seed).network
        for tasks in after:
            resize(network, wanted[seed, tasks])
            found.append(medians(network, stream.task(tasks))["within"])
    return np.array(found).reshape(len(seeds), len(after))


def _sizes_after(experiment: Plan, old: Lives) -> dict[tuple[int, int], list[float]]:
    """The layers' sizes by seed and number of tasks learned, of the networks that are as wide as the plan's."""
    width = experiment.make_network().head.in_features
    return {(row["seed"], row["task"] + 1): row["sizes"] for row in old.rows if row["width"] == width}


def packed(kind: str, lives: Lives) -> list[Row]:
    """One entry for a life, quantities as lists over its tasks, to three digits."""
    found = []
    for place in sorted({(row["width"], row["seed"]) for row in lives.rows}):
        rows = [row for row in lives.rows if (row["width"], row["seed"]) == place]
        entry = {"kind": kind, "width": place[0], "seed": place[1], "first": rows[0]["task"]}
        kept = [name for name in KEPT if name in rows[0] and (name != "sizes" or kind == "plain")]
        found.append(entry | {name: _rounded([row[name] for row in rows]) for name in kept})
    return found


def unpacked(entry: Row) -> list[Row]:
    """The rows of an entry of `packed`."""
    lists = {name: values for name, values in entry.items() if name in KEPT}
    place = {"width": entry["width"], "seed": entry["seed"]}
    number = len(lists["start_within"])
    return [place | {"task": entry["first"] + t} | {name: lists[name][t] for name in lists} for t in range(number)]


def _rounded(values: Any) -> Any:
    return [_rounded(one) for one in values] if isinstance(values, list) else round(values, 3)


def stored_walks() -> dict[str, Lives]:
    """The lives of each of `KINDS`, from `results/`."""
    entries = json.loads(stored_path(NAME).read_text())["lives"]
    chosen = {kind: [entry for entry in entries if entry["kind"] == kind] for kind in KINDS}
    return {kind: Lives(tuple(row for entry in some for row in unpacked(entry))) for kind, some in chosen.items()}


def main(out: Path, widths: Sequence[int] = WIDTHS, seeds: Sequence[int] = FITTED, tasks: int = 80) -> None:
    """Follows all seeds at either width, and writes."""
    torch.set_num_threads(1)
    origin, began = environment(), time.perf_counter()
    entries: list[Row] = []
    for width in widths:
        lives = {kind: walk(two_types(width), seeds, tasks, kind) for kind in KINDS[:2]}
        lives["newborn"] = newborn(two_types(width), lives["plain"], seeds)
        entries += [entry for kind, life in lives.items() for entry in packed(kind, life)]
        print(f"width {width}: {time.perf_counter() - began:.0f} s", flush=True)
    origin |= {
        "command": f"python -m lop_tutorial.experiments.weight_walk results/{NAME}",
        "wall_seconds": round(time.perf_counter() - began, 1),
    }
    head = {
        "environment": origin,
        "training": asdict(two_types(widths[0]).training),
        "network": {str(width): two_types(width).network_settings for width in widths},
        "seeds": list(seeds),
        "tasks": tasks,
    }
    write_rows(out, head, entries, name="lives")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else f"results/{NAME}"))
