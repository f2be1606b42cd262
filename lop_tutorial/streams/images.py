"""From bytes on disk to what a network is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.nn.functional import avg_pool2d

from lop_tutorial.data.image_set import LabelledImages, Split


@dataclass(frozen=True)
class Pixels:
    """Scaling of pixels: bytes to [0, 1], then (value - mean) / std for each colour.

    The default, our own choice for class pairs, is the same for every set of images. `size` shrinks images
    to `size` x `size` by averaging squares of pixels (None keeps them).
    """

    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.25, 0.25, 0.25)
    size: int | None = None

    def __call__(
        self, images: UInt8[np.ndarray, "image height width 3"] | UInt8[Tensor, "image height width 3"]
    ) -> Float[Tensor, "image 3 size_y size_x"]:
        """(images, height, width, 3) bytes to (images, 3, size, size) float32, on the device where the bytes lie."""
        there = images if isinstance(images, Tensor) else torch.from_numpy(np.array(images))
        values = there.permute(0, 3, 1, 2).float().div_(255)
        if self.size is not None and self.size != values.shape[-1]:
            if values.shape[-1] % self.size:
                raise ValueError(f"size is {self.size}; it must divide the images' width {values.shape[-1]}")
            values = avg_pool2d(values, values.shape[-1] // self.size)
        mean, std = (torch.tensor(of, device=there.device).view(3, 1, 1) for of in (self.mean, self.std))
        return ((values - mean) / std).contiguous()


# The colour statistics with which the Incremental CIFAR-100 benchmark scales its images (Dohare et al. 2024).
CIFAR100_PIXELS = Pixels(mean=(0.5071, 0.4865, 0.4409), std=(0.2673, 0.2564, 0.2762))


class OnDevice:
    """A set's images as bytes on a device. A class is copied there when it is first asked for, and then stays.

    Streams of one plan share one of these: a task then takes no image from disk, and none from another device. In the
    memory of the CPU nothing is kept: there the file, mapped into memory, does as well.
    """

    def __init__(self, images: LabelledImages, device: torch.device | str = "cpu") -> None:
        self.images, self.device = images, torch.device(device)
        self._there: dict[tuple[int, Split], UInt8[Tensor, "image height width 3"]] = {}

    def of_class(self, index: int, split: Split) -> UInt8[Tensor, "image height width 3"]:
        """The images of one class."""
        if self.device.type == "cpu":
            return torch.from_numpy(np.array(self.images.of_class(index, split)))
        if (index, split) not in self._there:
            self._there[index, split] = torch.from_numpy(np.array(self.images.of_class(index, split))).to(self.device)
        return self._there[index, split]


def gather(
    images: OnDevice,
    classes: Sequence[int],
    split: Split,
    per_class: int | None,
    pixels: Pixels,
    skip: int = 0,
) -> tuple[Float[Tensor, "image 3 size_y size_x"], Int64[Tensor, " image"]]:
    """The first `per_class` images (None: all) after `skip` of each class, with labels 0, 1, ... as in `classes`.

    Both lie on the device of `images`.
    """
    parts = [images.of_class(k, split)[skip:][:per_class] for k in classes]
    for k, part in zip(classes, parts, strict=True):
        _must_reach(images.images, k, split, len(part), per_class, skip)
    labels = torch.cat([torch.full((len(part),), label, device=part.device) for label, part in enumerate(parts)])
    return pixels(torch.cat(parts)), labels


def must_hold(
    images: LabelledImages, train_per_class: int | None, test_per_class: int | None, train_skip: int = 0
) -> None:
    """ValueError for the first class with fewer images than every task will ask of it, before any task is made.

    None asks for one at least, `train_skip` are set aside. Only sets that can tell without opening a class (`held`).
    """
    held = getattr(images, "held", None)
    if held is None:
        return
    wanted: tuple[tuple[Split, int | None, int], ...] = (
        ("train", train_per_class, train_skip),
        ("test", test_per_class, 0),
    )
    for k in range(len(images.classes)):
        for split, per_class, skip in wanted:
            _must_reach(images, k, split, max(0, held(k, split) - skip), per_class, skip)


def _must_reach(images: LabelledImages, k: int, split: Split, there: int, per_class: int | None, skip: int) -> None:
    if there < (per_class or 1):
        beside = f" beside {skip} others" if skip else ""
        raise ValueError(
            f"{per_class or 1} {split} images a class asked for{beside}, but class {images.classes[k]!r} of "
            f"{images.name} has {there}: ask for no more than that"
        )
