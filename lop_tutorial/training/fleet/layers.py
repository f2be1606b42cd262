"""The forward pass of many networks of the same layers, whose weights are stacked along a first dimension.

Pictures are (learner, batch, map, height, width), in whatever order the memory has them. Past `Flatten`, a layer's
outputs are (learner, unit, batch): so the gradients of linear layers come out laid out as their weights are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import batch_norm, conv2d, group_norm, layer_norm, pad

from lop_tutorial.networks import Network
from lop_tutorial.networks.hidden_units import Keeper
from lop_tutorial.networks.network import pool_first
from lop_tutorial.networks.resnet import is_block

if TYPE_CHECKING:
    from torchvision.models.resnet import BasicBlock

CONVOLUTIONS = ("grouped", "products", "loop")
ELEMENTWISE = (nn.ReLU, nn.Tanh, nn.LeakyReLU, nn.GELU, nn.Identity)
WEIGHTED = (nn.Linear, nn.LayerNorm, nn.Conv2d, nn.BatchNorm2d, nn.GroupNorm)
WEIGHTLESS = (nn.Flatten, nn.MaxPool2d, nn.AdaptiveAvgPool2d)
PICTORIAL = (nn.Conv2d, nn.BatchNorm2d, nn.GroupNorm, nn.MaxPool2d, nn.AdaptiveAvgPool2d)
Pictures = Float[Tensor, "learner batch map height width"]
Other = Float[Tensor, "learner batch maps_out height_out width_out"]  # pictures, perhaps of another size


def stackable(network: Network) -> bool:
    """Whether `Pass` computes what this network does: body, then head, all layers known in these settings.

    It does not where the network has a forward pass or a representation of its own, layers or buffers beside body and
    head, hooks, weights that are frozen or used twice. Of derived classes of layers it knows activations'.
    """
    weights = [weight for _, weight in network.named_parameters(remove_duplicate=False)]
    return (
        all(getattr(type(network), name) is getattr(Network, name) for name in ("forward", "representation"))
        and {name for name, _ in network.named_children()} == {"body", "head"}
        and not any(name.count(".") == 0 for name, _ in (*network.named_parameters(), *network.named_buffers()))
        and len({id(weight) for weight in weights}) == len(weights)
        and all(weight.requires_grad for weight in weights)
        and not any(_hooked(layer) for layer in network.modules())
        and type(network.head) is nn.Linear
        and all(_known(layer) for layer in (*network.body, network.head))
        and _flat_where_it_must_be(network.body)
    )


def _hooked(layer: nn.Module) -> bool:
    """By anybody but a `Watch`."""
    before = layer._forward_pre_hooks.values()
    return bool(layer._forward_hooks) or not all(isinstance(hook, Keeper) for hook in before)


def _flat_where_it_must_be(body: nn.Sequential) -> bool:
    """Whether a `Flatten` parts the layers that read pictures from those that read units."""
    kinds = [type(layer) for layer in body]
    if nn.Flatten not in kinds:
        return not any(type(layer) in PICTORIAL or is_block(layer) for layer in body)
    return not any(kind in (nn.Linear, nn.LayerNorm) for kind in kinds[: kinds.index(nn.Flatten)])


def _known(layer: nn.Module) -> bool:
    if type(layer) is nn.Sequential or is_block(layer):
        return all(_known(part) for part in layer.children())
    if type(layer) is nn.Conv2d:
        plain = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
        if not plain or isinstance(layer.padding, str):
            return False
    if type(layer) is nn.Flatten:
        return (layer.start_dim, layer.end_dim) == (1, -1)
    if type(layer) is nn.BatchNorm2d and (layer.momentum is None or layer.running_mean is None):
        return False
    if type(layer) is nn.LayerNorm and len(layer.normalized_shape) > 1:
        return False
    if type(layer) in WEIGHTED:
        return layer.weight is not None and layer.bias is not None
    return type(layer) in WEIGHTLESS or isinstance(layer, ELEMENTWISE)


def convolutional(network: Network) -> bool:
    return any(isinstance(layer, nn.Conv2d) for layer in network.modules())


def readers(network: Network) -> list[str]:
    """The names of the layers that read the hidden units, one for each of `network.units()`."""
    names = {layer: name for name, layer in network.named_modules()}
    return [names[units.outgoing] for units in network.units()]


def stacked_convolution(
    x: Float[Tensor, "learner batch map height width"],
    weight: Float[Tensor, "learner out map kernel_height kernel_width"],
    bias: Float[Tensor, "learner out"],
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0),
    how: str = "grouped",
) -> Float[Tensor, "learner batch out out_height out_width"]:
    """Each learner's own convolution of its own pictures, zero-padded.

    how = "grouped": one convolution in as many groups as there are learners. "products": every patch of a picture is
    laid out as a row, then one batched matrix product; kernel height * width times the memory. "loop": one
    convolution after the other.
    """
    learners = len(x)
    if how == "grouped":
        side_by_side = x.transpose(0, 1).flatten(1, 2)
        out = conv2d(side_by_side, weight.flatten(0, 1), bias.flatten(), stride, padding, groups=learners)
        return out.unflatten(1, (learners, -1)).transpose(0, 1)
    if how == "products":
        (high, wide), (down, right) = weight.shape[3:], padding
        x = pad(x, (right, right, down, down)) if down or right else x
        patches = x.permute(0, 1, 3, 4, 2).unfold(2, high, stride[0]).unfold(3, wide, stride[1])
        rows = patches.reshape(learners, -1, weight[0, 0].numel())
        out = torch.baddbmm(bias[:, None], rows, weight.flatten(2).mT)
        return out.view(*patches.shape[:4], -1).permute(0, 1, 4, 2, 3)
    if how == "loop":
        each = zip(x.unbind(), weight.unbind(), bias.unbind(), strict=True)
        return torch.stack([conv2d(own, w, b, stride, padding) for own, w, b in each])
    raise ValueError(f"how is {how!r}; it must be one of {', '.join(CONVOLUTIONS)}")


@dataclass
class Pass:
    """One forward pass through stacked networks. `network` says what the layers are; its own weights are not used.

    `tensors` has weights and running statistics by their names in the network. `read` keeps, by the layer's name, what
    every weighted layer read.
    """

    network: Network
    tensors: dict[str, Tensor]
    how: str = "grouped"
    training: bool = True
    read: dict[str, Tensor] = field(default_factory=dict)

    def logits(self, x: Float[Tensor, "learner batch *shape"]) -> Float[Tensor, "learner batch outputs"]:
        """(learner, batch, *input shape) to (learner, batch, outputs)."""
        if x.ndim < 5:  # not pictures
            x = x.flatten(2).mT
        x = self._sequence("body", self.network.body, x)
        return self._linear("head", self.network.head, x if self.network.scale == 1 else self.network.scale * x).mT

    def _sequence(self, name: str, layers: nn.Sequential, x: Tensor) -> Tensor:
        for place, layer in pool_first(layers):
            x = self._layer(f"{name}.{place}", layer, x)
        return x

    def _layer(self, name: str, layer: nn.Module, x: Tensor) -> Tensor:
        if isinstance(layer, nn.Linear):
            return self._linear(name, layer, x)
        if isinstance(layer, nn.Conv2d):
            self.read[name] = x.detach()
            (weight, bias), padding = self._of(name, "weight", "bias"), layer.padding
            assert not isinstance(padding, str)
            return stacked_convolution(x, weight, bias, layer.stride, padding, self.how)
        if is_block(layer):
            return self._block(name, layer, x)
        if isinstance(layer, nn.BatchNorm2d):
            return self._batch_norm(name, layer, x)
        if isinstance(layer, nn.GroupNorm):
            gain, bias = (values[:, None, :, None, None] for values in self._of(name, "weight", "bias"))
            return torch.addcmul(bias, _pictures(lambda own: group_norm(own, layer.num_groups, eps=layer.eps), x), gain)
        if isinstance(layer, nn.LayerNorm):
            x = layer_norm(x.mT, layer.normalized_shape, eps=layer.eps).mT
            gain, bias = self._of(name, "weight", "bias")
            return torch.addcmul(bias[..., None], x, gain[..., None])
        if isinstance(layer, nn.Flatten):
            return x.flatten(2).mT if x.ndim == 5 else x
        return _pictures(layer, x) if x.ndim == 5 else layer(x.contiguous())  # strided, some round by their place

    def _linear(self, name: str, layer: nn.Linear, x: Float[Tensor, "learner unit batch"]) -> Tensor:
        self.read[name] = x.detach().mT
        weight, bias = self._of(name, "weight", "bias")
        return torch.baddbmm(bias[..., None], weight, x)

    def _block(self, name: str, block: BasicBlock, x: Pictures) -> Other:
        def part(layer: str, x: Pictures) -> Other:
            return self._layer(f"{name}.{layer}", getattr(block, layer), x)

        skip = x if block.downsample is None else self._sequence(f"{name}.downsample", block.downsample, x)
        x = part("bn1", part("conv1", x)).relu()
        return (part("bn2", part("conv2", x)) + skip).relu()

    def _batch_norm(self, name: str, layer: nn.BatchNorm2d, x: Pictures) -> Pictures:
        """Each learner has its own statistics: one batch normalisation takes all learners' maps side by side."""
        gain, bias, mean, var = (
            values.flatten() for values in self._of(name, "weight", "bias", "running_mean", "running_var")
        )
        if self.training:
            self.tensors[f"{name}.num_batches_tracked"].add_(1)
        assert layer.momentum is not None
        side_by_side = x.transpose(0, 1).flatten(1, 2)
        out = batch_norm(side_by_side, mean, var, gain, bias, self.training, layer.momentum, layer.eps)
        return out.unflatten(1, (len(x), -1)).transpose(0, 1)

    def _of(self, name: str, *what: str) -> list[Tensor]:
        return [self.tensors[f"{name}.{each}"] for each in what]


def _pictures(layer: Callable[[Tensor], Tensor], x: Pictures) -> Other:
    """A layer that treats every picture by itself, in the order in which the memory has them."""
    if x.transpose(0, 1).is_contiguous():
        return layer(x.transpose(0, 1).flatten(0, 1)).unflatten(0, (x.shape[1], x.shape[0])).transpose(0, 1)
    return layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])
