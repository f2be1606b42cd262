"""Tasks that turn into one another: each begins as the one before it, and ends as itself."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import torch

from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams.task import Stream, Task

FORMS = ("slide", "sample")


class GradualChange(Stream):
    """Each task of `base` in `stages` equal parts, of which the first `share` lead over from the task before.

    Task `stages * t + j` is the j-th part of the base's task t: its test examples are that task's, and so are its last
    training examples. How much of the new task is in a part grows in equal steps, from part to part, and is one from
    `share` of the task on, in its last part in any case. By the form "slide" each training input moves on a straight
    line from one of the old task, of the same label, to its place in the new one; by "sample" that share of the
    training examples are the new task's, at their places, in a random order that the seed draws, and the rest are still
    the old one's. With `share` 0 all change is abrupt: every part is the base's task, bit by bit. So is the first task.

    Liu and Mou (2026) interpolate inputs and outputs, and sample tasks; the details here are ours.

    Raises a ValueError for other forms, shares and stages, and where two tasks in a row differ in their labels.
    """

    def __init__(self, base: Stream, seed: int, *, share: float | int, stages: int = 10, form: str = "slide") -> None:
        if not 0 <= share <= 1:
            raise ValueError(f"share is {share}; it must be from 0 to 1")
        if stages < 1:
            raise ValueError(f"stages is {stages}; a task has one at the least")
        if form not in FORMS:
            raise ValueError(f"form is {form!r}; it must be one of {', '.join(FORMS)}")
        self.seed, self.share, self.stages, self.form = seed, share, stages, form
        self.shape, self.outputs = base.shape, base.outputs
        self.length = None if base.length is None else stages * base.length
        self._base_task = lru_cache(maxsize=2)(base.task)  # a task's parts ask for the same two, over and over

    def reached(self, index: int) -> float:
        """How much of the new task is in task `index`, above 0 and at most 1."""
        task, part = divmod(index, self.stages)
        return min(1.0, (part + 1) / (self.share * self.stages)) if task and self.share else 1.0

    def _task(self, index: int) -> Task:
        number, reached = index // self.stages, self.reached(index)
        new = self._base_task(number)
        if reached == 1:
            return replace(new, index=index)
        old = self._base_task(number - 1)
        if not torch.equal(old.train_y, new.train_y):
            raise ValueError(
                f"tasks {number - 1} and {number} differ in their labels; one cannot lead over to the other"
            )
        if self.form == "slide":
            return replace(new, index=index, train_x=torch.lerp(old.train_x, new.train_x, reached))
        order = torch.randperm(len(new.train_y), generator=torch_generator(self.seed, "gradual change", number))
        arrived = order.to(new.train_x.device)[: round(reached * len(order))]
        x = old.train_x.clone()
        x[arrived] = new.train_x[arrived]
        return replace(new, index=index, train_x=x)
