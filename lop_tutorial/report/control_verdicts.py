"""What the three controls say, by the rule that was written before they ran (`results/controls.md`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64

from lop_tutorial.experiments.controls import FRESH
from lop_tutorial.running.results import Interval, finite, interval
from lop_tutorial.running.table import Table

DECIDES = {"type1": "train", "type2": "test", "pictures": "train"}
"""The accuracy in which each setting's loss shows."""
LEAST = 1.0
"""Points that a loss must have, on average, to be one."""


class Beside(NamedTuple):
    """Accuracies of a world's networks on one kind of new task, and of fresh ones on the same, seed by seed."""

    own: Float64[np.ndarray, " seed"]
    fresh: Float64[np.ndarray, " seed"]

    @property
    def loss(self) -> Float64[np.ndarray, " seed"]:
        """By how many points the fresh network is better; NaN where the other diverged."""
        return 100 * (self.fresh - self.own)

    @property
    def loses(self) -> bool:
        """Whether plasticity is lost: the interval of the loss above zero, its mean a point at the least."""
        found = interval(finite(self.loss))
        return bool(found.low > 0 and found.mean >= LEAST)


def beside(
    table: Table, setting: str, world: str, head: str = "keep", trial: str = "same", part: str | None = None
) -> Beside:
    """One world's networks beside fresh ones; `part` is "train" or "test", the one that decides where it is None."""
    part = part or ("train" if trial == "labels" else DECIDES[setting])
    quantity = f"{trial}_{part}"
    own = table.select(quantity, setting=setting, world=world, head=head)
    return Beside(own, table.select(quantity, setting=setting, world=FRESH))


def difference(one: Beside, other: Beside) -> Interval:
    """The loss of one less that of the other, in points; seeds in which either diverged are left out."""
    return interval(finite(one.loss - other.loss))


def of_change(gradual: Beside, abrupt: Beside) -> str:
    """What gradual change does to the loss of an abrupt world."""
    if not abrupt.loses:
        return "nothing to keep"
    spared = difference(abrupt, gradual)
    if spared.low > 0:
        return "eases" if gradual.loses else "keeps"
    return "makes it worse" if spared.high < 0 else "no difference seen"


def of_time(stationary: Beside, abrupt: Beside) -> str:
    """What stationary training costs, and whether that is less than a sequence costs, or more."""
    return _cost("costs" if stationary.loses else "no cost", difference(stationary, abrupt))


def of_kind(unlike: Beside, same: Beside) -> str:
    """Whether a loss transfers to another kind of task, and whether it is less there than on the same kind, or more."""
    return _cost("transfers" if unlike.loses else "does not transfer", difference(unlike, same))


def _cost(word: str, more: Interval) -> str:
    return word + (", less" if more.high < 0 else ", more" if more.low > 0 else "")
