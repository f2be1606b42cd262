"""Stored experiments in one form: learners of several methods on the same tasks, with their results."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from lop_tutorial.interventions import intervention, without_settings
from lop_tutorial.interventions.generalized_mixup import GeneralizedMixup
from lop_tutorial.networks import NETWORKS

Curves = Mapping[str, Float64[np.ndarray, "seed place"]]
ROUNDED = 6e-4
"""How far two records of one number may be apart."""
BINS = 5
"""As the paper's tables have; "first" and "last" mean the first and the last of them."""

PICTURES = {
    "cifar100": "CIFAR-100",
    "tinyimagenet": "Tiny ImageNet",
    "procedural": "drawn pictures",
    "imagenet32": "ImageNet-32",
}


@dataclass(frozen=True)
class Learners:
    """All learners of one method. Curves are (seed, place): tasks, or means of tasks in a row where no more is stored.

    An accuracy is NaN from the place in which a learner diverged. A measured quantity is NaN wherever nobody looked.
    """

    seeds: tuple[int, ...]
    curves: Curves

    def among(self, other: Learners) -> bool:
        """Whether all of these are among the other's: the same seeds, and the same curves but for rounding."""
        names = set(self.curves) & set(other.curves)
        if not set(self.seeds) <= set(other.seeds) or "test_accuracy" not in names:
            return False
        places = [other.seeds.index(seed) for seed in self.seeds]
        pairs = ((self.curves[name], other.curves[name][places]) for name in sorted(names))
        return all(
            mine.shape == theirs.shape and np.allclose(mine, theirs, rtol=0, atol=ROUNDED, equal_nan=True)
            for mine, theirs in pairs
        )

    def bins(self, quantity: str) -> Float64[np.ndarray, "seed bin"]:
        """Means over up to `BINS` runs of places; NaN where the learner has not finished them."""
        accuracy, values = self.curves["test_accuracy"], self.curves[quantity]
        bins = min(BINS, accuracy.shape[1])
        means = []
        for finished, part in zip(*(np.array_split(each, bins, axis=1) for each in (accuracy, values)), strict=True):
            counted = ~np.isnan(part)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = np.where(counted, part, 0).sum(axis=1) / counted.sum(axis=1)
            means.append(np.where(np.isnan(finished).any(axis=1), np.nan, mean))
        return np.stack(means, axis=1)


class Watched(Mapping[str, Learners]):
    """Learners by method, and those of which were taken out one by one: `used`."""

    def __init__(self, learners: Mapping[str, Learners]) -> None:
        self._learners = learners
        self.used: dict[str, Learners] = {}

    def __getitem__(self, method: str) -> Learners:
        self.used[method] = self._learners[method]
        return self.used[method]

    def __iter__(self) -> Iterator[str]:
        return iter(self._learners)

    def __len__(self) -> int:
        return len(self._learners)

    def values(self) -> ValuesView[Learners]:
        """All, at a glance: none of them counts as used."""
        return self._learners.values()


@dataclass(frozen=True)
class Comparison:
    """Learners under one setting: one width, one step size, one set of pictures."""

    about: str
    """Its settings in a line, for a reader."""
    benchmark: str
    """`pairs` of classes of pictures, `increments` of classes, or toy `points`."""
    data: str
    dimension: int
    """Of the representation."""
    learners: Mapping[str, Learners]
    but_for_width: str = ""
    """Everything that it has in common with itself at another width, and with nothing else; "" if that is not known."""

    @property
    def real(self) -> bool:
        """Whether its pictures are photographs, not drawn from a seed."""
        return self.data not in ("points", "procedural")

    def watched(self) -> tuple[Comparison, Watched]:
        """The same experiment, and what tells whose learners were looked at."""
        watched = Watched(self.learners)
        return replace(self, learners=watched), watched

    def has(self, *quantities: str) -> bool:
        """Whether every method's learners have these."""
        return all(name in each.curves for name in quantities for each in self.learners.values())

    def bins(self, method: str, quantity: str = "test_accuracy") -> Float64[np.ndarray, "seed bin"]:
        """One method's means over bins of tasks."""
        return self.learners[method].bins(quantity)

    def paired(
        self, method: str, other: str, quantity: str = "test_accuracy"
    ) -> tuple[Float64[np.ndarray, "seed bin"], Float64[np.ndarray, "seed bin"]]:
        """Two methods' means over bins of tasks, for the seeds that both have."""
        mine, theirs = self.learners[method], self.learners[other]
        seeds = sorted(set(mine.seeds) & set(theirs.seeds))
        places, their_places = ([of.seeds.index(seed) for seed in seeds] for of in (mine, theirs))
        return mine.bins(quantity)[places], theirs.bins(quantity)[their_places]

    def difference(self, method: str, other: str, quantity: str = "test_accuracy") -> Float64[np.ndarray, "seed bin"]:
        """Seed by seed."""
        mine, theirs = self.paired(method, other, quantity)
        with np.errstate(invalid="ignore"):
            return mine - theirs

    def choose(self, name: str) -> str | None:
        """The method of that name, or None; of several settings the default, or else the best.

        `inter_mixup` and `intra_mixup` are G-mixup with pairs of one kind alone, `g_mixup` is that with both. The best
        is the one with the fewest learners that diverged, and of these the one with the highest accuracy in the end.
        """
        mine = [method for method in self.learners if kind(method) == name]
        if not mine or name in mine:
            return name if mine else None

        def rank(method: str) -> tuple[float, float]:
            late = self.bins(method)[:, -1]
            lost = np.isnan(late).mean()
            return -lost, -math.inf if lost == 1 else float(np.nanmean(late))

        return max(mine, key=rank)


