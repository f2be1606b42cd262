"""Where a plan's tasks come from: toy points, or images: pairs of classes, more and more classes, warm starts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from lop_tutorial.data import LabelledImages
from lop_tutorial.streams import (
    CIFAR100_PIXELS,
    ClassIncrements,
    ClassPairs,
    OnDevice,
    Pixels,
    ShareThenAll,
    Stream,
    ToyPoints,
)

Images = LabelledImages | OnDevice


class StreamSpec(ABC):
    """A plan's settings of its stream; with a seed they make a stream."""

    what: ClassVar[str] = "pictures"
    """What the tasks consist of."""

    @abstractmethod
    def stream(self, seed: int, images: Images | None) -> Stream:
        """The tasks that every learner of this seed meets."""

    def share(self, index: int) -> float:
        """How much there is to learn in a task, where the second of a stream is 1."""
        return 1.0

    def must_repeat(self, seed: int) -> None:
        """ValueError where a task comes out another way when it is asked for again: no run could go on with it."""
        return


@dataclass(frozen=True)
class PointsSpec(StreamSpec):
    """Toy points with these settings of `ToyPoints`; there are no images."""

    what: ClassVar[str] = "toy points"
    settings: Mapping[str, Any]

    def stream(self, seed: int, images: Images | None = None) -> Stream:
        return ToyPoints(seed, **self.settings)


@dataclass(frozen=True)
class OwnSpec(StreamSpec):
    """A user's own stream, made of the seed alone; `tasks` of it are asked for."""

    what: ClassVar[str] = "a stream of your own"
    kind: Callable[[int], Stream]
    tasks: int

    def stream(self, seed: int, images: Images | None = None) -> Stream:
        name = getattr(self.kind, "__name__", str(self.kind))
        try:
            made = self.kind(seed)
        except TypeError as error:
            raise ValueError(f"{name} cannot be made of a seed alone: {error}") from error
        if not isinstance(getattr(made, "shape", None), tuple) or not isinstance(getattr(made, "outputs", None), int):
            raise ValueError(
                f"{name} does not say what its tasks are like: set shape = (10,) and outputs = 2, or others"
            )
        if made.length is not None and self.tasks > made.length:
            raise ValueError(f"tasks is {self.tasks}, but {name} has {made.length}: ask for no more with --tasks")
        return made

    def must_repeat(self, seed: int) -> None:
        once, again = self.stream(seed), self.stream(seed)
        first, later = once.task(0), (again.task(1), again.task(0))[1] if again.length != 1 else again.task(0)
        if not all(torch.equal(getattr(first, name), getattr(later, name)) for name in ("train_x", "train_y")):
            raise ValueError(
                f"{type(once).__name__}: task 0 of seed {seed} comes out another way when it is asked for again: draw "
                "it from torch_generator(seed, name, index) of lop_tutorial.seeds alone"
            )


@dataclass(frozen=True)
class PairsSpec(StreamSpec):
    """Two classes of the images a task; see `ClassPairs`."""

    settings: Mapping[str, Any]
    size: int | None

    def stream(self, seed: int, images: Images | None) -> Stream:
        assert images is not None
        return ClassPairs(images, seed, pixels=Pixels(size=self.size), **self.settings)


@dataclass(frozen=True)
class IncrementsSpec(StreamSpec):
    """More classes of the images with every one of `tasks` tasks, of the set `data`; see `ClassIncrements`."""

    settings: Mapping[str, Any]
    size: int | None
    tasks: int
    data: str

    def stream(self, seed: int, images: Images | None) -> Stream:
        assert images is not None
        pixels = replace(CIFAR100_PIXELS, size=self.size)
        stream = ClassIncrements(images, seed, pixels=pixels, **self.settings)
        if stream.length is not None and self.tasks > stream.length:
            raise ValueError(
                f"tasks is {self.tasks}, but the {stream.outputs} classes of {self.data} make {stream.length} "
                f"increments of {self.settings['increment']}: ask for no more with --tasks"
            )
        return stream

    def share(self, index: int) -> float:
        return (index + 1) / 2


@dataclass(frozen=True)
class WarmStartSpec(StreamSpec):
    """A share of the images, then all; see `ShareThenAll`. `tasks` of the two are asked for."""

    settings: Mapping[str, Any]
    size: int | None
    tasks: int

    def stream(self, seed: int, images: Images | None) -> Stream:
        assert images is not None
        if self.tasks > ShareThenAll.length:
            raise ValueError(f"tasks is {self.tasks}, but a warm start has 2: ask for no more with --tasks")
        return ShareThenAll(images, seed, pixels=Pixels(size=self.size), **self.settings)

    def share(self, index: int) -> float:
        return 1.0 if index else float(self.settings.get("share", 0.5))
