"""When a network is dead, at chance in several tasks running, and when it fails: it has learned little for a while."""

from __future__ import annotations

from collections.abc import Sequence

MARGIN = 0.01
"""An accuracy is at chance where it exceeds that of guessing by no more than this."""
DEAD_AFTER = 5
"""Tasks running at chance after which a network is dead."""
FAILING = 10
"""Tasks over whose mean a failing network is found."""


def at_chance(train_accuracy: float, outputs: int) -> bool:
    """Whether an accuracy on `outputs` classes is no better than guessing one of them."""
    return train_accuracy <= 1 / outputs + MARGIN


def died_in(train_accuracies: Sequence[float], tasks_running: int, outputs: int = 2) -> int | None:
    """The task, counted from 0, that was the first of so many tasks running at chance; None if there is none."""
    in_a_row = 0
    for task, accuracy in enumerate(train_accuracies):
        in_a_row = in_a_row + 1 if at_chance(accuracy, outputs) else 0
        if in_a_row == tasks_running:
            return task - tasks_running + 1
    return None


def failed_in(train_accuracies: Sequence[float], dead_after: int, outputs: int = 2) -> int | None:
    """The task, counted from 0, in which a network failed, or died if it did that first; None if neither.

    It fails in the first of `FAILING` tasks running whose mean training accuracy is below halfway between guessing
    and a perfect score.
    """
    death, halfway = died_in(train_accuracies, dead_after, outputs), (1 + 1 / outputs) / 2
    whole = len(train_accuracies) - FAILING + 1
    for task in range(whole if death is None else min(whole, death)):
        mean = sum(train_accuracies[task : task + FAILING]) / FAILING
        if round(mean, 9) < halfway:  # a mean may be just halfway, and Python rounds sums otherwise from 3.12 on
            return task
    return death
