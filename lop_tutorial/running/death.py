"""When a network is dead: its training accuracy was at chance in several tasks running."""

from __future__ import annotations

from collections.abc import Sequence

MARGIN = 0.01
"""An accuracy is at chance where it exceeds that of guessing by no more than this."""


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
