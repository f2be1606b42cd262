"""A plan: one experiment, every choice of it visible, from which learners are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from lop_tutorial.data import LabelledImages, SomeClasses, load
from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.interventions import EDITION, Intervention, intervention
from lop_tutorial.networks import NETWORKS, Network
from lop_tutorial.running.measures import COLUMNS_OF, MEASURES
from lop_tutorial.running.results import COLUMNS
from lop_tutorial.streams import CIFAR100_PIXELS, ClassIncrements, ClassPairs, OnDevice, Pixels, Stream, ToyPoints
from lop_tutorial.training import Learner, Training

BENCHMARKS = ("pairs", "increments")


@dataclass(frozen=True)
class Plan:
    """`methods` x `seeds` learners, each on `tasks` tasks of its own stream.

    A seed fixes the stream, the initial weights and the batches; methods with the same seed are therefore paired.
    `data` is "points" (the stream is then `ToyPoints` with the settings in `points`), "procedural" or the name of a
    stored image set, from which `benchmark` makes "pairs" of classes or "increments" of `increment` more classes at a
    time, with `valid_per_class` training images of each set aside. `classes` takes only some of the set's classes, by
    their places in a shuffled order that is always the same (see `SomeClasses`). `table` is the paper's table it stands
    beside. `measures` are taken beside the accuracies (see `measures.py`), after every `measure_every`-th task. With
    `widths`, every learner is trained once with each of them as the number of units in its last hidden layer, and
    metrics.csv has the column `width`. `precision` is that of the steps (see `training/precision.py`). `edition` is
    that of the methods' defaults (see `interventions/registry.py`).
    """

    name: str
    about: str
    table: int | None = None
    benchmark: str = "pairs"
    network: str = "smallconv"
    network_settings: Mapping[str, Any] = field(default_factory=dict)
    data: str = "procedural"
    data_root: Path | None = None
    procedural: Mapping[str, Any] = field(default_factory=dict)
    points: Mapping[str, Any] = field(default_factory=dict)
    classes: tuple[int, int] | None = None
    image_size: int | None = None
    train_per_class: int | None = None
    test_per_class: int | None = None
    reshuffle: bool = True
    increment: int = 5
    valid_per_class: int = 0
    training: Training = Training()
    methods: tuple[str, ...] = ("none", "retrained")
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    tasks: int = 5000
    bins: int = 5
    measures: tuple[str, ...] = ()
    measure_every: int = 1
    widths: tuple[int, ...] = ()
    precision: str = "fp32"
    edition: int = EDITION

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise ValueError(f"network is {self.network!r}; known are {', '.join(NETWORKS)}")
        if self.benchmark not in BENCHMARKS:
            raise ValueError(f"benchmark is {self.benchmark!r}; known are {', '.join(BENCHMARKS)}")
        for method in self.methods:
            self.intervention(method).check(self.training.loss)
        if self.data == "points" and self.classes is not None:
            raise ValueError(f"classes is {self.classes}, but the tasks are toy points, not classes of pictures")
        for name in ("tasks", "measure_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in self.measures:
            if name not in MEASURES:
                raise ValueError(f"measure is {name!r}; known are {', '.join(MEASURES)}")
        if self.widths and not self.network_settings.get("hidden"):
            raise ValueError(f"widths is {self.widths}, but network_settings name no hidden layers to be that wide")
        if any(width < 1 for width in self.widths):
            raise ValueError(f"widths is {self.widths}; each must be at least 1")
        for name in ("methods", "seeds") + ("widths",) * bool(self.widths):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{name} is {values}; it must name at least one, none of them twice")

    @cached_property
    def images(self) -> LabelledImages:
        procedural = self.data == "procedural"
        found = ProceduralImages(**self.procedural) if procedural else load(self.data, root=self.data_root)
        return found if self.classes is None else SomeClasses(found, *self.classes)

    def images_on(self, device: torch.device | str) -> OnDevice | None:
        """The images as bytes on a device, for the streams of all seeds; None where the data are points."""
        return None if self.data == "points" else OnDevice(self.images, device)

    def stream(self, seed: int, images: OnDevice | None = None) -> Stream:
        """The tasks that every learner of this seed meets, from `images_on` a device or, without, on the CPU."""
        if self.data == "points":
            return ToyPoints(seed, **self.points)
        if self.benchmark == "increments":
            return self._increments(seed, images)
        return ClassPairs(
            images or self.images,
            seed,
            train_per_class=self.train_per_class,
            test_per_class=self.test_per_class,
            pixels=Pixels(size=self.image_size),
            reshuffle=self.reshuffle,
        )

    def _increments(self, seed: int, images: OnDevice | None) -> Stream:
        found = ClassIncrements(
            images or self.images,
            seed,
            increment=self.increment,
            train_per_class=self.train_per_class,
            test_per_class=self.test_per_class,
            valid_per_class=self.valid_per_class,
            pixels=replace(CIFAR100_PIXELS, size=self.image_size),
        )
        if found.length is not None and self.tasks > found.length:
            raise ValueError(
                f"tasks is {self.tasks}, but the {found.outputs} classes of {self.data} make {found.length} increments "
                f"of {self.increment}: ask for no more with --tasks"
            )
        return found

    def make_network(self) -> Network:
        """A network for the plan's inputs, its weights from torch's global generator."""
        stream = self.stream(self.seeds[0])
        return NETWORKS[self.network](stream.shape, stream.outputs, **self.network_settings)

    def intervention(self, method: str) -> Intervention:
        """What one of `methods` means in this plan."""
        return intervention(method, self.edition)

    def learner(self, method: str, seed: int, device: str = "cpu") -> Learner:
        """A new learner, before its first task."""
        return Learner(
            self.make_network,
            self.training,
            self.intervention(method),
            seed=seed,
            device=device,
            precision=self.precision,
        )

    def at(self, width: int | None) -> Plan:
        """The same for one of `widths` alone; the plan itself for None."""
        if width is None:
            return self
        above = tuple(self.network_settings["hidden"])[:-1]
        found = replace(self, network_settings={**self.network_settings, "hidden": (*above, width)}, widths=(width,))
        if "images" in self.__dict__:  # opened already
            found.__dict__["images"] = self.images
        return found

    def at_each_width(self) -> list[tuple[int | None, Plan]]:
        """Each of `widths` with its plan; None with the plan itself where there are none."""
        return [(width, self.at(width)) for width in self.widths or (None,)]

    @property
    def place(self) -> dict[str, int]:
        """What a row says before its method: the width, where there are `widths`. Of a plan at one width."""
        return {"width": self.widths[0]} if self.widths else {}

    @property
    def measured(self) -> tuple[str, ...]:
        """The columns of what is measured beside the accuracies."""
        return tuple(column for name in self.measures for column in COLUMNS_OF[name])

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of metrics.csv."""
        return (*self.place, *COLUMNS, *self.measured)

    @property
    def steps(self) -> int:
        """Tasks of all learners together: what a progress bar counts."""
        return len(self.methods) * len(self.seeds) * self.tasks * max(1, len(self.widths))

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json, with the name and content hash of the data."""
        settings = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "data_root"}
        settings["training"] = asdict(self.training)
        if self.data == "points":
            return settings
        if self.classes is not None:
            settings["class_names"] = self.images.classes
        return settings | {"data_sha256": self.images.sha256, "data_classes": len(self.images.classes)}
