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


def must_be_tensors(memory: object, of: str) -> None:
    """ValueError for a method's memory that no checkpoint could hold."""
    if not isinstance(memory, Mapping):
        raise ValueError(f"{of} remembers a {type(memory).__name__}; `remember` must give tensors by name, or {{}}")
    for name, kept in memory.items():
        if not isinstance(kept, torch.Tensor):
            raise ValueError(f"{of} remembers {name!r} as {type(kept).__name__}; it must be a tensor")


def must_be_one_number(penalty: Any, of: str) -> Any:
    """ValueError for a penalty of several numbers, or of none."""
    if getattr(penalty, "ndim", 0):
        raise ValueError(f"the penalty of {of} has shape {tuple(penalty.shape)}; it must be one number: take .sum()")
    if not isinstance(penalty, torch.Tensor | float | int):
        raise ValueError(f"the penalty of {of} is a {type(penalty).__name__}; it must be one number, or None")
    return penalty


def must_be_loss(loss: Any, of: str) -> torch.Tensor:
    """ValueError for a loss that is not one number in a tensor, from which a step could go."""
    if not isinstance(loss, torch.Tensor):
        raise ValueError(f"the loss of {of} is a {type(loss).__name__}; it must be a tensor of one number")
    if loss.ndim:
        raise ValueError(f"the loss of {of} has shape {tuple(loss.shape)}; it must be one number: take .mean()")
    return loss


def must_be_batch(made: Any, x: torch.Tensor, y: torch.Tensor, of: str) -> tuple[torch.Tensor, torch.Tensor]:
    """ValueError for what a method made of the batch x, y that no step could take."""
    if not (isinstance(made, tuple | list) and len(made) == 2 and all(isinstance(one, torch.Tensor) for one in made)):
        raise ValueError(f"the batch of {of} gives a {type(made).__name__}; it must give two tensors, (x, y)")
    new_x, new_y = made
    if new_y.ndim != 2 or new_y.shape[1] != y.shape[1] or len(new_x) != len(new_y):
        raise ValueError(
            f"the batch of {of} gives inputs of shape {tuple(new_x.shape)} and labels of {tuple(new_y.shape)}; for "
            f"each input there must be a row of {y.shape[1]} numbers, the share of each class"
        )
    if new_x.dtype != x.dtype or new_y.dtype != y.dtype:
        raise ValueError(
            f"the batch of {of} gives {new_x.dtype} and {new_y.dtype}; it must keep {x.dtype} and {y.dtype}"
        )
    return new_x, new_y


@torch.no_grad()
def must_fit(network: Network, task: Task) -> None:
    """ValueError unless the network takes the task's inputs and has an output for each of its classes."""
    name, shape = type(network).__name__, tuple(task.train_x.shape[1:])
    for place, weight in network.named_parameters():
        if weight.dtype != task.train_x.dtype:
            kind = str(weight.dtype).removeprefix("torch.")
            raise ValueError(f"{place} of {name} is {kind}; networks train in float32: call .float()")
    if not any(weight.requires_grad for weight in network.parameters()):
        raise ValueError(f"{name} has no weight that may change: call requires_grad_() on those that are to be trained")
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
