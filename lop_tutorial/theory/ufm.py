r"""The unconstrained features model, and its gradient flow as a numerical simulation.

The model (Mixon et al. 2022, Zhu et al. 2021, Tirer and Bruna 2022) takes the representations themselves as
free, as if the layers below could produce anything. With features $h_i \in R^d$ of N = C n samples (n a class),
a last layer W, b, and decay on features and weights, its loss is

    squared error:  L = 1/(2N) sum_i |W h_i + b - y_i|^2          + weight_decay/2 |W|^2 + feature_decay/2 |H|^2
    cross-entropy:  L = 1/N    sum_i CE(W h_i + b, y_i)           + weight_decay/2 |W|^2 + feature_decay/2 |H|^2

with one-hot $y_i$ and no decay on b. Gradient flow is d/dt (H, W, b) = -gradient L: a step of gradient descent
of size s is a time of s, or of s/(1 - m) with momentum m. Losses that differ from this one by a factor run
faster by it: `Training`'s squared error, which is not halved and averages over the C outputs, by 2/C. The chapter on
neural collapse derives the optimum and the flow step by step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from scipy.integrate import solve_ivp
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from lop_tutorial.geometry.collapse import NeuralCollapse, neural_collapse, simplex_etf
from lop_tutorial.settings_given import must_be_number, must_be_whole

LOSSES = ("squared_error", "cross_entropy")


class State(NamedTuple):
    """Features (a row a sample), and the weights and biases of the last layer; all float64."""

    features: Float[Tensor, "sample width"]
    weight: Float[Tensor, "classes width"]
    bias: Float[Tensor, " classes"]


@dataclass(frozen=True)
class UFM:
    """The model: C balanced classes with `per_class` samples each, in the order of `labels`."""

    classes: int = 2
    per_class: int = 5
    feature_decay: float | int = 0.0
    weight_decay: float | int = 0.0
    loss: str = "squared_error"

    def __post_init__(self) -> None:
        must_be_whole(2, classes=self.classes)
        must_be_whole(1, per_class=self.per_class)
        must_be_number(0, feature_decay=self.feature_decay, weight_decay=self.weight_decay)
        if self.loss not in LOSSES:
            raise ValueError(f"loss is {self.loss!r}; it must be one of {', '.join(LOSSES)}")

    @property
    def samples(self) -> int:
        return self.classes * self.per_class

    @cached_property
    def labels(self) -> Int64[Tensor, " sample"]:
        return torch.arange(self.classes).repeat_interleave(self.per_class)

    @cached_property
    def targets(self) -> Float[Tensor, "sample classes"]:
        """The labels one-hot."""
        return one_hot(self.labels, self.classes).double()

    @property
    def rest(self) -> float:
        """The bias at which centred features and weights leave it: 1/C for squared error, 0 for cross-entropy."""
        return 1 / self.classes if self.loss == "squared_error" else 0.0

    def random_start(self, width: int, scale: float, draw: torch.Generator) -> State:
        """Everything drawn from a normal distribution of that scale."""
        shapes = ((self.samples, width), (self.classes, width), (self.classes,))
        return State(*(scale * torch.randn(shape, dtype=torch.float64, generator=draw) for shape in shapes))

    def aligned_start(
        self,
        width: int,
        feature: float,
        weight: float,
        deviations: Float[Tensor, "sample width"] | None = None,
    ) -> State:
        """Class means and weights along the same simplex, all C - 1 singular values `feature` and `weight`.

        For these starts `lop_tutorial.theory.modes` solves the flow on paper. `deviations` of the samples from their
        class means are added, without their own class means.
        """
        corners = simplex_etf(self.classes, width) * math.sqrt(1 - 1 / self.classes)  # singular values 1
        features = feature / math.sqrt(self.per_class) * corners[self.labels]
        if deviations is not None:
            by_class = deviations.double().view(self.classes, self.per_class, width)
            features = features + (by_class - by_class.mean(dim=1, keepdim=True)).reshape(self.samples, width)
        return State(features, weight * corners, torch.full((self.classes,), self.rest, dtype=torch.float64))

    def objective(self, state: State) -> Float[Tensor, ""]:
        """The loss L with its decays."""
        logits = state.features @ state.weight.T + state.bias
        if self.loss == "squared_error":
            fit = (logits - self.targets).square().sum() / (2 * self.samples)
        else:
            fit = cross_entropy(logits, self.labels)
        decay = self.weight_decay * state.weight.square().sum() + self.feature_decay * state.features.square().sum()
        return fit + decay / 2

    def velocity(self, state: State) -> State:
        """-gradient L, written out."""
        logits = state.features @ state.weight.T + state.bias
        predicted = logits if self.loss == "squared_error" else logits.softmax(dim=1)
        pull = (self.targets - predicted) / self.samples
        return State(
            pull @ state.weight - self.feature_decay * state.features,
            pull.T @ state.features - self.weight_decay * state.weight,
            pull.sum(dim=0),
        )

    def flow(self, start: State, times: Sequence[float], tolerance: float = 1e-10) -> list[State]:
        """The states at these times, in ascending order from 0 up: Dormand-Prince of order 8 in float64.

        `tolerance` is the relative error of a step. Raises a ValueError for times out of order, and a RuntimeError
        where the integration fails.
        """
        if not len(times) or list(times) != sorted(times) or times[0] < 0:
            raise ValueError(f"times are {list(times)}; they must ascend from 0 or later")
        if times[-1] == 0:
            return [start] * len(times)
        shapes = [part.shape for part in start]

        def unpack(flat: np.ndarray) -> State:
            parts = torch.from_numpy(flat).split([shape.numel() for shape in shapes])
            return State(*(part.view(shape) for part, shape in zip(parts, shapes, strict=True)))

        def pack(state: State) -> np.ndarray:
            return torch.cat([part.flatten() for part in state]).numpy()

        solved = solve_ivp(
            lambda _time, flat: pack(self.velocity(unpack(flat))),
            (0.0, float(times[-1])),
            pack(start),
            method="DOP853",
            t_eval=[float(time) for time in times],
            rtol=tolerance,
            atol=1e-4 * tolerance,
        )
        if not solved.success:
            raise RuntimeError(f"the flow could not be followed to time {times[-1]}: {solved.message}")
        return [unpack(np.ascontiguousarray(flat)) for flat in solved.y.T]

    def collapse(self, state: State) -> NeuralCollapse:
        """Neural collapse of a state."""
        return neural_collapse(state.features, self.labels, state.weight, state.bias)
