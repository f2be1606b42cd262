"""Questions that claims put to experiments: what counts as evidence, and what it measures.

Each takes everything stored under one name and yields the evidence in it: none where it does not bear on the question.
"Late" and "early" are the last and the first fifth of the tasks, or what is stored of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from jaxtyping import Float64

from lop_tutorial.interventions import title as title_of
from lop_tutorial.interventions import without_settings
from lop_tutorial.report.claims.claim import Evidence, Number, Side
from lop_tutorial.report.claims.comparison import Comparison, Source, kind
from lop_tutorial.report.loss_type import MARGIN

Question = Callable[[Source], Iterator[Evidence]]
Seeds = Float64[np.ndarray, " seed"]
Type = Literal["Type-1", "Type-2"]

LOW, HIGH = 2, 64
"""Representations of at most so many dimensions are called low-dimensional, of at least so many high-dimensional."""
NAMES = {"inter_mixup": "inter-class mixing", "intra_mixup": "intra-class mixing", "g_mixup": "G-mixup"}


def late(experiment: Comparison, method: str, than: str, quantity: str = "test_accuracy") -> Seeds:
    """One method minus another, late."""
    return experiment.difference(method, than, quantity)[:, -1]


def train_lost(experiment: Comparison) -> Seeds:
    """Late training accuracy, No Intv. minus Retrained."""
    return late(experiment, "none", "retrained", "train_accuracy")


def gap_grown(experiment: Comparison) -> Seeds:
    """Late gap between training and test accuracy, No Intv. minus Retrained."""
    return train_lost(experiment) - late(experiment, "none", "retrained")


def compares(experiment: Comparison, *methods: str) -> bool:
    """Whether all of these were trained."""
    return set(methods) <= set(experiment.learners)


def shows(experiment: Comparison, which: Type) -> bool:
    """Whether No Intv. ends below Retrained and shows this type by its accuracies, as `loss_type` has it.

    By whole intervals: test accuracy lower; training accuracy lower (Type-1), or the gap larger (Type-2), by a point.
    """
    if not compares(experiment, "none", "retrained"):
        return False
    sign = {
        "Type-1": Number(train_lost(experiment), "below", -MARGIN),
        "Type-2": Number(gap_grown(experiment), "above", MARGIN),
    }[which]
    return sign.says == "for" == Number(late(experiment, "none", "retrained"), "below").says


def seeds_showing(experiment: Comparison, which: Type) -> Number:
    """In how many seeds the late lowest exponents within are lower (highest between higher) than Retrained's."""
    quantity = {"Type-1": "ftle_within_q05", "Type-2": "ftle_between_q95"}[which]
    mine, fresh = (values[:, -1] for values in experiment.paired("none", "retrained", quantity))
    found = np.where(np.isnan(mine + fresh), np.nan, mine < fresh if which == "Type-1" else mine > fresh)
    label = {"Type-1": "lowest exponents within classes lower", "Type-2": "highest exponents between classes higher"}
    return Number(found, "above", 0.5, "seeds", label[which])


def shows_by_exponents(experiment: Comparison, which: Type) -> bool:
    """The same by exponents: more than half of the seeds, by the whole interval."""
    quantity = {"Type-1": "ftle_within_q05", "Type-2": "ftle_between_q95"}[which]
    known = compares(experiment, "none", "retrained") and experiment.has(quantity)
    return known and seeds_showing(experiment, which).says == "for"


def compared(mine: Seeds, theirs: Seeds, side: Side, label: str = "") -> Number:
    """A difference of exponents, per layer; where one is minus infinity, in how many seeds it has the claimed sign."""
    with np.errstate(invalid="ignore"):
        difference = mine - theirs
    if np.isfinite(difference[~np.isnan(mine) & ~np.isnan(theirs)]).all():
        return Number(difference, side, 0, "per layer", label)
    as_claimed = mine > theirs if side == "above" else mine < theirs
    return Number(np.where(np.isnan(mine) | np.isnan(theirs), np.nan, as_claimed), "above", 0.5, "seeds", label)


def named(experiment: Comparison, method: str) -> str:
    """A method's name for a reader; of several settings it says how many there were."""
    called = kind(method)
    name = NAMES.get(called) or title_of(without_settings(method))
    among = sum(kind(each) == called for each in experiment.learners)
    return name if among == 1 or method == called else f"{name} (best of {among} settings)"


Answers = Iterator[tuple[str, tuple[Number, ...]]]


def each(question: Callable[[Comparison], Answers], *benchmarks: str) -> Question:
    """A question put to every experiment, or to those of these benchmarks, that yields names and numbers."""

    def asked(stored: Source) -> Iterator[Evidence]:
        for experiment in stored:
            if not benchmarks or experiment.benchmark in benchmarks:
                watched, looked_at = experiment.watched()
                for what, numbers in question(watched):
                    words = f"{experiment.about}: {what}" if what else experiment.about
                    yield Evidence(words, numbers, stored.name, what, looked_at.used)

    return asked
