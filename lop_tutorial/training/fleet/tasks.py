"""The tasks of all streams side by side, on the device, from which every learner reads its own stream's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from lop_tutorial.interventions import ByClass
from lop_tutorial.streams import Task
from lop_tutorial.training.fleet.weights import keep_place


class StackedTasks:
    """One task of each stream at a time; they must be of one size. The next ones take the place of the last."""

    def __init__(self, seeds: list[int], device: torch.device) -> None:
        """`seeds`: each learner's, which is its stream's."""
        self.device = device
        self.streams = list(dict.fromkeys(seeds))
        self.stream = torch.tensor([self.streams.index(seed) for seed in seeds], device=device)
        self.outputs = 0
        self._x: dict[str, Tensor] = {}
        self._y: dict[str, Tensor] = {}
        self._one_hot = torch.empty(0)
        self._batch = torch.empty(0, dtype=torch.int64, device=device)
        self._by_class: list[Tensor] = []  # of each learner

    def fill(self, tasks: Mapping[int, Task]) -> None:
        """Takes the tasks of all streams, by their seeds."""
        now = [tasks[seed] for seed in self.streams]
        if len({task.outputs for task in now}) > 1:
            raise ValueError(f"the tasks have {[task.outputs for task in now]} outputs; a fleet needs as many in each")
        for name in ("train_x", "test_x", "valid_x"):
            shapes = [None if (x := getattr(task, name)) is None else tuple(x.shape) for task in now]
            if len(set(shapes)) > 1:
                raise ValueError(f"{name} of the tasks have shapes {shapes}; a fleet needs as many examples in each")
        self.outputs = now[0].outputs
        if now[0].valid_x is None:
            self._x.pop("valid", None)
            self._y.pop("valid", None)
        for split in ("train", "test", *(("valid",) if now[0].valid_x is not None else ())):
            for kept, what in ((self._x, "x"), (self._y, "y")):
                values = torch.stack([getattr(task, f"{split}_{what}").to(self.device) for task in now])
                kept[split] = keep_place(kept.get(split), values)
        labels = one_hot(self._y["train"], self.outputs).float()
        self._one_hot = keep_place(self._one_hot, labels)
        by_class = [values[self.stream] for values in ByClass.of(self._y["train"], self.outputs)]
        before: Sequence[Tensor | None] = self._by_class or [None] * len(by_class)
        self._by_class = [keep_place(*each) for each in zip(before, by_class, strict=True)]

    @property
    def addresses(self) -> tuple[object, ...]:
        """Where everything lies that a batch is made of: a recorded step is good for as long as these stay."""
        kept = (self._x["train"], self._one_hot, self._batch, *self._by_class)
        return tuple((values.data_ptr(), values.shape) for values in kept)

    @property
    def length(self) -> int:
        """Training examples of each task."""
        return self._y["train"].shape[1]

    def choose(self, batch: Int64[Tensor, "stream batch"]) -> None:
        """The places in each stream's training examples of which `batch` consists from now on."""
        self._batch = keep_place(self._batch if self._batch.numel() else None, batch)

    def batch(self) -> tuple[Float[Tensor, "learner batch *shape"], Float[Tensor, "learner batch outputs"]]:
        """Each learner's inputs and one-hot labels."""
        x, y = self.stored
        now = (self._begin[:, None] + self._batch[self.stream]).flatten()
        x, y = (each.index_select(0, now).unflatten(0, (len(self.stream), -1)) for each in (x, y))
        return x, y

    @property
    def stored(self) -> tuple[Float[Tensor, "stored *shape"], Float[Tensor, "stored outputs"]]:
        """Training inputs and one-hot labels of all streams, one task after the other."""
        return self._x["train"].flatten(0, 1), self._one_hot.flatten(0, 1)

    def where(self, learners: slice) -> tuple[ByClass, Int64[Tensor, "learner batch"], Int64[Tensor, " learner"]]:
        """Some learners' examples by class, the batch's places among them, and where they begin in `stored`."""
        by_class = ByClass(*(values[learners] for values in self._by_class))
        return by_class, self._batch[self.stream[learners]], self._begin[learners]

    @property
    def _begin(self) -> Int64[Tensor, " learner"]:
        return self.stream * self.length

    def chunks(self, split: str, size: int) -> list[Float[Tensor, "stream some *shape"]]:
        """A split's inputs, some of each stream at a time."""
        return list(self._x[split].split(size, dim=1))

    def labels(self, split: str) -> Int64[Tensor, "learner examples"]:
        """Each learner's labels of a split."""
        return self._y[split][self.stream]
