"""Incremental CIFAR-100's rule: a few more classes at a time, all that came before still there."""

from __future__ import annotations

import torch

from lop_tutorial.data.image_set import LabelledImages
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams.images import CIFAR100_PIXELS, OnDevice, Pixels, gather, must_hold
from lop_tutorial.streams.task import Stream, Task


class ClassIncrements(Stream):
    """Task t holds the first `increment * (t + 1)` classes of a random order (Dohare et al. 2024).

    A class keeps its label for good, so a network has one output for each class and uses the first
    `task.outputs` of them. The stream ends when every class is in. The first `valid_per_class` training images of each
    class are set aside for validation (50 in the benchmark), and `train_per_class` counts those that are left.
    Tasks lie where the images do (see `OnDevice`).
    """

    def __init__(
        self,
        images: LabelledImages | OnDevice,
        seed: int,
        *,
        increment: int = 5,
        train_per_class: int | None = None,
        test_per_class: int | None = None,
        valid_per_class: int = 0,
        pixels: Pixels = CIFAR100_PIXELS,
    ) -> None:
        self._bytes = images if isinstance(images, OnDevice) else OnDevice(images)
        images = self._bytes.images
        count = len(images.classes)
        if not 1 <= increment <= count:
            raise ValueError(f"increment is {increment}; {images.name} allows 1 to {count} classes at a time")
        self.images, self.increment, self.pixels = images, increment, pixels
        self.train_per_class, self.test_per_class = train_per_class, test_per_class
        self.valid_per_class = valid_per_class
        self.order = torch.randperm(count, generator=torch_generator(seed, "class increments")).tolist()
        self.outputs, self.length = count, -(-count // increment)
        must_hold(images, train_per_class, test_per_class, train_skip=valid_per_class)
        height, width, _ = images.of_class(0, "train").shape[1:]
        self.shape = (3, pixels.size or height, pixels.size or width)

    def _task(self, index: int) -> Task:
        classes = tuple(self.order[: self.increment * (index + 1)])
        aside = self.valid_per_class
        train = gather(self._bytes, classes, "train", self.train_per_class, self.pixels, skip=aside)
        test = gather(self._bytes, classes, "test", self.test_per_class, self.pixels)
        valid = gather(self._bytes, classes, "train", aside, self.pixels) if aside else (None, None)
        return Task(index, classes, len(classes), *train, *test, *valid)
