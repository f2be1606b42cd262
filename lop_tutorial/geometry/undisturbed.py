"""Measuring must not change what is measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from lop_tutorial.products import float32_products


@contextmanager
def undisturbed(network: nn.Module) -> Iterator[None]:
    """Inside, the network is in evaluation mode; afterwards it is as it was, also where an error was raised.

    Evaluation mode is what makes a measurement repeatable: dropout is off and BatchNorm uses its running statistics.
    Put back are each module's own training flag (parts may have been frozen apart) and every buffer. Gradients are
    not touched, as long as what runs inside uses `torch.autograd.grad` and not `backward`. Inside, float32 products are
    in float32, also on GPUs that would round their factors.
    """
    training = [(module, module.training) for module in network.modules()]
    buffers = [
        (module, name, buffer, buffer.clone())
        for module in network.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]
    network.eval()
    try:
        with float32_products():
            yield
    finally:
        for module, flag in training:
            module.training = flag
        for module, name, buffer, value in buffers:
            if not torch.equal(buffer, value):  # left alone otherwise: writing would spoil a pending backward pass
                with torch.no_grad():
                    buffer.copy_(value)
            setattr(module, name, buffer)
