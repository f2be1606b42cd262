"""The walk of the weights from task to task, its effect on exponents, and networks in which it is prevented.

`lop-tutorial reproduce walk` makes the table that the chapter on theory shows, in some minutes on one core: the toys of
either width, left to themselves; with their weights brought back to their first size before each task; and untrained
networks that are given the size of old ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.inheritance import FITTED, WIDTHS, follow, medians
from lop_tutorial.geometry import ftle, summary
from lop_tutorial.networks import Network
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import Table, TableRow, load
from lop_tutorial.running.walk_tasks import Observer
from lop_tutorial.streams import Stream, Task
from lop_tutorial.training import Learner

KINDS = ("plain", "resized", "newborn")
"""Unchanged; brought back to its first size before each task; untrained, of the size of an old network."""
KEPT = (
    *("train_accuracy", "test_accuracy", "start_within", "end_within", "reference_before", "reference"),
    *("body", "open", "any_open", "step", "away", "size", "sizes"),
)
"""What is stored of a network; the layers' sizes only for the kind "plain"."""
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
        self._first: dict[Learner, list[float]] = {}

    def __call__(self, learner: Learner, task: Task) -> None:
        resize(learner.network, self._first.setdefault(learner, sizes(learner.network)))


def given_size(wanted: Mapping[int, Sequence[float]]) -> Observer:
    """Gives each seed's network these sizes: `prepare` of `follow`."""
    return lambda learner, task: resize(learner.network, wanted[learner.seed])


def reference_points(stream: Stream, tasks: int = 4, per_class: int = 8) -> Float[Tensor, "point *shape"]:
    """Points of tasks that no learner meets, numbers 10000 and on: the same ones for all of a stream."""
    points = []
    for number in range(10_000, 10_000 + tasks):
        task = stream.task(number)
        points += [task.train_x[task.train_y == label][:per_class] for label in range(task.outputs)]
    return torch.cat(points)


class Walk:
    """What `follow` measures `also`: at fixed points, and of the weights. The first network of a seed is the origin.

    reference, and before the task reference_before: the median exponent at `reference_points`. body: the median log
    stretch of all layers but the representation's own. open: the share of open units in the representation, over these
    points; any_open: the share of points at which one is open at least. size, step and away are |W|, |W_t - W_{t-1}|
    and |W - W_0| of all layers below the representation's own, as one vector; sizes are all layers' norms.
    """

    def __init__(self, experiment: Plan) -> None:
        self.experiment = experiment
        self._points: dict[Learner, Tensor] = {}
        self._first: dict[Learner, Tensor] = {}
        self._last: dict[Learner, Tensor] = {}
        self._before: dict[Learner, float] = {}

    def prepare(self, learner: Learner, task: Task) -> None:
        """Notes the weights with which a task begins."""
        now = _vector(learner.network)
        if learner not in self._first:
            self._points[learner] = reference_points(self.experiment.stream(learner.seed)).to(learner.device)
            self._first[learner] = now
        if learner not in self._last or not torch.equal(self._last[learner], now):
            self._before[learner] = self._exponent(learner)
        self._last[learner] = now

    def _exponent(self, learner: Learner) -> float:
        exponents = ftle(learner.network, self._points[learner], method="exact", dtype=torch.float64)
        return summary(exponents).quantiles[0.5]

    def _geometry(self, learner: Learner) -> TableRow:
        """What is measured at the fixed points."""
        x, network = self._points[learner], learner.network
        with torch.no_grad():
            gains: Float64[Tensor, "point unit"] = 1 - network.representation(x).double().square()
        body = ftle(network, x, f"body.{len(network.body) - 3}", method="exact", depth=1, dtype=torch.float64)
        return {
            "reference": self._exponent(learner),
            "body": summary(body).quantiles[0.5],
            "open": float((gains > OPEN).double().mean()),
            "any_open": float((gains > OPEN).any(dim=1).double().mean()),
        }

    def __call__(self, learner: Learner, task: Task) -> TableRow:
        now = _vector(learner.network)
        return {
            "reference_before": self._before[learner],
            **self._geometry(learner),
            "size": float(now.norm()),
            "step": float((now - self._last[learner]).norm()),
            "away": float((now - self._first[learner]).norm()),
            "sizes": sizes(learner.network),
        }


