"""Replayed states as the examples of a task: what the book measures between classes, measured between actions.

A value network has no classes. The reading here is ours: a state's class is the action that the network values most
there. Exponents within are then taken at replayed states, exponents between on segments that join a state where one
action is best to one where another is. The boundary that such a segment crosses is the policy's.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.networks import Network
from lop_tutorial.streams import Task


@torch.no_grad()
def greedy_task(network: Network, x: Float[Tensor, "state sensor"], index: int = 0) -> Task:
    """The states of the two actions that are best most often, as classes 0 and 1.

    Where one action is best in all states, every label is 0 and there is nothing between. Training and test examples
    are the same. The result goes into `running.measures.measure` as any task does.
    """
    best = network(x).argmax(dim=1)
    counts = best.bincount(minlength=2)
    first, second = counts.argsort(descending=True, stable=True)[:2].tolist()
    kept = (best == first) | (best == second)
    states, labels = x[kept], (best[kept] == second).long()
    return Task(index, (0, 1), 2, states, labels, states, labels)
