"""Hidden units: the layers that compute and read them, and their activations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

Weighted = nn.Linear | nn.Conv2d
Norm = nn.BatchNorm2d | nn.GroupNorm | nn.LayerNorm


@dataclass(frozen=True)
class Units:
    """The units of one hidden layer: the outputs of a linear layer, or the maps of a convolution.

    `incoming` computes them (row j of its weight belongs to unit j), a normalisation may follow, and `outgoing` is
    the next layer that reads them: along dimension 1 of its weight each unit has `positions` entries in a row, more
    than one where maps were flattened. `on_stream`: the units lie on a residual network's stream, where a skip
    connection reads and writes them too, so that `incoming` and `outgoing` do not tell the whole of them.
    """

    name: str
    incoming: Weighted
    norm: Norm | None
    outgoing: Weighted
    on_stream: bool = False

    @property
    def number(self) -> int:
        return self.incoming.weight.shape[0]

    @property
    def positions(self) -> int:
        return self.outgoing.weight.shape[1] // self.number

    def outgoing_by_unit(self) -> Float[Tensor, "out unit rest"]:
        """A view of the outgoing weights, one column a unit: changing it in place changes them."""
        weight = self.outgoing.weight
        return weight.view(weight.shape[0], self.number, -1)

    def by_unit(self, read: Float[Tensor, "batch *read"]) -> Float[Tensor, "batch unit position"]:
        """What `outgoing` reads, as (batch, unit, position)."""
        return read.reshape(len(read), self.number, -1)


def in_order(layers: Iterator[tuple[str, nn.Module, bool]], head: Weighted) -> list[Units]:
    """Pairs each weighted layer with the next one. `layers`: (name, module, whether its units lie on a stream)."""
    layers_with_units: list[tuple[str, Weighted, Norm | None, bool]] = []
    for name, layer, on_stream in layers:
        if isinstance(layer, Weighted):
            layers_with_units.append((name, layer, None, on_stream))
        elif isinstance(layer, Norm) and layers_with_units:
            layers_with_units[-1] = (*layers_with_units[-1][:2], layer, layers_with_units[-1][3])
    readers = [layer for _, layer, _, _ in layers_with_units[1:]] + [head]
    return [
        Units(name, layer, norm, reader, on_stream)
        for (name, layer, norm, on_stream), reader in zip(layers_with_units, readers, strict=True)
    ]


class Watch:
    """Keeps what the units put out in the latest training pass: what their reader reads, before it reads it.

    In the numbers of the weights, also where the pass is taken in shorter ones.
    """

    def __init__(self, units: list[Units]) -> None:
        self.activations: list[Tensor] = [torch.empty(0)] * len(units)
        for place, of in enumerate(units):
            of.outgoing.register_forward_pre_hook(Keeper(self.activations, place, of))


@dataclass(frozen=True, eq=False)
class Keeper:
    """The hook of a `Watch` on one layer."""

    activations: list[Tensor]
    place: int
    of: Units

    def __call__(self, reader: nn.Module, read: tuple[Tensor, ...]) -> None:
        if reader.training:
            self.activations[self.place] = self.of.by_unit(read[0].detach().to(self.of.outgoing.weight.dtype))
