"""A task, and a stream of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from numbers import Integral

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lop_tutorial.streams.given import as_inputs, as_labels


@dataclass(frozen=True)
class Task:
    """What a learner is given to learn, and what it is tested on.

    Inputs are float32 (examples, *input shape); labels are int64 (examples,) and lie in [0, outputs). Other
    floating-point inputs and whole-numbered labels are converted.
    `classes` names what label 0, 1, ... stand for: indices of classes in the source. A task may have validation
    examples, by which a learner chooses between weights; they are neither trained on nor tested on.

    Raises a ValueError for examples that cannot be learned from or tested on: none at all, inputs that are not finite,
    labels that are no such numbers, training and test inputs of different shapes. Values are looked at on a CPU only.
    """

    index: int
    classes: tuple[int, ...]
    outputs: int
    train_x: Float[Tensor, "train *shape"]
    train_y: Int64[Tensor, " train"]
    test_x: Float[Tensor, "test *shape"]
    test_y: Int64[Tensor, " test"]
    valid_x: Float[Tensor, "valid *shape"] | None = None
    valid_y: Int64[Tensor, " valid"] | None = None

    def __post_init__(self) -> None:
        if self.outputs < 1:
            raise ValueError(f"outputs is {self.outputs}; a task has one output at the least")
        shape = self.train_x.shape[1:] if isinstance(self.train_x, Tensor) else None
        for split in ("train", "test", *(("valid",) if self.valid_x is not None else ())):
            x = as_inputs(f"{split}_x", getattr(self, f"{split}_x"))
            y = as_labels(f"{split}_y", getattr(self, f"{split}_y"), len(x), self.outputs)
            if x.shape[1:] != shape:
                raise ValueError(f"{split}_x has inputs of shape {tuple(x.shape[1:])}, train_x of {tuple(shape or ())}")
            object.__setattr__(self, f"{split}_x", x)
            object.__setattr__(self, f"{split}_y", y)

    @property
    def validation(self) -> tuple[Float[Tensor, "valid *shape"], Int64[Tensor, " valid"]]:
        """The validation examples, inputs and labels; ValueError where the task has none."""
        if self.valid_x is None or self.valid_y is None:
            raise ValueError("keep_best chooses by validation examples, and this task has none: set some aside")
        return self.valid_x, self.valid_y

    def to(self, device: torch.device | str) -> Task:
        """The same task with its tensors on `device`."""
        names = (
            "train_x",
            "train_y",
            "test_x",
            "test_y",
            *(("valid_x", "valid_y") if self.valid_x is not None else ()),
        )
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
        """Task number `index`, counted from 0; IndexError outside the stream, TypeError for what is no whole number."""
        if not isinstance(index, Integral):
            raise TypeError(f"task {index!r}; tasks are counted by whole numbers, from 0")
        if index < 0 or (self.length is not None and index >= self.length):
            end = "no end" if self.length is None else f"{self.length} tasks"
            raise IndexError(f"task {index}; tasks are counted from 0 and this stream has {end}")
        made, name = self._task(index), type(self).__name__
        if not isinstance(made, Task):
            raise ValueError(f"{name} gives a {type(made).__name__} for task {index}; it must be a Task")
        if made.index != index:
            raise ValueError(f"{name} calls task {index} number {made.index}: give Task the index asked for")
        return made

    def __iter__(self) -> Iterator[Task]:
        index = 0
        while self.length is None or index < self.length:
            yield self.task(index)
            index += 1
