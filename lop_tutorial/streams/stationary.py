"""Streams in which nothing changes: one task again and again, or all tasks of another stream at once."""

from __future__ import annotations

from dataclasses import replace

import torch

from lop_tutorial.streams.task import Stream, Task


class OneTask(Stream):
    """The first task of `base`, the same examples at every place; no end."""

    def __init__(self, base: Stream) -> None:
        self.shape, self.outputs = base.shape, base.outputs
        self._only = base.task(0)

    def _task(self, index: int) -> Task:
        return replace(self._only, index=index)


class AllAtOnce(Stream):
    """The first `number` tasks of `base` as one: the examples of all, with the labels that they have there; no end.

    An epoch of it has as many steps as one epoch of each of them, where batches divide their examples.
    """

    def __init__(self, base: Stream, number: int) -> None:
        if number < 1:
            raise ValueError(f"number is {number}; there must be one task at the least")
        tasks = [base.task(index) for index in range(number)]
        self.shape, self.outputs = base.shape, base.outputs
        names = ("train_x", "train_y", "test_x", "test_y")
        joined = {name: torch.cat([getattr(task, name) for task in tasks]) for name in names}
        self._only = Task(0, tuple(range(self.outputs)), self.outputs, **joined)

    def _task(self, index: int) -> Task:
        return replace(self._only, index=index)
