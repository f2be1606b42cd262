"""Generalized Mixup: pairs between classes and within them, each kind with its own labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import cross_entropy

from lop_tutorial.interventions.intervention import Intervention, Loss, at_least, share

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

    A share `intra` of the batch is paired with samples of the same class, the rest with samples of other classes: 0
    is inter-class mixup alone, 1 intra-class mixup alone. Partners are drawn at random from the same batch; a sample
    that finds none of the wanted kind stays as it is. m is drawn for each pair from Beta(alpha, alpha): uniform for
    alpha = 1, near 0 and 1 for small alpha. Labels are `mixup_labels` with `bump` = M.

    The paper does not say which loss goes with labels outside [0, 1]. Inter-class pairs always have the training's
    own. For intra-class pairs, `intra_loss="squared_error"` takes `intra_weight` times the mean squared error of the
    logits; "training" takes the training's own for them too, which is refused where that is cross-entropy: with a
    negative label it has no lower bound. These choices, and the defaults, are ours, from the study in
    `results/generalized_mixup_study`.
    """

    title: ClassVar[str] = "G-mixup"
    source: ClassVar[str] = "wang2025"
    bump: float | int = 0.5
    intra: float | int = 0.5
    alpha: float | int = 1.0
    intra_loss: str = "squared_error"
    intra_weight: float | int = 0.25

    def __post_init__(self) -> None:
        at_least(0, bump=self.bump, intra_weight=self.intra_weight)
        share(intra=self.intra)
        if not 0 < self.alpha < float("inf"):
            raise ValueError(f"alpha is {self.alpha}; it must be a number above 0")
        if self.intra_loss not in INTRA_LOSSES:
            raise ValueError(f"intra_loss is {self.intra_loss!r}; it must be one of {', '.join(INTRA_LOSSES)}")

    def check(self, loss: str) -> None:
        if loss == "cross_entropy" and self.intra_loss == "training" and self.bump > 0 and self.intra > 0:
            raise ValueError(
                "G-mixup's labels go below 0, and cross-entropy then has no lower bound; "
                "use intra_loss=squared_error, or train with squared_error"
            )

    def batch(
        self, x: Float[Tensor, "batch *shape"], y: Float[Tensor, "batch outputs"], draw: torch.Generator
    ) -> tuple[Float[Tensor, "batch *shape"], Float[Tensor, "batch outputs"]]:
        partner = self._partners(y, draw)
        m = draw_beta(len(x), self.alpha, draw).to(x)
        m = torch.where(partner == torch.arange(len(x), device=x.device), torch.ones_like(m), m)  # alone: as it is
        mixed = torch.lerp(x[partner], x, m.view(-1, *(1,) * (x.ndim - 1)))
        return mixed, mixup_labels(y, y[partner], m, self.bump)

    def _partners(self, y: Float[Tensor, "batch outputs"], draw: torch.Generator) -> Tensor:
        """For each sample the place of a random other one of the wanted kind, or its own where there is none."""
        n = len(y)
        scores = torch.rand(n, n, generator=draw, device=draw.device).to(y.device)
        want_same = (torch.rand(n, generator=draw, device=draw.device) < self.intra).to(y.device)
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


def draw_beta(number: int, alpha: float | int, draw: torch.Generator) -> Float[Tensor, " number"]:
    """Draws from Beta(alpha, alpha), on the generator's device."""
    if alpha == 1:
        return torch.rand(number, generator=draw, device=draw.device)
    a, b = torch._standard_gamma(torch.full((2, number), float(alpha), device=draw.device), generator=draw)
    return a / (a + b).clamp_min(torch.finfo(a.dtype).tiny)
