"""What every network of the book has: a body that makes the representation, and a linear head on top."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lop_tutorial.networks.hidden_units import Norm, Units, Weighted, in_order
from lop_tutorial.seeds import Draw

HEADS = ("zero", "fresh", "keep")


class Network(nn.Module):
    """`logits = head(scale * representation)`, `representation = body(x)`; `scale` is 1 unless a network says else.

    `body` is a flat Sequential, so that every layer can be found by its place. The representation is the
    output of the last hidden layer, after its activation. `depth` counts the layers with weights up to and
    including the representation: the l of the Lyapunov exponents. ValueError for a body with layers inside of layers,
    or of other kinds, unless the class says by `layers` which there are.
    """

    def __init__(self, body: nn.Sequential, width: int, outputs: int, scale: float | int = 1) -> None:
        super().__init__()
        self._must_be_found(body)
        self.body, self.scale = body, scale
        self.head = nn.Linear(width, outputs)

    def _must_be_found(self, body: nn.Sequential) -> None:
        """TypeError unless the body is a Sequential; ValueError for weights in it that `layers` does not find."""
        kind = type(self)
        if not isinstance(body, nn.Sequential):
            raise TypeError(f"{kind.__name__}: body is a {type(body).__name__}; it must be an nn.Sequential")
        if type(body).forward is not nn.Sequential.forward:
            raise ValueError(f"{kind.__name__}: body, a {type(body).__name__}, has its own forward pass: write it flat")
        if kind.layers is not Network.layers:
            return
        for name, layer in body.named_children():
            if isinstance(layer, Weighted | Norm) or all(weight.ndim < 2 for weight in layer.parameters()):
                continue
            way = "put them into the body itself, one after the other"
            what = (
                f"layers of its own; {way}" if list(layer.children()) else "weights that are not found as hidden units"
            )
            raise ValueError(f"body.{name} is a {type(layer).__name__} with {what}, or override `layers`")

    @property
    def depth(self) -> int:
        return sum(isinstance(layer, nn.Linear | nn.Conv2d) for layer in self.body)

    def layers(self) -> Iterator[tuple[str, nn.Module, bool]]:
        """(name, module, whether its units lie on a residual stream) of the body's layers, in the order of use."""
        for name, layer in self.body.named_children():
            yield f"body.{name}", layer, False

    def units(self) -> list[Units]:
        """The hidden layers as units, from the input to the representation."""
        return in_order(self.layers(), self.head)

    def fresh_weight(self, layer: Weighted, draw: Draw, units: int | None = None) -> Tensor:
        """New weights for one of the layers, or for `units` of its units; on its device.

        They come from the distribution that initialised it: PyTorch's own, uniform between -1 / sqrt(fan_in) and
        1 / sqrt(fan_in).
        """
        weight = layer.weight if units is None else layer.weight[:units]
        return _uniform(weight, weight[0].numel() ** -0.5, draw)

    def fresh_bias(self, layer: Weighted, draw: Draw) -> Tensor:
        """New biases for one of the layers, from the distribution that initialised them: here that of its weights."""
        assert layer.bias is not None
        return _uniform(layer.bias, layer.weight[0].numel() ** -0.5, draw)

    def representation(self, x: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch width"]:
        """(batch, *input shape) to (batch, width of the last hidden layer)."""
        if not self.training:
            return self.body(x)
        for _, layer in pool_first(self.body):
            x = layer(x)
        return x

    def forward(self, x: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch outputs"]:
        """(batch, *input shape) to logits (batch, outputs)."""
        representation = self.representation(x)
        return self.head(self.scale * representation if self.scale != 1 else representation)

    @torch.no_grad()
    def reset_head(self, how: str) -> None:
        """What becomes of the head when a new task begins, one of HEADS.

        "zero" sets its weights and biases to 0 (Continual ImageNet's rule), "fresh" draws them anew from
        torch's global generator of the CPU, on whatever device they lie, "keep" leaves them.
        """
        if how == "zero":
            for values in self.head.parameters():
                values.zero_()
        elif how == "fresh":
            device = self.head.weight.device
            self.head.cpu()  # a GPU has a generator of its own, which would draw another head
            self.initialise_head()
            self.head.to(device)

    def initialise_head(self) -> None:
        """Draws the head anew, from the global generator of the device on which it lies."""
        self.head.reset_parameters()


def pool_first(layers: nn.Sequential) -> list[tuple[str, nn.Module]]:
    """The layers by their names, with max-pooling before the ReLU that it follows.

    Outputs and gradients are the same, bit by bit: ReLU leaves the largest of a window the largest, and where that is
    not positive, no gradient passes. It has fewer numbers to go through: a step of SmallConv takes an eighth less time.
    """
    found = [(name, layer) for name, layer in layers._modules.items() if layer is not None]  # one used twice, twice
    for place in range(1, len(found)):
        if type(found[place][1]) is nn.MaxPool2d and type(found[place - 1][1]) is nn.ReLU:
            found[place - 1 : place + 1] = found[place], found[place - 1]
    return found


def _uniform(like: Tensor, bound: float, draw: Draw) -> Tensor:
    return draw.uniform(*like.shape, device=like.device).mul_(2 * bound).sub_(bound)
