"""ResNet-18 as Incremental CIFAR-100 uses it, of any width."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from lop_tutorial.networks.hidden_units import Weighted
from lop_tutorial.networks.network import Network
from lop_tutorial.seeds import Draw

if TYPE_CHECKING:  # imported where a block is made: torchvision takes longer than torch, and few networks need it
    from torchvision.models.resnet import BasicBlock


class ResNet18(Network):
    """The benchmark's residual network (Dohare et al. 2024, after He et al. 2016), for 32 x 32 images.

    A 3x3 convolution of stride 1 and no max-pooling, then four stages of two blocks with 64, 128, 256 and 512 maps, of
    which the last three halve the picture; convolutions have biases; Kaiming-normal initialisation, biases zero. Mean
    pooling gives the representation of 512 dimensions. `width` scales the maps: 0.25 is the paper's quarter network, as
    we read it. `norm` makes the normalisation for a number of maps.
    """

    depth = 17  # the stem and two convolutions in each of eight blocks

    def __init__(
        self,
        shape: Sequence[int],
        outputs: int,
        width: float | int = 1.0,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
    ) -> None:
        maps = [round(64 * 2**stage * width) for stage in range(4)]
        if maps[0] < 1:
            raise ValueError(f"width is {width}; the first stage would have no map")
        layers: list[nn.Module] = [nn.Conv2d(shape[0], maps[0], 3, padding=1), norm(maps[0]), nn.ReLU()]
        for stage, out in enumerate(maps):
            into = maps[max(stage - 1, 0)]
            layers += [_block(into, out, 2 if stage else 1, norm), _block(out, out, 1, norm)]
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(nn.Sequential(*layers), maps[-1], outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear" if module is self.head else "relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def layers(self) -> Iterator[tuple[str, nn.Module, bool]]:
        for name, layer in self.body.named_children():
            if is_block(layer):
                for part, on_stream in (("conv1", False), ("bn1", False), ("conv2", True), ("bn2", True)):
                    yield f"body.{name}.{part}", getattr(layer, part), on_stream
            else:
                yield f"body.{name}", layer, True

    def fresh_weight(self, layer: Weighted, draw: Draw, units: int | None = None) -> Tensor:
        """Kaiming-normal: standard deviation sqrt(2 / fan_in), in the head sqrt(1 / fan_in)."""
        weight = layer.weight if units is None else layer.weight[:units]
        gain = 1 if layer is self.head else 2
        return draw.normal(*weight.shape, device=weight.device).mul_(math.sqrt(gain / weight[0].numel()))

    def fresh_bias(self, layer: Weighted, draw: Draw) -> Tensor:
        """Zero."""
        assert layer.bias is not None
        return torch.zeros_like(layer.bias)


def is_block(layer: nn.Module) -> bool:
    """Whether it is one of torchvision's residual blocks; where nobody has imported these, nothing is."""
    resnet = sys.modules.get("torchvision.models.resnet")
    return resnet is not None and type(layer) is resnet.BasicBlock


def _block(into: int, out: int, stride: int, norm: Callable[[int], nn.Module]) -> BasicBlock:
    from torchvision.models.resnet import BasicBlock

    shortcut = nn.Sequential(nn.Conv2d(into, out, 1, stride), norm(out)) if stride > 1 or into != out else None
    block = BasicBlock(into, out, stride, shortcut, norm_layer=norm)
    block.conv1, block.conv2 = nn.Conv2d(into, out, 3, stride, 1), nn.Conv2d(out, out, 3, 1, 1)
    return block
