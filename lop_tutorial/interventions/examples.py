"""A task's training examples, from which a method may draw partners for those of the batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor
from torch.nn.functional import one_hot

from lop_tutorial.seeds import Draw


class ByClass(NamedTuple):
    """A task's training examples sorted by class; a first dimension more where it is of several tasks."""

    label: Int64[Tensor, "*task example"]
    """The class of each example."""
    order: Int64[Tensor, "*task example"]
    """The examples' places, those of class 0 first, then those of class 1, and so on."""
    rank: Int64[Tensor, "*task example"]
    """How many examples of an example's own class come before it in `order`."""
    first: Int64[Tensor, "*task output"]
    """Where in `order` a class begins."""
    number: Int64[Tensor, "*task output"]
    """How many examples a class has."""

    @classmethod
    def of(cls, label: Int64[Tensor, "*task example"], outputs: int) -> ByClass:
        """Sorts the labels, once a task."""
        order = label.argsort(dim=-1, stable=True)
        number = one_hot(label, outputs).sum(dim=-2)
        first = number.cumsum(dim=-1) - number
        return cls(label, order, order.argsort(dim=-1) - first.gather(-1, label), first, number)


@dataclass(frozen=True)
class Examples:
    """What a task trains on, and which of it is in the batch.

    `x` and `y` (one-hot) may hold several tasks one after the other; this one's begin at `begin`. `batch` has the
    places of the batch in the task. `augment` is what the training does to inputs.
    """

    x: Float[Tensor, "stored *shape"]
    y: Float[Tensor, "stored outputs"]
    by_class: ByClass
    batch: Int64[Tensor, " batch"]
    begin: Int64[Tensor, ""] | int = 0
    augment: Callable[[Tensor, Draw], Tensor] | None = None

    @classmethod
    def of(
        cls,
        x: Float[Tensor, "example *shape"],
        label: Int64[Tensor, " example"],
        outputs: int,
        augment: Callable[[Tensor, Draw], Tensor] | None = None,
    ) -> Examples:
        """One task's, all of them in the batch."""
        everything = torch.arange(len(label), device=label.device)
        return cls(x, one_hot(label, outputs).float(), ByClass.of(label, outputs), everything, augment=augment)

    def at(self, batch: Int64[Tensor, " batch"]) -> Examples:
        """The same with another batch."""
        return replace(self, batch=batch)

    def take(
        self, places: Int64[Tensor, " some"], draw: Draw
    ) -> tuple[Float[Tensor, "some *shape"], Float[Tensor, "some outputs"]]:
        """Inputs, augmented, and one-hot labels of the examples at these places of the task."""
        x, y = self.x[self.begin + places], self.y[self.begin + places]
        return (x if self.augment is None else self.augment(x, draw)), y

    def partners(self, same: Bool[Tensor, " batch"], uniform: Float[Tensor, " batch"]) -> Int64[Tensor, " batch"]:
        """For each sample of the batch the place of another example: of its class where `same`, else of another class.

        All such examples are equally likely; `uniform`, in [0, 1), says which it is. A sample that has none gets its
        own place.
        """
        own = self.by_class.label[self.batch]
        number, first, rank = self.by_class.number[own], self.by_class.first[own], self.by_class.rank[self.batch]
        among = torch.where(same, number - 1, len(self.by_class.label) - number)
        chosen = torch.minimum((uniform * among).long(), among - 1).clamp(min=0)
        within = first + chosen + (chosen >= rank).long()
        outside = chosen + number * (chosen >= first)
        place = torch.where(same, within, outside).clamp(max=len(self.by_class.label) - 1)
        return torch.where(among > 0, self.by_class.order[place], self.batch)
