"""Where a plan's tasks come from: toy points, or images, as pairs of classes or as more and more classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from lop_tutorial.data import LabelledImages
from lop_tutorial.streams import CIFAR100_PIXELS, ClassIncrements, ClassPairs, OnDevice, Pixels, Stream, ToyPoints

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


@dataclass(frozen=True)
class PointsSpec(StreamSpec):
    """Toy points with these settings of `ToyPoints`; there are no images."""

    what: ClassVar[str] = "toy points"
    settings: Mapping[str, Any]

    def stream(self, seed: int, images: Images | None = None) -> Stream:
        return ToyPoints(seed, **self.settings)


@dataclass(frozen=True)
class OwnSpec(StreamSpec):
    """A user's own stream, made of the seed alone."""

    what: ClassVar[str] = "a stream of your own"
    kind: Callable[[int], Stream]

    def stream(self, seed: int, images: Images | None = None) -> Stream:
        return self.kind(seed)


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
