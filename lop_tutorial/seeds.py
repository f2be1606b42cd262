"""One integer fixes a learner: every random choice draws from a generator named after its purpose."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from lop_tutorial.settings_given import must_be_whole


def derive(seed: int, *purpose: str | int) -> int:
    """A 64-bit seed for one purpose, for example `derive(3, "batches", task)`.

    Different purposes give independent streams (NumPy's SeedSequence); adding a new purpose changes no other.
    """
    must_be_whole(0, seed=seed)
    words = [zlib.crc32(p.encode()) if isinstance(p, str) else p for p in purpose]
    return int(np.random.SeedSequence([seed, *words]).generate_state(1, np.uint64)[0])


def torch_generator(seed: int, *purpose: str | int) -> torch.Generator:
    """A CPU generator for one purpose; drawing on the CPU gives the same numbers whatever the device."""
    return torch.Generator().manual_seed(derive(seed, *purpose))


class Draw:
    """Random numbers for one purpose, made of uniform ones alone, in the order in which they are asked for.

    How they are asked for, all at once or a few at a time, makes no difference: whoever knows how many a method needs
    can draw them ahead, for many learners side by side.
    """

    def __init__(self, generator: torch.Generator) -> None:
        self._generator = generator

    def state(self) -> Tensor:
        """How far the numbers have been drawn; `set_state` of another Draw goes on from there."""
        return self._generator.get_state()

    def set_state(self, state: Tensor) -> None:
        """Goes on where the Draw was whose `state` this is."""
        self._generator.set_state(state)

    def uniform(self, *shape: int, device: torch.device | str = "cpu") -> Tensor:
        """Uniform in [0, 1), float32 of that shape."""
        return torch.rand(shape, generator=self._generator, device=self._generator.device).to(device, non_blocking=True)

    def normal(self, *shape: int, device: torch.device | str = "cpu") -> Tensor:
        """Standard normal, cut off at 5.3 standard deviations, float32 of that shape."""
        inside = self.uniform(*shape, device=device).mul_(1 - 2**-23).add_(2**-24)  # neither 0 nor 1
        return torch.erfinv(inside.mul_(2).sub_(1)).mul_(math.sqrt(2))

    def permutation(self, number: int, *, device: torch.device | str = "cpu") -> Tensor:
        """0, 1, ..., number - 1 in random order."""
        return self.uniform(number, device=device).argsort()


def draw_for(seed: int, *purpose: str | int) -> Draw:
    """The random numbers of a seed for one purpose."""
    return Draw(torch_generator(seed, *purpose))


def numpy_generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """The same for NumPy."""
    return np.random.default_rng(derive(seed, *purpose))


@contextmanager
def seeded(seed: int, *purpose: str | int) -> Iterator[None]:
    """Inside, torch's global generator is seeded for one purpose; afterwards it is as it was before."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(derive(seed, *purpose))  # the CPU's alone, which is put back
        yield
