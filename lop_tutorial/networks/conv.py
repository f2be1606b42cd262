"""The two convolutional networks of Continual ImageNet."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from lop_tutorial.networks.network import Network


def _body(shape: Sequence[int], convolutions: Sequence[tuple[int, int]], hidden: Sequence[int]) -> nn.Sequential:
    """Convolutions (maps, kernel width), each with ReLU and 2x2 max-pooling, then linear layers with ReLU."""
    channels, height, width = shape
    layers: list[nn.Module] = []
    for maps, kernel in convolutions:
        layers += [nn.Conv2d(channels, maps, kernel), nn.ReLU(), nn.MaxPool2d(2)]
        channels, height, width = maps, (height - kernel + 1) // 2, (width - kernel + 1) // 2
        if min(height, width) < 1:
            raise ValueError(f"images of {shape[1]} x {shape[2]} pixels are too small for this network")
    layers.append(nn.Flatten())
    for fan_in, fan_out in zip((channels * height * width, *hidden), hidden, strict=False):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers)


class ConvNet(Network):
    """Continual ImageNet's network (Dohare et al. 2024), for 32 x 32 images.

    conv 3->32 5x5, conv 32->64 3x3, conv 64->128 3x3 (no padding; each ReLU, then 2x2 max-pooling), then
    512->128->128->outputs. The representation has 128 dimensions.
    """

    def __init__(self, shape: Sequence[int], outputs: int) -> None:
        super().__init__(_body(shape, [(32, 5), (64, 3), (128, 3)], (128, 128)), 128, outputs)


class SmallConv(Network):
    """A smaller network for the same benchmark. The paper names it and leaves its shape out: this one is our choice.

    conv 3->16 3x3, conv 16->32 3x3 (no padding; each ReLU, then 2x2 max-pooling), then 64 -> 64 -> outputs.
    Works on images of 10 x 10 pixels and more. The representation has 64 dimensions.
    """

    def __init__(self, shape: Sequence[int], outputs: int) -> None:
        super().__init__(_body(shape, [(16, 3), (32, 3)], (64, 64)), 64, outputs)
