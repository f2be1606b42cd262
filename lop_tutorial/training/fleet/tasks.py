"""The tasks of all streams side by side, on the device, from which every learner reads its own stream's."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

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

    def fill(self, tasks: Mapping[int, Task]) -> None:
        """Takes the tasks of all streams, by their seeds."""
        now = [tasks[seed] for seed in self.streams]
        if len({task.outputs for task in now}) > 1:
            raise ValueError(f"the tasks have {[task.outputs for task in now]} outputs; a fleet needs as many in each")
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

    @property
    def addresses(self) -> tuple[object, ...]:
        """Where everything lies that a batch is made of: a recorded step is good for as long as these stay."""
        kept = (self._x["train"], self._one_hot, self._batch)
        return tuple((values.data_ptr(), values.shape) for values in kept)

    @property
    def examples(self) -> int:
        """Training examples of each task."""
        return self._y["train"].shape[1]

    def choose(self, batch: Int64[Tensor, "stream batch"]) -> None:
        """The places in each stream's training examples of which `batch` consists from now on."""
        self._batch = keep_place(self._batch if self._batch.numel() else None, batch)

    def batch(self) -> tuple[Float[Tensor, "learner batch *shape"], Float[Tensor, "learner batch outputs"]]:
        """Each learner's inputs and one-hot labels."""
        now = (self.stream[:, None] * self.examples + self._batch[self.stream]).flatten()
        x, y = (
            values.flatten(0, 1).index_select(0, now).unflatten(0, (len(self.stream), -1))
            for values in (self._x["train"], self._one_hot)
        )
        return x, y

    def chunks(self, split: str, size: int) -> list[Float[Tensor, "stream some *shape"]]:
        """A split's inputs, some of each stream at a time."""
        return list(self._x[split].split(size, dim=1))

    def labels(self, split: str) -> Int64[Tensor, "learner examples"]:
        """Each learner's labels of a split."""
        return self._y[split][self.stream]