def kind(method: str) -> str:
    """What a method is called here: its name, but for those whose settings make them another method."""
    name = without_settings(method)
    if name != "g_mixup":
        return name
    meant = intervention(method)
    if not isinstance(meant, GeneralizedMixup):  # composed with another, as with fresh weights before every task
        return method
    return "inter_mixup" if meant.intra == 0 else "intra_mixup" if meant.intra == 1 else "g_mixup"


@dataclass(frozen=True)
class Source:
    """All experiments under one name in results/: the widths of a run, the settings of a study.

    `parts` are the names of the files or folders that they were read from.
    """

    name: str
    experiments: tuple[Comparison, ...]
    parts: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.experiments)


def described(config: Mapping[str, Any], dimension: int) -> str:
    """What a plan is, in a line."""
    training, tasks = config["training"], config["tasks"]
    if config["data"] == "points":
        parts = ["toy points"]
    else:
        unit = "increments" if config.get("benchmark") == "increments" else "pairs"
        pictures = PICTURES.get(config["data"], config["data"])
        network = {"mlp": "MLP", "smallconv": "SmallConv", "convnet": "ConvNet", "resnet18": "ResNet-18"}
        parts = [f"{unit} of {pictures}", network.get(config["network"], config["network"])]
    parts.append(f"d = {dimension}")
    if config.get("table"):
        parts.append(f"Table {config['table']}'s plan, reduced")
    usual = "squared_error" if config["data"] == "points" else "cross_entropy"
    if (loss := training.get("loss", usual)) != usual:
        parts.append(loss.replace("_", " "))
    steps = "each method at its own step" if config.get("step_sizes") else f"step {training['step_size']:g}"
    if config.get("benchmark") == "increments":
        steps += f", {training['epochs']} epochs"
    return ", ".join((*parts, steps, f"{tasks} tasks"))


def dimension_of(config: Mapping[str, Any], width: int | None = None) -> int:
    """How many units the representation of a plan's network has."""
    if width is not None:
        return width
    settings = config.get("network_settings", {})
    if config["network"] == "mlp":
        return int(settings["hidden"][-1])
    side = config.get("image_size") or 32
    return int(NETWORKS[config["network"]]((3, side, side), 2, **settings).head.in_features)


def from_config(config: Mapping[str, Any], learners: Mapping[str, Learners], width: int | None = None) -> Comparison:
    """The experiment of a plan's configuration as a run stores it."""
    dimension = dimension_of(config, width)
    benchmark = "points" if config["data"] == "points" else config.get("benchmark") or "pairs"
    same = _but_for_width(config)
    return Comparison(described(config, dimension), benchmark, config["data"], dimension, learners, same)


def _but_for_width(config: Mapping[str, Any]) -> str:
    """A plan without its names and the width of its representation."""
    network = dict(config.get("network_settings", {}))
    if "hidden" in network:
        network["hidden"] = network["hidden"][:-1]
    rest = {key: value for key, value in config.items() if key not in ("name", "about", "widths", "network_settings")}
    return json.dumps({**rest, "network_settings": network}, sort_keys=True)


def learners(seeds: Sequence[int], **curves: Any) -> Learners:
    """Learners from anything that is (seed, place)."""
    return Learners(tuple(seeds), {name: np.asarray(values, dtype=float) for name, values in curves.items()})


def join(parts: Sequence[Learners]) -> Learners:
    """The learners of several runs of one method, each once; with the curves that all of them have."""
    names = set.intersection(*(set(part.curves) for part in parts))
    first = {seed: (part, place) for part in parts[::-1] for place, seed in enumerate(part.seeds)}
    seeds = sorted(first)
    curves = {name: [first[seed][0].curves[name][first[seed][1]] for seed in seeds] for name in sorted(names)}
    return learners(seeds, **curves)
