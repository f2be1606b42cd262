"""A plan: all settings of one experiment, from which its learners are made."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch

from lop_tutorial.data import LabelledImages, SomeClasses, load
from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.interventions import EDITION, FIRST_EDITION, Intervention, intervention
from lop_tutorial.networks import NETWORKS, Network
from lop_tutorial.own_classes import class_at, is_address
from lop_tutorial.running.measures import COLUMNS_OF
from lop_tutorial.running.results import COLUMNS
from lop_tutorial.running.stream_spec import (
    IncrementsSpec,
    OwnSpec,
    PairsSpec,
    PointsSpec,
    StreamSpec,
    WarmStartSpec,
)
from lop_tutorial.settings_given import must_be_whole
from lop_tutorial.streams import OnDevice, Stream
from lop_tutorial.training import Learner, Training

MOST_TASKS = 1_000_000
BENCHMARKS = ("pairs", "increments", "warm_start")


@lru_cache(maxsize=1)
def _drawn(**settings: Any) -> ProceduralImages:
    """Procedural images; those of the latest settings are kept, so that plans with the same images draw them once."""
    return ProceduralImages(**settings)


@dataclass(frozen=True)
class Plan:
    """`methods` x `seeds` learners, each on `tasks` tasks of its own stream.

    A seed fixes the stream, the initial weights and the batches; methods with the same seed are therefore paired.
    `data` is "points" (the stream is then `ToyPoints` with the settings in `points`), "procedural" or the name of a
    stored image set, from which `benchmark` makes "pairs" of classes or "increments" of `increment` more classes at a
    time, with `valid_per_class` training images of each set aside, or a "warm_start", which is `ShareThenAll` with the
    settings in `warm_start`; or the address of a user's own stream, which is given the seed alone. `network` is one of
    `NETWORKS`, or an address too: `my_package:MyClass`. `classes` takes only some of the set's classes, by their places
    in a shuffled order that is always the same (see `SomeClasses`). `table` is the paper's table it stands beside.
    `measures` are taken beside the accuracies (see `measures.py`), after every `measure_every`-th task. With `widths`,
    every learner is trained once with each of them as the number of units in its last hidden layer, and metrics.csv has
    the column `width`. `step_sizes` gives methods that it names a step size of their own, in place of `training`'s.
    With `dead_after`, a learner whose training accuracy was at chance in that many tasks running is dead, and stops
    there (see `death.py`); 0: never. `precision` is that of the steps (see `training/precision.py`). `edition` is that
    of the methods' defaults (see `interventions/registry.py`).
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
    warm_start: Mapping[str, Any] = field(default_factory=dict)
    training: Training = Training()
    step_sizes: Mapping[str, float] = field(default_factory=dict)
    methods: tuple[str, ...] = ("none", "retrained")
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    tasks: int = 5000
    bins: int = 5
    measures: tuple[str, ...] = ()
    measure_every: int = 1
    widths: tuple[int, ...] = ()
    dead_after: int = 0
    precision: str = "fp32"
    edition: int = EDITION

    def __post_init__(self) -> None:
        if is_address(self.network):
            class_at(self.network, Network)
        elif self.network not in NETWORKS:
            raise ValueError(f"network is {self.network!r}; known are {', '.join(NETWORKS)}")
        if self.benchmark not in BENCHMARKS:
            raise ValueError(f"benchmark is {self.benchmark!r}; known are {', '.join(BENCHMARKS)}")
        for method in self.methods:
            self.intervention(method).check(self.training.loss)
        if self.spec.what != "pictures" and self.classes is not None:
            raise ValueError(f"classes is {self.classes}, but the tasks are {self.spec.what}, not classes of pictures")
        must_be_whole(1, tasks=self.tasks, measure_every=self.measure_every)
        must_be_whole(0, dead_after=self.dead_after)
        if self.tasks > MOST_TASKS:
            raise ValueError(f"tasks is {self.tasks}; {MOST_TASKS:,} are the most")
        for name in self.measures:
            if name not in COLUMNS_OF:
                raise ValueError(f"measure is {name!r}; known are {', '.join(COLUMNS_OF)}")
        if self.widths and not self.network_settings.get("hidden"):
            raise ValueError(f"widths is {self.widths}, but network_settings name no hidden layers to be that wide")
        for method in self.step_sizes:
            if method not in self.methods:
                raise ValueError(f"step_sizes names {method!r}; the methods are {', '.join(self.methods)}")
            self.training_of(method)  # an error where that is no step size
        if any(width < 1 for width in self.widths):
            raise ValueError(f"widths is {self.widths}; each must be at least 1")
        for name in ("methods", "seeds") + ("widths",) * bool(self.widths):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{name} is {values}; it must name at least one, none of them twice")
        same: dict[object, str] = {}
        for method in self.methods:
            meant = self.intervention(method)
            of = same.setdefault((type(meant), repr(meant), self.training_of(method).step_size), method)
            if of != method:
                raise ValueError(f"{of} and {method} are one method in two spellings; leave one of them out")

    @property
    def spec(self) -> StreamSpec:
        """Where the tasks come from."""
        if self.data == "points":
            return PointsSpec(self.points)
        if is_address(self.data):
            return OwnSpec(class_at(self.data, Stream), self.tasks)  # type: ignore[type-abstract]
        settings = {"train_per_class": self.train_per_class, "test_per_class": self.test_per_class}
        if self.benchmark == "pairs":
            return PairsSpec({**settings, "reshuffle": self.reshuffle}, self.image_size)
        if self.benchmark == "warm_start":
            return WarmStartSpec({**settings, **self.warm_start}, self.image_size, self.tasks)
        settings |= {"increment": self.increment, "valid_per_class": self.valid_per_class}
        return IncrementsSpec(settings, self.image_size, self.tasks, self.data)

    @cached_property
    def images(self) -> LabelledImages | None:
        """The image set that the tasks are made from, or None: toy points need none."""
        if self.spec.what != "pictures":
            return None
        whole = _drawn(**self.procedural) if self.data == "procedural" else load(self.data, root=self.data_root)
        return whole if self.classes is None else SomeClasses(whole, *self.classes)

    def images_on(self, device: torch.device | str) -> OnDevice | None:
        """The images as bytes on a device, for the streams of all seeds; None where there are none."""
        return None if self.images is None else OnDevice(self.images, device)

    def stream(self, seed: int, images: OnDevice | None = None) -> Stream:
        """The tasks that every learner of this seed meets, from `images_on` a device or, without, on the CPU."""
        return self.spec.stream(seed, images or self.images)

    def make_network(self) -> Network:
        """A network for the plan's inputs, its weights from torch's global generator."""
        stream = self.stream(self.seeds[0])
        own = is_address(self.network)
        make: Callable[..., Network] = class_at(self.network, Network) if own else NETWORKS[self.network]
        try:
            return make(stream.shape, stream.outputs, **self.network_settings)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            told = f"inputs of shape {stream.shape} and {stream.outputs} outputs"
            raise ValueError(f"{self.network} cannot be made for {told}: {str(error).splitlines()[0]}") from error

    def training_of(self, method: str) -> Training:
        """How this method trains: with a step size of its own, where `step_sizes` has one."""
        return replace(self.training, step_size=self.step_sizes.get(method, self.training.step_size))

    def intervention(self, method: str) -> Intervention:
        """What one of `methods` means in this plan."""
        return intervention(method, self.edition)

    def learner(self, method: str, seed: int, device: str = "cpu") -> Learner:
        """A new learner, before its first task."""
        return Learner(
            self.make_network,
            self.training_of(method),
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
        return replace(self, network_settings={**self.network_settings, "hidden": (*above, width)}, widths=(width,))

    def at_each_width(self) -> list[tuple[int | None, Plan]]:
        """Each of `widths` with its plan; None with the plan itself where there are none."""
        return [(width, self.at(width)) for width in self.widths or (None,)]

    @property
    def place(self) -> dict[str, int]:
        """The cells of a row before its method: the width, where the plan, at one width, has `widths`."""
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
        if self.images is None:
            return settings
        if self.classes is not None:
            settings["class_names"] = self.images.classes
        return settings | {"data_sha256": self.images.sha256, "data_classes": len(self.images.classes)}


def former_settings() -> dict[str, Any]:
    """The values that a plan's settings had before they existed, for runs that are older than they are."""
    plain = {f.name: f.default for f in fields(Plan) if f.name != "data_root" and f.default is not MISSING}
    plain |= {"step_sizes": {}, "warm_start": {}, "edition": FIRST_EDITION}
    return dict(json.loads(json.dumps(plain | {"training": asdict(Training())})))
