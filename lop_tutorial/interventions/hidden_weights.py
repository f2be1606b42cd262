"""The weights of all layers but the head: what methods hold that leave the head to its task."""

from __future__ import annotations

from collections.abc import Iterator

from jaxtyping import Float
from torch import Tensor

from lop_tutorial.networks import Network, Weighted


def hidden_weights(network: Network) -> Iterator[tuple[str, Float[Tensor, "out *into"]]]:
    """Of every linear layer and convolution before the head, by their names among the parameters; no biases."""
    for name, layer in network.named_modules():
        if isinstance(layer, Weighted) and layer is not network.head:
            yield f"{name}.weight", layer.weight
