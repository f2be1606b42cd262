"""The disc: one class inside a circle, the other around it. The boundary is known, and no straight line will do."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams.task import Stream, Task


class Disc(Stream):
    """An endless stream of tasks with one boundary: points of a square, class 1 outside a circle around the origin.

    Points are uniform in the square from -1 to 1, drawn anew for each task. The circle takes half of the square, so
    that both classes are equally likely. Storm et al. (2024) draw such a picture of exponents.
    """

    shape, outputs = (2,), 2
    radius = math.sqrt(2 / math.pi)
    """Of the circle: its area is 2, half of the square's."""

    def __init__(self, seed: int, *, train: int = 400, test: int = 2000) -> None:
        for name, value in (("train", train), ("test", test)):
            if value < 1:
                raise ValueError(f"{name} is {value}; there must be at least one point")
        self.seed, self.train, self.test = seed, train, test

    def _task(self, index: int) -> Task:
        draw = torch_generator(self.seed, "disc points", index)

        def points(number: int) -> tuple[Float[Tensor, "point 2"], Int64[Tensor, " point"]]:
            x = 2 * torch.rand(number, 2, generator=draw) - 1
            return x, (x.norm(dim=1) > self.radius).long()

        return Task(index, (0, 1), 2, *points(self.train), *points(self.test))
