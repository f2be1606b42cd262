"""Weights made orthogonal between tasks: the nearest ones that neither stretch nor squeeze."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from lop_tutorial.interventions.intervention import Intervention, LearnerState, at_least
from lop_tutorial.interventions.newton_schulz import orthogonalised
from lop_tutorial.interventions.replacement import optimiser_state
from lop_tutorial.networks import Weighted


@dataclass(frozen=True)
class FIRE(Intervention):
    """Frobenius-isometry reinitialisation (Han et al. 2026): at the start of every task but the first,

        W <- sqrt(rows / columns) * (W W')^(-1/2) W

    for the weights of every linear layer and convolution, the head included. Without the factor it is the nearest to W
    of all matrices with orthonormal rows (columns, where W has more rows). It is found by `iterations` of Newton and
    Schulz, the authors' 10; singular values below a hundredth of the Frobenius norm of W are then not yet at one. A
    convolution has a matrix (maps out, maps in) at each position of its kernel; each is made orthogonal, and divided by
    the number of positions. Biases and normalisations are left alone.

    The training's rule for the head comes after it, and takes the head's place unless the head is kept. What the
    optimiser has gathered belongs to the weights that were, and is cleared; the authors begin with a new optimiser,
    too. iterations = 0 is no intervention.
    """

    title: ClassVar[str] = "FIRE"
    source: ClassVar[str] = "han2026"
    iterations: int = 10

    def __post_init__(self) -> None:
        at_least(0, iterations=self.iterations)

    def start_task(self, learner: LearnerState) -> None:
        if self.iterations == 0:
            return
        for layer in learner.network.modules():
            if isinstance(layer, Weighted):
                layer.weight.copy_(self._projected(layer.weight))
                for moment in optimiser_state(learner.optimiser, layer.weight):
                    moment.zero_()

    def _projected(self, weight: Float[Tensor, "out into *kernel"]) -> Float[Tensor, "out into *kernel"]:
        by_position = weight.flatten(2).movedim(2, 0) if weight.ndim > 2 else weight[None]
        rows, columns = weight.shape[:2]
        scale = sqrt(rows / columns) / len(by_position)
        return (scale * orthogonalised(by_position, self.iterations)).movedim(0, -1).reshape(weight.shape)
