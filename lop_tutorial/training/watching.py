"""Looking at a learner while it learns a task, not only when it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from lop_tutorial.streams import Task
from lop_tutorial.training.learner import Learner


def watch(learner: Learner, task: Task, epochs: Iterable[int]) -> Iterator[int]:
    """Trains as `Learner.learn` does, and pauses after each of these numbers of epochs, in ascending order.

    Between two of them, `learner.network` can be measured. It takes as many epochs as the last one says, whatever
    `Training.epochs` is; apart from that, the network ends with the weights that `Learner.learn` gives, bit by bit.
    0 is before the first step. A loop that is left early leaves a task that does not count as learned.

    Raises a ValueError for numbers out of order or below 0, before anything is trained.
    """
    pauses = list(epochs)
    if not pauses or pauses[0] < 0 or any(b <= a for a, b in pairwise(pauses)):
        raise ValueError(f"epochs are {pauses}; they must ascend from 0 or later")
    return _watch(learner, task, pauses)


def _watch(learner: Learner, task: Task, pauses: list[int]) -> Iterator[int]:
    task = task.to(learner.device)
    for epoch in learner.epochs(task, pauses[-1]):
        if epoch in pauses:
            yield epoch
    learner.finish(task)
