"""A penalty that keeps each layer's largest singular value near 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.networks import Network, Weighted


@dataclass(frozen=True)
class Spectral(Intervention):
    """Spectral regularisation (Lewandowski et al. 2025): loss + strength times the sum over all layers of

        (sigma^k - 1)^2 + (||b||^k)^2,

    sigma the largest singular value of the layer's weights W, b its bias, k the `power`. A convolution's weights are
    taken as the matrix (maps out, maps in * kernel height * kernel width), which is usual but not the operator's own
    norm. A normalisation scales by its gain, so there sigma is the largest |gain|. The head is a layer like others.

    sigma = u.W v, with u and v from `iterations` of the power method a step, begun where the last step ended (v is
    kept in the memory); the gradient passes through W alone. u.W v is at most the true value. A layer of weights 0, as
    a head that starts there, leaves v as it is.

    That biases are drawn to 0, and how, is our reading of the paper; so are normalisations. power = 2 and one
    iteration a step follow it too; the strength is our choice. Strength 0 is no intervention.
    """

    title: ClassVar[str] = "Spectral"
    source: ClassVar[str] = "lewandowski2025"
    strength: float | int = 1e-4
    power: int = 2
    iterations: int = 1

    def __post_init__(self) -> None:
        at_least(0, strength=self.strength)
        at_least(1, power=self.power, iterations=self.iterations)

    def remember(self, network: Network) -> dict[str, Tensor]:
        draw = torch.Generator().manual_seed(0)  # where the power method begins, the same in every learner
        start = {name: torch.randn(w.shape[1], generator=draw, dtype=w.dtype) for name, w in _matrices(network)}
        return {name: normalize(v, dim=0).to(network.head.weight.device) for name, v in start.items()}

    def penalty(self, learner: LearnerState) -> Tensor | None:
        if self.strength == 0:
            return None
        terms = []
        for name, weight in _matrices(learner.network):
            terms.append((self._norm(weight, learner.memory[name]) ** self.power - 1).square())
        for layer in learner.network.modules():
            if isinstance(layer, nn.BatchNorm2d | nn.GroupNorm | nn.LayerNorm):
                terms.append((layer.weight.abs().amax() ** self.power - 1).square())
            if isinstance(layer, Weighted | nn.BatchNorm2d | nn.GroupNorm | nn.LayerNorm) and layer.bias is not None:
                terms.append(layer.bias.square().sum() ** self.power)
        return self.strength * torch.stack(terms).sum()

    def _norm(self, weight: Float[Tensor, "out into"], v: Float[Tensor, " into"]) -> Float[Tensor, ""]:
        """The largest singular value of W, or a little less; moves v on."""
        with torch.no_grad():
            for _ in range(self.iterations):
                u = normalize(_times(weight, v), dim=0)
                back = _times(weight.T, u)
                v.copy_(torch.where(back.any(), normalize(back, dim=0), v))
            right = v.clone()  # what the gradient needs must not change before it is computed
        return u @ _times(weight, right)


def _times(matrix: Float[Tensor, "out into"], v: Float[Tensor, " into"]) -> Float[Tensor, " out"]:
    """Their product, by a kernel that rounds alike whether a fleet runs it for one learner or for many."""
    return linear(v[None], matrix)[0]


def _matrices(network: Network) -> Iterator[tuple[str, Float[Tensor, "out into"]]]:
    for name, layer in network.named_modules():
        if isinstance(layer, Weighted):
            yield name, layer.weight.flatten(1)
