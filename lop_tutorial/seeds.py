"""One integer fixes a learner: every random choice draws from a generator named after its purpose."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def derive(seed: int, *purpose: str | int) -> int:
    """A 64-bit seed for one purpose, for example `derive(3, "batches", task)`.

    Different purposes give independent streams (NumPy's SeedSequence); adding a new purpose changes no other.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}; a seed is a whole number from 0 up")
    words = [zlib.crc32(p.encode()) if isinstance(p, str) else p for p in purpose]
    return int(np.random.SeedSequence([seed, *words]).generate_state(1, np.uint64)[0])


def torch_generator(seed: int, *purpose: str | int) -> torch.Generator:
    """A CPU generator for one purpose; drawing on the CPU gives the same numbers whatever the device."""
    return torch.Generator().manual_seed(derive(seed, *purpose))


def numpy_generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """The same for NumPy."""
    return np.random.default_rng(derive(seed, *purpose))


@contextmanager
def seeded(seed: int, *purpose: str | int) -> Iterator[None]:
    """Inside, torch's global generator is seeded for one purpose; afterwards it is as it was before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, *purpose))
        yield
