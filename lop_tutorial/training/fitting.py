"""Whether a network can be trained on a task at all, said in one sentence before the first step."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.networks import Network
from lop_tutorial.streams import Task

_TAKEN: weakref.WeakSet[nn.Module] = weakref.WeakSet()


def must_be_new(network: object) -> None:
    """ValueError unless `make_network` made a Network that no other learner trains."""
    if not isinstance(network, Network):
        raise ValueError(f"make_network gives a {type(network).__name__}; it must give a Network: a body, and a head")
    if network in _TAKEN:
        raise ValueError(
            f"make_network gives a {type(network).__name__} that is in use already, so its weights are no seed's own: "
            "make a new one in each call"
        )
    _TAKEN.add(network)


def must_be_tensors(memory: Mapping[str, object], of: str) -> None:
    """ValueError for a method's memory that no checkpoint could hold."""
    for name, kept in memory.items():
        if not isinstance(kept, torch.Tensor):
            raise ValueError(f"{of} remembers {name!r} as {type(kept).__name__}; it must be a tensor")


def must_be_one_number(penalty: Any, of: str) -> Any:
    """ValueError for a penalty of several numbers."""
    if getattr(penalty, "ndim", 0):
        raise ValueError(f"the penalty of {of} has shape {tuple(penalty.shape)}; it must be one number: take .sum()")
    return penalty


@torch.no_grad()
def must_fit(network: Network, task: Task) -> None:
    """ValueError unless the network takes the task's inputs and has an output for each of its classes."""
    name, shape = type(network).__name__, tuple(task.train_x.shape[1:])
    for place, weight in network.named_parameters():
        if weight.dtype != task.train_x.dtype:
            kind = str(weight.dtype).removeprefix("torch.")
            raise ValueError(f"{place} of {name} is {kind}; networks train in float32: call .float()")
    try:
        with fp32_precision():
            logits = network.eval()(task.train_x[:1].to(network.head.weight.device))
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise ValueError(f"{name} cannot take inputs of shape {shape}: {str(error).splitlines()[0]}") from error
    found = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
    if not isinstance(found, tuple) or len(found) != 2 or found[0] != 1 or found[1] < task.outputs:
        raise ValueError(
            f"{name} gives {found} for one input; it must be (1, outputs), and task {task.index} has {task.outputs} "
            "classes: make the network for the most outputs of any task"
        )


@contextmanager
def steps_told() -> Iterator[None]:
    """Says what to do where torch refuses a step: batch normalisation of a single number a unit, or hooks that ask for
    a tensor's value where a fleet runs them for many learners at once.
    """
    try:
        yield
    except (ValueError, RuntimeError) as error:
        if "more than 1 value per channel" in str(error):
            raise ValueError(
                "batches of one example leave batch normalisation a single number a unit: take a larger batch_size, "
                "tasks of more examples, or another normalisation"
            ) from error
        if str(error).startswith("vmap: "):
            raise ValueError(
                "a fleet runs hooks for many learners at once, and one asks for a tensor's value, or draws random "
                f"numbers of its own: choose by masks, draw from `draw` ({str(error).splitlines()[0]})"
            ) from error
        raise
