"""The one form in which labelled images are kept: an array of bytes, class by class, and a JSON beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

Split = Literal["train", "test"]


class DataError(ValueError):
    """Something is wrong with images on disk; the message names the file, the reason and the remedy."""


@runtime_checkable
class LabelledImages(Protocol):
    """What a stream needs of a set of images, whether it lies on disk or is drawn from a seed."""

    @property
    def name(self) -> str: ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in order; a class's index is its place here."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of the content (images on disk) or of the recipe (procedural images)."""
        ...

    def of_class(self, index: int, split: Split) -> UInt8[np.ndarray, "image height width 3"]:
        """The images of one class, in their stored order."""
        ...


@dataclass(frozen=True)
class ImageSet:
    """Labelled images as they lie on disk.

    `images` is (images, height, width, 3) uint8, usually memory-mapped: class by class, and within a class
    first the training, then the test images. `counts[split][k]` is the number of images of class k.
    """

    name: str
    images: np.ndarray
    classes: tuple[str, ...]
    counts: dict[Split, tuple[int, ...]]
    source: str
    sha256: str
    _starts: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sizes = np.asarray(self.counts["train"]) + np.asarray(self.counts["test"])
        object.__setattr__(self, "_starts", np.concatenate([[0], np.cumsum(sizes)]))

    def held(self, index: int, split: Split) -> int:
        """How many images a class has."""
        return self.counts[split][index]

    def of_class(self, index: int, split: Split) -> UInt8[np.ndarray, "image height width 3"]:
        """The images of one class: a view on the file, no copy."""
        start = int(self._starts[index]) + (self.counts["train"][index] if split == "test" else 0)
        return self.images[start : start + self.counts[split][index]]
