"""Normalisation over all units of a layer, before each nonlinearity."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from torch import nn

from lop_tutorial.interventions.intervention import Intervention
from lop_tutorial.networks import Network


@dataclass(frozen=True)
class LayerNorm(Intervention):
    """Layernorm in the paper's tables (Ba et al. 2016; for plasticity Lyle et al. 2023).

    Each example's pre-activations h of a layer become gain * (h - mean(h)) / sqrt(var(h) + 1e-5) + bias, with the
    mean and the variance taken over all units of the layer, for a convolution over all maps and positions; gain and
    bias belong to the unit or the map. Where a network has batch normalisation, as a residual one, this takes its
    place: the paper does not say, so that is our choice. The weights begin as without the method.
    """

    title: ClassVar[str] = "Layernorm"
    source: ClassVar[str] = "lyle2023"

    def build(self, make: Callable[[], Network]) -> Network:
        network = make()
        for module in list(network.modules()):
            for name, layer in list(module.named_children()):
                if isinstance(layer, nn.BatchNorm2d):
                    setattr(module, name, _over_all_maps(layer.num_features))
        body: list[nn.Module] = []
        norm: Callable[[], nn.Module] | None = None  # for the layer before, unless it has one
        for layer in network.body:
            if isinstance(layer, nn.Linear):
                norm = partial(nn.LayerNorm, layer.out_features)
            elif isinstance(layer, nn.Conv2d):
                norm = partial(_over_all_maps, layer.out_channels)
            elif norm is not None:
                body += [] if isinstance(layer, nn.GroupNorm) else [norm()]
                norm = None
            body.append(layer)
        network.body = nn.Sequential(*body)
        return network


def _over_all_maps(maps: int) -> nn.Module:
    return nn.GroupNorm(1, maps)
