"""Measuring a network without changing it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn

from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.geometry.measurable import must_be_module


@contextmanager
def eval_mode(network: nn.Module) -> Iterator[None]:
    """Inside, the network is in evaluation mode; afterwards it is as it was, also where an error was raised.

    Evaluation mode makes a measurement repeatable: dropout is off and BatchNorm uses its running statistics. Put back
    are each module's own training flag (parts may be frozen) and every buffer. Gradients are not touched, as long as
    what runs inside uses `torch.autograd.grad` and not `backward`. What `torch.compile` made runs eagerly, so that
    hooks see every module, and float32 products are in float32, also on GPUs that would round their factors. The
    network gets copies of its inputs, which it may overwrite.
    """
    must_be_module(network)
    training = [(module, module.training) for module in network.modules()]
    buffers = [
        (module, name, buffer, buffer.clone())
        for module in network.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]
    copying = contextlib.ExitStack()
    if not isinstance(network, torch.jit.ScriptModule):  # these take no hooks
        copying.callback(network.register_forward_pre_hook(_of_copies, with_kwargs=True).remove)
    network.eval()
    try:
        with eager(), fp32_precision():
            yield
    finally:
        copying.close()
        for module, flag in training:
            module.training = flag
        for module, name, buffer, value in buffers:
            if not torch.equal(buffer, value):  # left alone otherwise: writing would spoil a pending backward pass
                with torch.no_grad():
                    buffer.copy_(value)
            setattr(module, name, buffer)


def _of_copies(network: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, Any]:
    copied = {name: each.clone() if isinstance(each, Tensor) else each for name, each in named.items()}
    return tuple(each.clone() if isinstance(each, Tensor) else each for each in inputs), copied


def eager() -> AbstractContextManager[None]:
    """Inside, what `torch.compile` made runs as it was written. Compiled passes cannot be differentiated twice."""
    if "torch._dynamo" not in sys.modules:  # nothing is compiled, and loading it would take seconds
        return nullcontext()
    return torch.compiler.set_stance("force_eager")


def copy_of(network: nn.Module) -> nn.Module:
    """A deep copy, in which attributes that cannot be copied (locks, open files, results of a graph) are shared."""
    try:
        return deepcopy(network)
    except Exception:
        kept: dict[int, Any] = {
            id(part): part for part in (*network.modules(), *network.parameters(), *network.buffers())
        }
        shared = {}
        for module in network.modules():
            for value in vars(module).values():
                try:
                    deepcopy(value, dict(kept))
                except Exception:
                    shared[id(value)] = value
        return deepcopy(network, shared)