def _vector(network: Network) -> Float[Tensor, " weight"]:
    return torch.cat([layer.weight.detach().flatten() for layer in weights_of(network)[:-1]])


def first_size(experiment: Plan, seed: int) -> float:
    """|W_0|: the `size` of a seed's network before its first task."""
    return float(_vector(experiment.learner("none", seed=seed).network).norm())


def walk(experiment: Plan, seeds: Sequence[int], tasks: int, kind: str = "plain", device: str = "cpu") -> Table:
    """Follows a plan's networks, "plain" or "resized", with the columns of `Walk`."""
    measured, keep = Walk(experiment), KeepSize()

    def prepare(learner: Learner, task: Task) -> None:
        if kind == "resized":
            keep(learner, task)
        measured.prepare(learner, task)

    return follow(experiment, seeds, tasks, device, prepare=prepare, also=measured)


def newborn(experiment: Plan, old: Table, seeds: Sequence[int], device: str = "cpu") -> Table:
    """The task that comes next, learned by untrained networks of the sizes that these seeds' had in the end."""
    sizes_after = _sizes_after(experiment, old)
    last = max(tasks for _, tasks in sizes_after)
    wanted = {seed: sizes_after[seed, last] for seed in seeds}
    return follow(experiment, seeds, 1, device, first=last, prepare=given_size(wanted))


def size_alone(
    experiment: Plan, old: Table, seeds: Sequence[int], after: Sequence[int]
) -> Float64[np.ndarray, "seed n"]:
    """Exponents at a task's points, before it is learned, of untrained networks of the size that old ones had then.

    `after` counts the tasks that the old ones have learned, from 1.
    """
    wanted, exponents = _sizes_after(experiment, old), []
    for seed in seeds:
        stream, network = experiment.stream(seed), experiment.learner("none", seed=seed).network
        for tasks in after:
            resize(network, wanted[seed, tasks])
            exponents.append(medians(network, stream.task(tasks))["within"])
    return np.array(exponents).reshape(len(seeds), len(after))


def _sizes_after(experiment: Plan, old: Table) -> dict[tuple[int, int], list[float]]:
    """The layers' sizes by seed and number of tasks learned, of the networks that are as wide as the plan's."""
    width = experiment.make_network().head.in_features
    return {
        (row["seed"], row["first"] + number): layers
        for row in old.where(width=width).rows
        for number, layers in enumerate(row["sizes"], start=1)
    }


def all_kinds(width: int, seeds: Sequence[int], tasks: int, device: str) -> Iterator[TableRow]:
    """The rows of each of `KINDS` for the toys of one width."""
    experiment = two_types(width)
    tables = {kind: walk(experiment, seeds, tasks, kind, device) for kind in KINDS[:2]}
    tables["newborn"] = newborn(experiment, tables["plain"], seeds, device)
    for kind, table in tables.items():
        for row in table.rows:
            kept = {name: row[name] for name in KEPT if name in row and (name != "sizes" or kind == "plain")}
            yield {"kind": kind, "width": width, "seed": row["seed"], "first": row["first"]} | kept


EXPERIMENT = Experiment(
    "walk",
    "Toy points, the walk of the weights and what it does to exponents",
    all_kinds,
    parts=tuple({"width": width} for width in WIDTHS),
    seeds=FITTED,
    tasks=80,
    settings={
        "training": asdict(two_types(WIDTHS[0]).training),
        "network": {str(width): two_types(width).network_settings for width in WIDTHS},
    },
)


def stored_walks() -> dict[str, Table]:
    """The networks of each of `KINDS` that the book shows, from `results/`."""
    table = load(EXPERIMENT.name).table
    return {kind: table.where(kind=kind) for kind in KINDS}
