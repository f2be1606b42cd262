"""Multilayer perceptrons of any widths."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from lop_tutorial.networks.hidden_units import Weighted
from lop_tutorial.networks.network import Network
from lop_tutorial.seeds import Draw

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
    "gelu": nn.GELU,
    "linear": nn.Identity,
}


INITS = ("uniform", "normal")


class MLP(Network):
    """input -> hidden[0] -> ... -> hidden[-1] (the representation) -> outputs; inputs of any shape are flattened.

    `activation` follows every hidden layer; `last_activation`, where given, replaces it at the representation.
    `init` "uniform" is PyTorch's own initialiser, uniform between -1 / sqrt(fan_in) and 1 / sqrt(fan_in). "normal"
    draws weights from N(0, 1 / fan_in) and sets biases to 0. With `scaled_head` the head reads the representation
    divided by the square root of its width d, and "normal" draws the head's weights from N(0, 1), not N(0, 1 / d): so
    networks of all widths begin with logits of one size, and their heads learn at one speed.
    """

    def __init__(
        self,
        shape: Sequence[int],
        outputs: int,
        hidden: Sequence[int] = (64, 64),
        activation: str = "relu",
        last_activation: str | None = None,
        init: str = "uniform",
        scaled_head: bool = False,
    ) -> None:
        names = [activation] * (len(hidden) - 1) + [last_activation or activation]
        for name in names:
            if name not in ACTIVATIONS:
                raise ValueError(f"activation is {name!r}; known are {', '.join(ACTIVATIONS)}")
        if init not in INITS:
            raise ValueError(f"init is {init!r}; known are {', '.join(INITS)}")
        if not hidden:
            raise ValueError("hidden is empty; an MLP here has at least one hidden layer, its representation")
        layers: list[nn.Module] = [nn.Flatten()]
        for fan_in, fan_out, name in zip((math.prod(shape), *hidden), hidden, names, strict=False):
            layers += [nn.Linear(fan_in, fan_out), ACTIVATIONS[name]()]
        self.init = init
        scale = hidden[-1] ** -0.5 if scaled_head else 1
        super().__init__(nn.Sequential(*layers), hidden[-1], outputs, scale)
        if init == "normal":
            for layer in (*self.body, self.head):
                if isinstance(layer, nn.Linear):
                    self._normal(layer)

    def initialise_head(self) -> None:
        if self.init == "normal":
            self._normal(self.head)
        else:
            super().initialise_head()

    def fresh_weight(self, layer: Weighted, draw: Draw, units: int | None = None) -> Tensor:
        """New weights from the distribution that initialised them."""
        if self.init == "uniform":
            return super().fresh_weight(layer, draw, units)
        weight = layer.weight if units is None else layer.weight[:units]
        return draw.normal(*weight.shape, device=weight.device).mul_(self._std(layer))

    def fresh_bias(self, layer: Weighted, draw: Draw) -> Tensor:
        """New biases likewise."""
        if self.init == "uniform" or layer.bias is None:
            return super().fresh_bias(layer, draw)
        return torch.zeros_like(layer.bias)

    def _std(self, layer: Weighted) -> float:
        return layer.weight.shape[1] ** -0.5 if layer is not self.head or self.scale == 1 else 1.0

    def _normal(self, layer: nn.Linear) -> None:
        nn.init.normal_(layer.weight, std=self._std(layer))
        nn.init.zeros_(layer.bias)
