"""Planar clouds: tasks in two dimensions, which can be drawn, with boundaries that a straight line cannot be."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams.task import Stream, Task


class PlanarClouds(Stream):
    """An endless stream of tasks in the plane; each of two classes is several Gaussian clouds.

    The clouds' centres are uniform in the square from -2 to 2, drawn anew for each task, and fall to the two classes
    in turn; `spread` is their standard deviation. Clouds may overlap, so that some tasks are harder than others.
    """

    shape, outputs = (2,), 2

    def __init__(
        self,
        seed: int,
        *,
        clouds: int = 6,
        spread: float = 0.25,
        train_per_cloud: int = 20,
        test_per_cloud: int = 60,
    ) -> None:
        if clouds < 2:
            raise ValueError(f"clouds is {clouds}; two classes need at least 2")
        if spread <= 0:
            raise ValueError(f"spread is {spread}; it must be positive")
        self.seed, self.clouds, self.spread = seed, clouds, spread
        self.train_per_cloud, self.test_per_cloud = train_per_cloud, test_per_cloud

    def centres(self, index: int) -> Float[Tensor, "clouds 2"]:
        """The centres of task `index`; even rows are class 0, odd rows class 1."""
        draw = torch_generator(self.seed, "planar centres", index)
        return 4 * torch.rand(self.clouds, 2, generator=draw) - 2

    def _task(self, index: int) -> Task:
        centres = self.centres(index)
        draw = torch_generator(self.seed, "planar points", index)

        def points(per_cloud: int) -> tuple[Float[Tensor, "point 2"], Int64[Tensor, " point"]]:
            cloud = torch.arange(self.clouds).repeat_interleave(per_cloud)
            return centres[cloud] + self.spread * torch.randn(len(cloud), 2, generator=draw), cloud % 2

        return Task(index, (0, 1), 2, *points(self.train_per_cloud), *points(self.test_per_cloud))
