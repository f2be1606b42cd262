"""A task, and a stream of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int64
from torch import Tensor


@dataclass(frozen=True)
class Task:
    """What a learner is given to learn, and what it is tested on.

    Inputs are float32 (examples, *input shape); labels are int64 (examples,) and lie in [0, outputs).
    `classes` names what label 0, 1, ... stand for: indices of classes in the source.
    """

    index: int
    classes: tuple[int, ...]
    outputs: int
    train_x: Float[Tensor, "train *shape"]
    train_y: Int64[Tensor, " train"]
    test_x: Float[Tensor, "test *shape"]
    test_y: Int64[Tensor, " test"]

    def to(self, device: torch.device | str) -> Task:
        """The same task with its tensors on `device`."""
        names = ("train_x", "train_y", "test_x", "test_y")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})


class Stream(ABC):
    """An ordered, possibly endless sequence of tasks.

    `task(t)` depends on the stream's settings, its seed and t alone, never on what was asked before. So a
    stream can be entered anywhere, and two learners with the same seed meet the same tasks.
    """

    shape: tuple[int, ...]
    """Shape of one input."""
    outputs: int
    """How many outputs a network needs for every task of the stream."""
    length: int | None = None
    """Number of tasks, or None where the stream has no end."""

    @abstractmethod
    def _task(self, index: int) -> Task: ...

    def task(self, index: int) -> Task:
        """Task number `index`, counted from 0; IndexError outside the stream."""
        if index < 0 or (self.length is not None and index >= self.length):
            end = "no end" if self.length is None else f"{self.length} tasks"
            raise IndexError(f"task {index}; tasks are counted from 0 and this stream has {end}")
        return self._task(index)

    def __iter__(self) -> Iterator[Task]:
        index = 0
        while self.length is None or index < self.length:
            yield self.task(index)
            index += 1
