"""Which of the two types a run shows: four signs, each measured against fresh networks on the same tasks.

The poster tells the types apart in two ways. By accuracies: with Type-1 training accuracy falls; with Type-2 it stays
while test accuracy falls, so that the gap between them grows. By exponents: with Type-1 those within classes become
highly negative, with Type-2 those between classes highly positive. The rule that makes verdicts of this is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from lop_tutorial.running.results import Interval, Results, finite, interval, share

MARGIN = 0.01
"""Accuracies that differ by less, one point, count as equal."""


@dataclass(frozen=True)
class LossType:
    """A method against Retrained, over the last tasks of a run.

    `training` is its training accuracy minus Retrained's, `gap` its gap between training and test accuracy minus
    Retrained's, both as means with their interval. `within_lower` and `between_higher` are shares of seeds, with their
    exact binomial interval: those whose lowest (highest) exponents, the 5 % quantile within classes (the 95 % quantile
    between them), are lower (higher) than Retrained's. `diverged` learners are left out.
    """

    training: Interval
    gap: Interval
    within_lower: Interval
    between_higher: Interval
    diverged: int

    @property
    def by_accuracy(self) -> str:
        """Type-1, Type-2, both or neither: where the whole interval lies more than a point beyond Retrained."""
        return type_of(bool(self.training.high < -MARGIN), bool(self.gap.low > MARGIN))

    @property
    def by_exponents(self) -> str:
        """Type-1, Type-2, both or neither: where more than half of the seeds show it, by the whole interval."""
        return type_of(bool(self.within_lower.low > 0.5), bool(self.between_higher.low > 0.5))


def type_of(type1: bool, type2: bool) -> str:
    """The name of what is shown: Type-1, Type-2, both or neither."""
    return "both" if type1 and type2 else "Type-1" if type1 else "Type-2" if type2 else "neither"


def loss_type(results: Results, method: str = "none", *, ends: int = 10) -> LossType:
    """The four signs over the last `ends` tasks of a run that measured exponents and has the method and "retrained".

    Raises a ValueError where the run lacks either.
    """
    for name in (method, "retrained"):
        if name not in results.methods:
            raise ValueError(f"the run has no {name!r}; it has {', '.join(results.methods)}")
    if "ftle_within_q05" not in results.rows[0]:
        raise ValueError('the run has no exponents: its plan needs measures=("exponents",)')
    paired = results.paired(method, "retrained")

    def late(name: str, quantity: str) -> Float64[np.ndarray, " seed"]:
        values = paired.curves(name, quantity)[:, -ends:]
        return values[:, ~np.isnan(values).all(axis=0)].mean(axis=1)

    def against(quantity: str) -> Float64[np.ndarray, " seed"]:
        return late(method, quantity) - late("retrained", quantity)

    def beyond(quantity: str, sign: int) -> Interval:
        mine, fresh = (late(name, quantity)[kept] for name in (method, "retrained"))
        return share(sign * mine > sign * fresh)  # minus infinity is lower than any number

    training, test = against("train_accuracy"), against("test_accuracy")
    kept = ~np.isnan(test)
    return LossType(
        interval(finite(training)),
        interval(finite(training - test)),
        beyond("ftle_within_q05", -1),
        beyond("ftle_between_q95", 1),
        int((~kept).sum()),
    )
