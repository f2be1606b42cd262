"""Continual ImageNet's rule: tell two classes apart, then two others, and so on."""

from __future__ import annotations

import torch

from lop_tutorial.data.image_set import LabelledImages
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams.images import OnDevice, Pixels, gather, must_hold
from lop_tutorial.streams.task import Stream, Task


class ClassPairs(Stream):
    """An endless stream of two-class tasks (Dohare et al. 2024).

    The classes stand in a random order; each task takes the next two. Once they are used up, they are
    shuffled anew (an odd one out is left for the next round). With `reshuffle=False` the first order is repeated, as
    the public code of Continual ImageNet does. Tasks lie where the images do (see `OnDevice`).
    """

    outputs = 2

    def __init__(
        self,
        images: LabelledImages | OnDevice,
        seed: int,
        *,
        train_per_class: int | None = None,
        test_per_class: int | None = None,
        pixels: Pixels = Pixels(),
        reshuffle: bool = True,
    ) -> None:
        self._bytes = images if isinstance(images, OnDevice) else OnDevice(images)
        images = self._bytes.images
        if len(images.classes) < 2:
            raise ValueError(f"{images.name} has {len(images.classes)} class; class pairs need at least 2")
        self.images, self.seed, self.reshuffle = images, seed, reshuffle
        self.train_per_class, self.test_per_class, self.pixels = train_per_class, test_per_class, pixels
        must_hold(images, train_per_class, test_per_class)
        height, width, _ = images.of_class(0, "train").shape[1:]
        self.shape = (3, pixels.size or height, pixels.size or width)

    def classes(self, index: int) -> tuple[int, int]:
        """The two classes of task `index`: the first gets label 0, the second label 1."""
        count = len(self.images.classes)
        round_, place = divmod(index, count // 2)
        shuffle = torch_generator(self.seed, "class pairs", round_ if self.reshuffle else 0)
        first, second = torch.randperm(count, generator=shuffle)[2 * place : 2 * place + 2].tolist()
        return first, second

    def _task(self, index: int) -> Task:
        classes = self.classes(index)
        train_x, train_y = gather(self._bytes, classes, "train", self.train_per_class, self.pixels)
        test_x, test_y = gather(self._bytes, classes, "test", self.test_per_class, self.pixels)
        return Task(index, classes, self.outputs, train_x, train_y, test_x, test_y)
