"""The suspects: everything that is said to tell, before a task, how well a network will learn it.

Each is one number of a `State`: a network before its first step on a task, some of that task's training examples, and
the weights with which the network began its life. `LINE_UP` names them, with the direction that their authors give
them: +1 where more is held to be better for learning, -1 where less is, 0 where the source gives none. Sources are keys
of the book's bibliography, or numbers on arXiv.

Not in the line-up, because their sources could not be had: the optimisation readiness of arXiv 2605.09044, which
combines strength and reliability of gradients (`gradient_norm` and `gradient_coherence` measure the two by themselves),
and linearised units.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Float, Int64, Shaped
from torch import Tensor, nn
from torch.nn.functional import one_hot

from lop_tutorial.geometry.activations import hidden_activations
from lop_tutorial.geometry.cloned import cloned_share
from lop_tutorial.geometry.collapse import neural_collapse
from lop_tutorial.geometry.curvature import Spectrum, hessian_spectrum
from lop_tutorial.geometry.eval_mode import eval_mode
from lop_tutorial.geometry.frozen import frozen_share
from lop_tutorial.geometry.ftle import ftle
from lop_tutorial.geometry.isometry import jacobian_isometry, weight_isometry
from lop_tutorial.geometry.measurable import fitted
from lop_tutorial.geometry.norms import distance_from, gradient_norm, weight_norm
from lop_tutorial.geometry.probes import segments
from lop_tutorial.geometry.rank import approximate_rank, effective_rank, feature_rank, stable_rank
from lop_tutorial.geometry.summary import Summary, spread, summary
from lop_tutorial.geometry.tangent import (
    OutputLoss,
    epsilon_rank,
    gauss_newton_eigenvalues,
    gradient_coherence,
    kernel_rank,
)
from lop_tutorial.geometry.units import UnitShares, unit_shares

PER_CLASS = 32
"""Training examples of each class that are looked at, the first ones."""
PAIRS, POINTS = 20, 3
"""Segments between two classes, and points on each, where exponents between classes are taken."""
JACOBIANS = 32
"""Examples at which the whole Jacobian is taken."""
STEPS, SHARE = 50, 0.9
"""Products with the Hessian from which its spectrum is estimated, and the share of it that its rank is to carry: the
usual 0.99 leans on small eigenvalues, of which so few products say little."""


@dataclass(frozen=True, eq=False)
class State:
    """A network before a task. What several suspects need is computed once.

    `loss` takes logits and one-hot labels, and is a mean over the batch. `start` is a `snapshot`. `layer` is the one
    that makes the representation, by its name; None asks the network's own `representation`.
    """

    network: nn.Module
    x: Shaped[Tensor, "batch *shape"]
    labels: Int64[Tensor, " batch"]
    classes: int
    loss: OutputLoss
    start: Mapping[str, Tensor] | None = None
    layer: str | None = None

    @cached_property
    def y(self) -> Float[Tensor, "batch classes"]:
        return one_hot(self.labels, self.classes).to(fitted(self.network, self.x[:1]).dtype)

    def objective(self, network: nn.Module) -> Float[Tensor, ""]:
        """The loss on the examples; the network may have more outputs than the task has classes."""
        return self.loss(network(fitted(network, self.x))[:, : self.classes], self.y)

    @cached_property
    def loss_now(self) -> float:
        with eval_mode(self.network), torch.no_grad():
            return float(self.objective(self.network))

    @cached_property
    def features(self) -> Float[Tensor, "batch width"]:
        """The representation of the examples, flattened."""
        if self.layer is not None:
            return hidden_activations(self.network, self.x, [self.layer])[self.layer].flatten(1)
        with eval_mode(self.network), torch.no_grad():
            return self.network.representation(fitted(self.network, self.x))  # type: ignore[operator]

    @cached_property
    def within(self) -> Float[Tensor, " batch"]:
        """The leading exponents at the examples; in float64, in which a tanh is flat only above 19."""
        return self._exponents(self.x)

    @cached_property
    def between(self) -> Float[Tensor, " points"]:
        """The leading exponents on segments between examples of the first two classes."""
        seen = self.labels.unique().tolist()
        if len(seen) < 2:
            raise ValueError(f"labels are all {seen[0]}; exponents between classes need two")
        first, second = seen[:2]
        return self._exponents(segments(self.x, self.labels, first, second, pairs=PAIRS, points=POINTS).flatten(0, 1))

    def _exponents(self, x: Tensor) -> Tensor:
        return ftle(self.network, x, self.layer, dtype=torch.float64)[:, 0]

    @cached_property
    def within_summary(self) -> Summary:
        return summary(self.within)

    @cached_property
    def between_summary(self) -> Summary:
        return summary(self.between)

    @cached_property
    def units(self) -> UnitShares:
        return unit_shares(self.network, self.x)

    @cached_property
    def hessian(self) -> Spectrum:
        return hessian_spectrum(self.network, self.objective, exact_up_to=STEPS, probes=1, steps=STEPS)

    @cached_property
    def distance(self) -> float:
        """NaN where the start is not known."""
        return math.nan if self.start is None else distance_from(self.start, self.network)

    @cached_property
    def nc1(self) -> float:
        seen, labels = self.labels.unique(return_inverse=True)
        weight = self.features.new_zeros(len(seen), self.features.shape[1])  # nc1 does not look at the last layer
        return neural_collapse(self.features, labels, weight).nc1


class Suspect(NamedTuple):
    """One of the line-up."""

    name: str
    title: str
    of: Callable[[State], float]
    expected: int
    source: str


LINE_UP: tuple[Suspect, ...] = (
    Suspect("ftle_within", "median FTLE within", lambda s: s.within_summary.quantiles[0.5], +1, "wang2025"),
    Suspect("ftle_within_spread", "spread of FTLE within", lambda s: spread(s.within), 0, "wang2025"),
    Suspect(
        "ftle_within_zero",
        "share of FTLE within at -inf",
        lambda s: s.within_summary.share_of_minus_infinity,
        -1,
        "wang2025",
    ),
    Suspect("ftle_between", "median FTLE between", lambda s: s.between_summary.quantiles[0.5], -1, "wang2025"),
    Suspect("ftle_between_spread", "spread of FTLE between", lambda s: spread(s.between), 0, "wang2025"),
    Suspect(
        "ftle_between_zero",
        "share of FTLE between at -inf",
        lambda s: s.between_summary.share_of_minus_infinity,
        -1,
        "wang2025",
    ),
    Suspect("weight_isometry", "weights from isometry", lambda s: weight_isometry(s.network), -1, "2606.09762"),
    Suspect(
        "jacobian_isometry",
        "Jacobian from isometry",
        lambda s: jacobian_isometry(s.network, s.x[:: max(1, len(s.x) // JACOBIANS)][:JACOBIANS], s.layer),
        -1,
        "2606.09762",
    ),
    Suspect("dead_units", "dead units", lambda s: s.units.dead, -1, "dohare2024"),
    Suspect("dormant_units", "dormant units", lambda s: s.units.dormant, -1, "sokar2023"),
    Suspect("frozen_units", "frozen units", lambda s: frozen_share(s.network, s.x), -1, "2510.00304"),
    Suspect("cloned_units", "cloned units", lambda s: cloned_share(s.network, s.x), -1, "2510.00304"),
    Suspect("effective_rank", "effective rank", lambda s: effective_rank(s.features), +1, "dohare2024"),
    Suspect("stable_rank", "stable rank", lambda s: stable_rank(s.features), +1, "dohare2024"),
    Suspect("approximate_rank", "approximate rank", lambda s: approximate_rank(s.features), +1, "kumar2021"),
    Suspect("feature_rank", "feature rank", lambda s: feature_rank(s.features), +1, "lyle2022"),
    Suspect("weight_norm", "weight norm", lambda s: weight_norm(s.network), -1, "lyle2023"),
    Suspect("distance", "distance from the start", lambda s: s.distance, -1, "kumar2023"),
    Suspect("gradient_norm", "gradient norm", lambda s: gradient_norm(s.network, s.objective), +1, "abbas2023"),
    Suspect(
        "gradient_coherence",
        "coherence of gradients",
        lambda s: gradient_coherence(s.network, s.x, s.y, s.loss),
        +1,
        "2605.09044",
    ),
    Suspect("loss", "loss at the start", lambda s: s.loss_now, 0, "lyle2023"),
    Suspect("sharpness", "sharpness", lambda s: float(s.hessian.values.max()), -1, "lyle2023"),
    Suspect("hessian_rank", "rank of the Hessian", lambda s: s.hessian.rank(SHARE), +1, "lewandowski2023"),
    Suspect(
        "epsilon_rank",
        "epsilon-rank of the curvature",
        lambda s: epsilon_rank(gauss_newton_eigenvalues(s.network, s.x, s.y, s.loss)),
        +1,
        "2509.22335",
    ),
    Suspect(
        "kernel_rank", "rank of the tangent kernel", lambda s: kernel_rank(s.network, s.x, s.classes), +1, "2605.09044"
    ),
    Suspect("nc1", "NC1 of the new task", lambda s: s.nc1, 0, "wang2025"),
)
"""Every suspect, in the order of tables and figures."""


def some_of_each(labels: Int64[Tensor, " batch"], classes: int, most: int = PER_CLASS) -> Int64[Tensor, " chosen"]:
    """The places of the first `most` examples of each class."""
    return torch.cat([(labels == label).nonzero()[:most, 0] for label in range(classes)])


def measure_all(state: State) -> dict[str, float]:
    """Every suspect of a state, by its name; NaN where it has no meaning there."""
    return {suspect.name: float(suspect.of(state)) for suspect in LINE_UP}
