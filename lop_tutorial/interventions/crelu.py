"""Both halves of every pre-activation are passed on, so that no unit can fall silent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lop_tutorial.interventions.intervention import Intervention
from lop_tutorial.networks import Network, Weighted


class ConcatenatedReLU(nn.ReLU):
    """ReLU(h) and ReLU(-h) of each unit, next to each other: twice as many outputs as inputs along dimension 1.

    Shang et al. put all ReLU(h) first. That is the same network with its units in another order; next to each other, a
    unit's two outputs are read by neighbouring columns of the next layer, as `Units` expects.
    """

    def forward(self, h: Float[Tensor, "batch unit *positions"]) -> Float[Tensor, "batch two_units *positions"]:
        return torch.stack([h, -h], dim=2).relu().flatten(1, 2)


@dataclass(frozen=True)
class CReLU(Intervention):
    """Every ReLU becomes a concatenated ReLU (Shang et al. 2016; for plasticity Abbas et al. 2023).

    The next layer reads twice as many inputs, the head included: it is made anew, with PyTorch's initialiser for its
    new number of inputs. Layers that do not read a ReLU begin as without the method, as do the numbers of units; so
    there are about twice as many weights, and the representation has twice as many dimensions.

    For networks whose body is a flat sequence of layers. ResNet-18 is refused: its skip connections add a block's
    input to its output, and how these should double is nobody's rule.
    """

    title: ClassVar[str] = "CReLU"
    source: ClassVar[str] = "abbas2023"

    def build(self, make: Callable[[], Network]) -> Network:
        network = make()
        body: list[nn.Module] = []
        doubled = found = False
        for layer in network.body:
            if isinstance(layer, Weighted):
                layer, doubled = _reading_twice(layer) if doubled else layer, False
            elif isinstance(layer, nn.ReLU):
                layer, doubled, found = ConcatenatedReLU(), True, True
            elif any(isinstance(part, nn.ReLU) for part in layer.modules()):
                raise ValueError(
                    f"CReLU needs a flat sequence of layers, but this network has a {type(layer).__name__}"
                )
            elif doubled and any(True for _ in layer.parameters()):
                raise ValueError(f"CReLU cannot double the inputs of a {type(layer).__name__} after a ReLU")
            body.append(layer)
        if not found:
            raise ValueError("CReLU replaces the ReLUs of a network, and this one has none")
        network.body = nn.Sequential(*body)
        if doubled:
            network.head = _linear_reading_twice(network.head)
        return network


def _reading_twice(layer: Weighted) -> Weighted:
    if isinstance(layer, nn.Linear):
        return _linear_reading_twice(layer)
    if layer.groups != 1:
        raise ValueError(f"CReLU cannot double the inputs of a convolution in {layer.groups} groups")
    return nn.Conv2d(
        2 * layer.in_channels,
        layer.out_channels,
        layer.kernel_size,  # type: ignore[arg-type]
        layer.stride,  # type: ignore[arg-type]
        layer.padding,  # type: ignore[arg-type]
        layer.dilation,  # type: ignore[arg-type]
        bias=layer.bias is not None,
        padding_mode=layer.padding_mode,
    )


def _linear_reading_twice(layer: nn.Linear) -> nn.Linear:
    return nn.Linear(2 * layer.in_features, layer.out_features, bias=layer.bias is not None)
