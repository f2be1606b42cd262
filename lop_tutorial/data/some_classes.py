"""Some of a set's classes: so that settings are chosen on classes that no table uses, and tables checked on others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import UInt8

from lop_tutorial.data.image_set import DataError, LabelledImages, Split
from lop_tutorial.seeds import numpy_generator


@dataclass(frozen=True)
class SomeClasses:
    """The classes at the places `first` up to, not including, `end` of a shuffled order.

    The order is the same for every set of as many classes, and for every seed of a run: stored sets often stand in an
    order that means something (all animals, then all tools). Two ranges that do not overlap have no class in common.
    """

    images: LabelledImages
    first: int
    end: int

    def __post_init__(self) -> None:
        there = len(self.images.classes)
        if not 0 <= self.first < self.end <= there:
            raise DataError(
                f"classes is {self.first}:{self.end}, but {self.images.name} has {there}; name places from 0 up to "
                f"{there}, the first before the end, such as 0:{there}"
            )

    @cached_property
    def chosen(self) -> tuple[int, ...]:
        """The classes' indices in the whole set."""
        order = numpy_generator(0, "which classes").permutation(len(self.images.classes))
        return tuple(order[self.first : self.end].tolist())

    @property
    def name(self) -> str:
        return self.images.name

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.images.classes[index] for index in self.chosen)

    @property
    def sha256(self) -> str:
        """That of the whole set."""
        return self.images.sha256

    def held(self, index: int, split: Split) -> int:
        """How many images a class has; `index` counts the chosen ones."""
        held = getattr(self.images, "held", None)
        return len(self.of_class(index, split)) if held is None else int(held(self.chosen[index], split))

    def of_class(self, index: int, split: Split) -> UInt8[np.ndarray, "image height width 3"]:
        """The images of one class; `index` counts the chosen ones."""
        return self.images.of_class(self.chosen[index], split)
