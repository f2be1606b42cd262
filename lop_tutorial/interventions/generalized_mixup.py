"""Generalized Mixup: pairs between classes and within them, each kind with its own labels."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import cross_entropy

from lop_tutorial.interventions.examples import Examples
from lop_tutorial.interventions.intervention import Intervention, Loss, at_least, one_of, share
from lop_tutorial.seeds import Draw

PAIRINGS = ("by_kind", "by_kind_in_batch", "permutation")
INTRA_LOSSES = ("squared_error", "training")


def mixup_labels(
    y_i: Float[Tensor, "batch classes"],
    y_j: Float[Tensor, "batch classes"],
    mixing: Float[Tensor, " batch"],
    bump: float | int,
) -> Float[Tensor, "batch classes"]:
    """The labels of x = m x_i + (1 - m) x_j, for one-hot rows and m = `mixing` in [0, 1] (poster, Generalized Mixup).

    Where the classes differ (inter-class pairs): m y_i + (1 - m) y_j. Where they agree (intra-class pairs), with
    M = `bump` and b = M/2 - M |1/2 - m|, which is 0 at both samples and M/2 half way: own class 1 + b, every other
    class -b. So labels leave [0, 1], and for two classes own minus other is 1 + M - 2 M |1/2 - m|.
    """
    m = mixing[:, None]
    between = m * y_i + (1 - m) * y_j
    b = bump / 2 - bump * (0.5 - m).abs()
    within = y_i + b * (2 * y_i - 1)
    same = (y_i * y_j).sum(dim=1, keepdim=True) > 0
    return torch.where(same, within, between)


@dataclass(frozen=True)
class GeneralizedMixup(Intervention):
    """G-mixup, the paper's own method (Wang et al. 2025): every step sees mixed pairs in place of the samples.

    With `pairing="by_kind"` each sample of the batch is paired, with probability `intra`, with a sample of the same
    class, else with one of another class: 0 is inter-class mixup alone, 1 intra-class mixup alone. The partner is drawn
    from all training examples of the task, and augmented as the batch is; so the share is the same however many classes
    there are. A sample stays as it is only if the task has no partner of the kind. "by_kind_in_batch" draws partners
    from the batch. There a sample stays as it is more often the more classes there are: of 100 classes in batches of
    90, some two fifths of the samples meet none of their own class. "permutation" pairs every sample with the one that
    a random order of the batch puts in its place, whatever their classes.

    m is drawn for each pair from Beta(alpha, alpha): uniform for alpha = 1, near 0 and 1 for small alpha. Labels are
    `mixup_labels`, `bump` is M.

    The paper does not say which loss goes with labels outside [0, 1]. Inter-class pairs always have the training's
    own. For intra-class pairs, `intra_loss="squared_error"` takes `intra_weight` times the mean squared error of the
    logits; "training" takes the training's own for them too, which is refused where that is cross-entropy (with a
    negative label it has no lower bound), unless `unbounded` asks to see it fail. These choices, and the defaults,
    are ours, from the study in `results/generalized_mixup_study`.
    """

    title: ClassVar[str] = "G-mixup"
    source: ClassVar[str] = "wang2025"
    bump: float | int = 0.5
    intra: float | int = 0.5
    pairing: str = "by_kind"
    alpha: float | int = 1.0
    intra_loss: str = "squared_error"
    intra_weight: float | int = 0.25
    unbounded: bool = False

    def __post_init__(self) -> None:
        at_least(0, bump=self.bump, intra_weight=self.intra_weight)
        share(intra=self.intra)
        if not 0 < self.alpha < float("inf"):
            raise ValueError(f"alpha is {self.alpha}; it must be a number above 0")
        one_of(PAIRINGS, pairing=self.pairing)
        one_of(INTRA_LOSSES, intra_loss=self.intra_loss)

    def check(self, loss: str) -> None:
        below_zero = self.bump > 0 and (self.intra > 0 or self.pairing == "permutation")
        if loss == "cross_entropy" and self.intra_loss == "training" and below_zero and not self.unbounded:
            raise ValueError(
                "G-mixup's labels go below 0, and cross-entropy then has no lower bound: use intra_loss=squared_error, "
                "or train with squared_error, or see it fail with unbounded=true"
            )

    def batch(
        self, x: Float[Tensor, "batch *shape"], y: Float[Tensor, "batch outputs"], draw: Draw, examples: Examples
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, "batch outputs"]]:
        n = len(x)
        if self.pairing == "by_kind":
            same, which = draw.uniform(2, n, device=x.device)
            places = examples.partners(same < self.intra, which)
            alone = places == examples.batch
            other_x, other_y = examples.take(places, draw)
        else:
            partner = self._in_batch(y, draw)
            alone = partner == torch.arange(n, device=x.device)
            other_x, other_y = x[partner], y[partner]
        m = beta_from(draw.uniform(n, device=x.device), self.alpha)
        m = torch.where(alone, torch.ones_like(m), m)
        mixed = torch.lerp(other_x, x, m.view(-1, *(1,) * (x.ndim - 1)))
        return mixed, mixup_labels(y, other_y, m, self.bump)

    def _in_batch(self, y: Float[Tensor, "batch outputs"], draw: Draw) -> Tensor:
        """For each sample the place in the batch of its partner, or its own where there is none of the wanted kind."""
        n = len(y)
        if self.pairing == "permutation":
            return draw.permutation(n, device=y.device)
        scores = draw.uniform(n, n, device=y.device)
        want_same = draw.uniform(n, device=y.device) < self.intra
        same: Bool[Tensor, "batch batch"] = y @ y.T > 0
        itself = torch.eye(n, dtype=torch.bool, device=y.device)
        allowed = (same == want_same[:, None]) & ~itself
        return scores.masked_fill(~allowed, -1).masked_fill(itself, -0.5).argmax(dim=1)

    def loss(
        self, default: Loss, logits: Float[Tensor, "batch outputs"], y: Float[Tensor, "batch outputs"]
    ) -> Float[Tensor, ""]:
        if self.intra_loss == "training":
            return default(logits, y)
        intra = y.amax(dim=1) > 1
        squared = (logits - y).square().mean(dim=1)
        inter = cross_entropy(logits, y, reduction="none") if default is cross_entropy else squared
        return torch.where(intra, self.intra_weight * squared, inter).mean()


def beta_from(uniform: Float[Tensor, " number"], alpha: float | int) -> Float[Tensor, " number"]:
    """Uniform numbers to Beta(alpha, alpha), through the inverse of its distribution function."""
    if alpha == 1:
        return uniform
    quantiles = _quantiles(float(alpha), uniform.device).to(uniform.dtype)
    place = uniform * (len(quantiles) - 1)
    below = place.long()
    return torch.lerp(quantiles[below], quantiles[below + 1], place - below)


@functools.cache
def _quantiles(alpha: float, device: torch.device, number: int = 4096) -> Float[Tensor, " places"]:
    from scipy.stats import beta  # takes a while to import

    return torch.from_numpy(beta.ppf(np.linspace(0, 1, number + 1), alpha, alpha)).float().to(device)
