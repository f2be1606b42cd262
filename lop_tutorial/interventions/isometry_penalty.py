"""A penalty that draws all singular values of each hidden layer towards 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from lop_tutorial.interventions.hidden_weights import hidden_weights
from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.networks import Network


@dataclass(frozen=True)
class IsometryPenalty(Intervention):
    """Isometry regularisation (Rosseau et al. 2026): loss + strength times the sum over hidden layers of

        ||W'W - I||_F^2, or ||WW' - I||_F^2 where W has fewer rows than columns,

    which is the sum of (s^2 - 1)^2 over the singular values s of W. It draws small ones up and large ones down;
    `Spectral` holds the largest alone. A convolution's weights are taken as the matrix (maps out, maps in * positions
    in the kernel), as in `geometry.isometry`, which measures the same number.

    The head is left free unless `head` is set: it is drawn anew at each task in most of the book, and what size its
    weights have is a matter of how a network reads its representation. That is our choice, as are the matrix of a
    convolution and the strength. The authors keep the penalty's gradient apart from Adam's moments; with SGD it goes
    through the momentum like any other. Strength 0 is no intervention.
    """

    title: ClassVar[str] = "Isometry"
    source: ClassVar[str] = "rosseau2026"
    strength: float | int = 1e-3
    head: bool = False

    def __post_init__(self) -> None:
        at_least(0, strength=self.strength)

    def penalty(self, learner: LearnerState) -> Tensor | None:
        if self.strength == 0:
            return None
        terms = [gram_gap(weight, 1) for weight in matrices(learner.network, head=self.head)]
        return self.strength * torch.stack(terms).sum()


def matrices(network: Network, *, head: bool = False) -> Iterator[Float[Tensor, "out into"]]:
    """The weights of hidden layers as matrices, a convolution's flattened; with `head`, also the head's."""
    for _, weight in hidden_weights(network):
        yield weight.flatten(1)
    if head:
        yield network.head.weight


def gram_gap(weight: Float[Tensor, "rows columns"], square: float | int) -> Float[Tensor, ""]:
    """The sum of (s^2 - `square`)^2 over the min(rows, columns) singular values s, by the smaller Gram matrix."""
    gram = weight @ weight.mT if weight.shape[0] <= weight.shape[1] else weight.mT @ weight
    return (gram - square * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)).square().sum()
