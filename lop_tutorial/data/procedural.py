"""Images drawn from a seed: any number of classes, no file, no download.

A class is a coloured pattern. An image of the class shows the pattern, moved and faded at random, behind clutter
of the same kind that means nothing. A small network can learn 1,000 such images by heart and still errs on new
ones: there is a gap between training and test accuracy.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float64, UInt8

from lop_tutorial.data.image_set import Split
from lop_tutorial.seeds import numpy_generator
from lop_tutorial.settings_given import must_be_number, must_be_whole

RECIPE = 1  # raise it whenever the same settings would give other images


@dataclass(frozen=True)
class ProceduralImages:
    """Class-conditional RGB images as a function of a seed.

    `number` classes with `train` and `test` images each, of `size` x `size` pixels. A class is drawn when it
    is first asked for and then kept. `signal` is the strength of the pattern relative to the clutter; at the
    default a fresh SmallConv reaches about 100 % on the training and 80-90 % on the test images of two classes.
    """

    number: int = 100
    train: int = 500
    test: int = 100
    size: int = 32
    seed: int = 0
    signal: float = 0.35
    _drawn: dict[int, np.ndarray] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        must_be_whole(1, number=self.number, train=self.train, test=self.test)
        must_be_whole(4, size=self.size)
        must_be_whole(0, seed=self.seed)
        must_be_number(0, signal=self.signal)

    @property
    def name(self) -> str:
        return "procedural"

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(f"pattern {k}" for k in range(self.number))

    @cached_property
    def sha256(self) -> str:
        """Hash of the recipe: equal hashes mean equal images."""
        names = ("number", "train", "test", "size", "seed", "signal")
        recipe = {"recipe": RECIPE} | {name: getattr(self, name) for name in names}
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def held(self, index: int, split: Split) -> int:
        """How many images a class has: of every class as many."""
        return self.train if split == "train" else self.test

    def of_class(self, index: int, split: Split) -> UInt8[np.ndarray, "image height width 3"]:
        """The images of one class, (images, size, size, 3) uint8."""
        if not 0 <= index < self.number:
            raise IndexError(f"class {index}; there are {self.number} classes, counted from 0")
        if index not in self._drawn:
            self._drawn[index] = self._draw(index)
        images = self._drawn[index]
        return images[: self.train] if split == "train" else images[self.train :]

    def _draw(self, index: int) -> UInt8[np.ndarray, "image height width 3"]:
        draw = numpy_generator(self.seed, "procedural", index)
        count, size = self.train + self.test, self.size
        pattern = _smooth(draw.normal(size=(1, 3, size, size)), cut=4.0)
        clutter = _smooth(draw.normal(size=(count, 3, size, size)), cut=8.0)
        contrast = draw.uniform(0.3, 1.0, size=(count, 1, 1, 1))
        shown = contrast * _moved(pattern, draw.uniform(-size / 8, size / 8, size=(count, 2)))
        pixels = np.clip(127.5 + 48 * (self.signal * shown + clutter), 0, 255)
        return np.ascontiguousarray(np.rint(pixels).astype(np.uint8).transpose(0, 2, 3, 1))


def _frequencies(size: int) -> Float64[np.ndarray, "2 size size"]:
    """Waves per picture along y and x."""
    along = np.fft.fftfreq(size, d=1 / size)
    return np.stack(np.meshgrid(along, along, indexing="ij"))


def _smooth(noise: Float64[np.ndarray, "image 3 size size"], cut: float) -> Float64[np.ndarray, "image 3 size size"]:
    """Keeps up to about `cut` waves per picture and no mean; each image comes out with unit variance."""
    radius = np.linalg.norm(_frequencies(noise.shape[-1]), axis=0)
    kept = np.where(radius > 0, np.exp(-((radius / cut) ** 2)), 0.0)
    images = np.fft.ifft2(np.fft.fft2(noise) * kept).real
    return images / np.std(images, axis=(1, 2, 3), keepdims=True)


def _moved(
    pattern: Float64[np.ndarray, "1 3 size size"], shifts: Float64[np.ndarray, "image 2"]
) -> Float64[np.ndarray, "image 3 size size"]:
    """Copies of the pattern, shifted by fractions of a pixel too; what leaves on one side returns on the other."""
    size = pattern.shape[-1]
    phases = np.exp(-2j * np.pi * np.tensordot(shifts, _frequencies(size), axes=1) / size)
    return np.fft.ifft2(np.fft.fft2(pattern) * phases[:, None]).real
