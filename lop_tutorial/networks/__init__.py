"""The networks of the book. Each gives its representation and its logits."""

from collections.abc import Callable

from lop_tutorial.networks.conv import ConvNet, SmallConv
from lop_tutorial.networks.hidden_units import Norm, Units, Watch, Weighted
from lop_tutorial.networks.mlp import ACTIVATIONS, MLP
from lop_tutorial.networks.network import HEADS, Network
from lop_tutorial.networks.resnet import ResNet18

# By the name that the command line and run folders use; each is called with (input shape, outputs).
NETWORKS: dict[str, Callable[..., Network]] = {
    "mlp": MLP,
    "smallconv": SmallConv,
    "convnet": ConvNet,
    "resnet18": ResNet18,
}

__all__ = [
    "ACTIVATIONS",
    "HEADS",
    "MLP",
    "NETWORKS",
    "ConvNet",
    "Network",
    "Norm",
    "ResNet18",
    "SmallConv",
    "Units",
    "Watch",
    "Weighted",
]
