"""Toy points: Gaussian clouds that move to new places at every task."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams.task import Stream, Task


class ToyPoints(Stream):
    """An endless stream of tasks whose classes are Gaussian clouds of unit covariance.

    Every two centres lie exactly `distance` apart, in directions drawn anew for each task; their mean is the
    origin. The classes overlap: two of them can be told apart with accuracy Phi(distance / 2) at best.
    """

    def __init__(
        self,
        seed: int,
        *,
        dimensions: int = 20,
        classes: int = 2,
        distance: float = 2.5,
        train_per_class: int = 32,
        test_per_class: int = 250,
    ) -> None:
        if not 2 <= classes <= dimensions:
            raise ValueError(f"classes is {classes}; in {dimensions} dimensions 2 to {dimensions} fit")
        self.seed, self.distance = seed, distance
        self.train_per_class, self.test_per_class = train_per_class, test_per_class
        self.shape, self.outputs = (dimensions,), classes

    def centres(self, index: int) -> Float[Tensor, "classes dimensions"]:
        """The centres of task `index`."""
        draw = torch_generator(self.seed, "toy centres", index)
        directions, _ = torch.linalg.qr(torch.randn(self.shape[0], self.outputs, generator=draw))
        centres = directions.T * (self.distance / math.sqrt(2))
        return centres - centres.mean(dim=0)

    def _task(self, index: int) -> Task:
        centres = self.centres(index)
        draw = torch_generator(self.seed, "toy points", index)

        def points(per_class: int) -> tuple[Float[Tensor, "point dimensions"], Int64[Tensor, " point"]]:
            labels = torch.arange(self.outputs).repeat_interleave(per_class)
            return centres[labels] + torch.randn(len(labels), self.shape[0], generator=draw), labels

        classes = tuple(index * self.outputs + k for k in range(self.outputs))
        return Task(index, classes, self.outputs, *points(self.train_per_class), *points(self.test_per_class))
