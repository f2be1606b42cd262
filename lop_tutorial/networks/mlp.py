"""Multilayer perceptrons of any widths."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import nn

from lop_tutorial.networks.network import Network

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "linear": nn.Identity,
}


class MLP(Network):
    """input -> hidden[0] -> ... -> hidden[-1] (the representation) -> outputs; inputs of any shape are flattened.

    `activation` follows every hidden layer; `last_activation`, where given, replaces it at the representation.
    """

    def __init__(
        self,
        shape: Sequence[int],
        outputs: int,
        hidden: Sequence[int] = (64, 64),
        activation: str = "relu",
        last_activation: str | None = None,
    ) -> None:
        names = [activation] * (len(hidden) - 1) + [last_activation or activation]
        for name in names:
            if name not in ACTIVATIONS:
                raise ValueError(f"activation is {name!r}; known are {', '.join(ACTIVATIONS)}")
        if not hidden:
            raise ValueError("hidden is empty; an MLP here has at least one hidden layer, its representation")
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out, name in zip((math.prod(shape), *hidden), hidden, names, strict=False):
            layers += [nn.Linear(fan_in, fan_out), ACTIVATIONS[name]()]
        super().__init__(nn.Sequential(*layers), hidden[-1], outputs)
