"""Planar clouds in a space of more dimensions: a task with two dimensions that matter, and a curved boundary."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams.planar_clouds import PlanarClouds
from lop_tutorial.streams.task import Stream, Task


class PlaneWithin(Stream):
    """An endless stream of tasks: `PlanarClouds` in a plane through the origin of the inputs' space.

    The plane is drawn anew for each task. Points are stretched so that the mean of their squared length is, on average
    over tasks, the number of the space's dimensions, as it is of standard normal inputs.
    """

    outputs = 2

    def __init__(self, seed: int, *, shape: tuple[int, ...], clouds: int, train_per_cloud: int, test_per_cloud: int):
        if math.prod(shape) < 2:
            raise ValueError(f"shape is {shape}; a plane needs two dimensions at the least")
        self.seed, self.shape = seed, shape
        self._flat = PlanarClouds(seed, clouds=clouds, train_per_cloud=train_per_cloud, test_per_cloud=test_per_cloud)
        of_centres, of_spread = 2 * 4 / 3, 2 * self._flat.spread**2  # a uniform square from -2 to 2; both coordinates
        self.stretch = math.sqrt(math.prod(shape) / (of_centres + of_spread))

    def frame(self, index: int) -> Float[Tensor, "2 dimension"]:
        """Two directions of length `stretch`, at right angles, that span the plane of task `index`."""
        draw = torch_generator(self.seed, "plane within", index)
        directions, _ = torch.linalg.qr(torch.randn(math.prod(self.shape), 2, generator=draw))
        return self.stretch * directions.T

    def _task(self, index: int) -> Task:
        flat, frame = self._flat.task(index), self.frame(index)
        inside = {name: (getattr(flat, name) @ frame).unflatten(1, self.shape) for name in ("train_x", "test_x")}
        return replace(flat, **inside)
