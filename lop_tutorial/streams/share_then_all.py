"""A warm start in two tasks: a share of the training images, then all of them, of the same classes."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from lop_tutorial.data.image_set import LabelledImages
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams.images import OnDevice, Pixels, gather, must_hold
from lop_tutorial.streams.task import Stream, Task


class ShareThenAll(Stream):
    """Task 0 has a share of each class's training images, task 1 has all (Ash & Adams 2020).

    Both tasks have the same classes, with the same labels, and the same test images. The seed draws `classes` classes
    of the set (None: all of them, shuffled), and of each class the images of the share. A smaller share is contained
    in a larger one. Tasks lie where the images do (see `OnDevice`).

    Raises a ValueError for a share that is not above 0 and at most 1, and for more classes than there are.
    """

    length = 2

    def __init__(
        self,
        images: LabelledImages | OnDevice,
        seed: int,
        *,
        share: float | int = 0.5,
        classes: int | None = None,
        train_per_class: int | None = None,
        test_per_class: int | None = None,
        pixels: Pixels = Pixels(),
    ) -> None:
        self._bytes = images if isinstance(images, OnDevice) else OnDevice(images)
        images = self._bytes.images
        count = len(images.classes)
        if not 0 < share <= 1:
            raise ValueError(f"share is {share}; it must be above 0 and at most 1")
        if classes is not None and not 2 <= classes <= count:
            raise ValueError(f"classes is {classes}; {images.name} allows 2 to {count}")
        self.images, self.seed, self.share, self.pixels = images, seed, share, pixels
        self.train_per_class, self.test_per_class = train_per_class, test_per_class
        order = torch.randperm(count, generator=torch_generator(seed, "share then all: classes"))
        self.classes = tuple(order[:classes].tolist())
        self.outputs = len(self.classes)
        must_hold(images, train_per_class, test_per_class)
        height, width, _ = images.of_class(0, "train").shape[1:]
        self.shape = (3, pixels.size or height, pixels.size or width)

    def _task(self, index: int) -> Task:
        x, y = gather(self._bytes, self.classes, "train", self.train_per_class, self.pixels)
        if index == 0:
            kept = self._kept(y)
            x, y = x[kept], y[kept]
        test = gather(self._bytes, self.classes, "test", self.test_per_class, self.pixels)
        return Task(index, self.classes, self.outputs, x, y, *test)

    def came_first(self) -> Bool[Tensor, " image"]:
        """Which of task 1's training images task 0 has, in task 1's order."""
        labels = self.task(1).train_y
        first = torch.zeros(len(labels), dtype=torch.bool, device=labels.device)
        first[self._kept(labels)] = True
        return first

    def _kept(self, labels: Int64[Tensor, " image"]) -> Int64[Tensor, " kept"]:
        """Places of the share: of each class equally many, one at least."""
        chosen = []
        for label in range(self.outputs):
            places = (labels == label).nonzero()[:, 0]
            draw = torch_generator(self.seed, "share then all: images", label)
            order = torch.randperm(len(places), generator=draw)
            chosen.append(places[order[: max(1, round(self.share * len(places)))].to(places.device)])
        return torch.cat(chosen)
