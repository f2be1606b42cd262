"""Neural collapse: how near the representations of a task are to where training ends (Papyan et al. 2020)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lop_tutorial.geometry.inputs import must_be_real
from lop_tutorial.geometry.scale import near_one, times_power
from lop_tutorial.settings_given import must_be_whole


class NeuralCollapse(NamedTuple):
    """The four properties as five numbers; collapse is complete at 0, 0, 0, 0 and 1. See `neural_collapse`."""

    nc1: float
    """Variability within classes against that between them, in [0, inf]."""
    nc2_norms: float
    """How unequal the lengths of the class means are, in [0, sqrt(C/2 - 1)]."""
    nc2_angles: float
    """How unequal their angles are, in [0, C/(C - 1)]."""
    nc3: float
    """Distance between the last layer's weights and the class means, both scaled to length one, in [0, 2]."""
    nc4: float
    """Share of samples that the network and the nearest class mean put into the same class, in [0, 1]."""


def neural_collapse(
    features: Float[Tensor, "sample width"],
    labels: Int[Tensor, " sample"],
    weight: Float[Tensor, "classes width"],
    bias: Float[Tensor, " classes"] | None = None,
) -> NeuralCollapse:
    r"""The four properties of Papyan et al. (2020), as the quantities of their figures 2 and 4 to 7.

    `features` are the representations of the samples, `weight` and `bias` the last layer. With $\mu_c$ the mean of
    class c, $\mu_G$ the mean *of the class means*, and every class counting the same however many samples it has
    ($\Sigma_W$ is the mean over classes of each class's covariance, $\Sigma_B$ the covariance of the class means):

    - `nc1` $= \mathrm{tr}(\Sigma_W \Sigma_B^+) / C$. Because of the pseudo-inverse it sees only that part of the
      variability that lies in the span of the class means; the rest may be large at `nc1 = 0`. Singular values of the
      centred class means that the rounding of the features could have made count as zero in $\Sigma_B^+$.
    - `nc2_norms` $= \mathrm{std}_c \lVert\mu_c - \mu_G\rVert / \mathrm{mean}_c \lVert\mu_c - \mu_G\rVert$, their
      coefficient of variation, with the standard deviation of a population (divided by C). It vanishes exactly where
      $\lvert\,\lVert\mu_c - \mu_G\rVert - \lVert\mu_{c'} - \mu_G\rVert\,\rvert$ does for all pairs.
    - `nc2_angles` $= \mathrm{mean}_{c \neq c'} \lvert\langle\tilde\mu_c, \tilde\mu_{c'}\rangle + 1/(C - 1)\rvert$.
      The pairs c = c' of the formula hold always and are left out.
    - `nc3` $= \lVert W^\top / \lVert W\rVert_F - \mathbf M / \lVert\mathbf M\rVert_F\rVert_F$, not squared.
    - `nc4` is the share of samples with $\arg\max_c \langle w_c, h\rangle + b_c = \arg\min_c \lVert h - \mu_c\rVert$.

    With two classes `nc2_norms` and `nc2_angles` are zero for any features, since both means lie opposite to each
    other at equal distance from $\mu_G$; only `nc1`, `nc3` and `nc4` then say anything.

    Public variants differ: the authors' code leaves out the 1/C of `nc1`, divides the variance of the norms by C - 1,
    squares `nc3`, reports 1 - `nc4`, and lets large classes count for more in $\Sigma_W$; others take $\mu_G$ as the
    mean of all samples, centre the weights before `nc3`, compare $WW^\top$ and $W\mathbf M$ with a simplex for NC2 and
    NC3 (Zhu et al. 2021), or give the standard deviation of the cosines for `nc2_angles`, which vanishes for angles
    that are equal without being those of a simplex.

    Computed in float64; neither very large nor very small features or weights overflow or vanish. A class with one
    sample has no variability of its own. Where a quantity has no meaning it is NaN: `nc2_angles` where a class mean
    coincides with $\mu_G$; `nc3` with zero weights; `nc4` where zero weights and equal biases decide nothing; all but
    `nc1` where all class means coincide, and then `nc1` is inf, or NaN where the features do not vary at all. A dead
    network so reads (nan, nan, nan, nan, nan), and never as collapsed.

    Raises a ValueError for fewer than two classes, a class without samples, labels out of range, shapes that do not
    fit, and features, weights or biases that are not finite.
    """
    _check(features, labels, weight, bias)
    (w, of_weights), classes = near_one(weight), len(weight)
    m = _Moments(features, labels.long(), classes)
    if not m.seen.any():
        return NeuralCollapse(math.inf if m.varies else math.nan, *[math.nan] * 4)

    in_units = m.deviations @ m.directions[m.seen].T / m.scale[m.seen]
    nc1 = (in_units.square().sum(dim=1) * m.share).sum()

    norms = m.centred.norm(dim=1)
    nc2_norms = norms.std(correction=0) / norms.mean()
    nc2_angles = torch.tensor(math.nan)
    if norms.min() > m.rounding:
        unit = m.centred / norms[:, None]
        others = ~torch.eye(classes, dtype=torch.bool, device=w.device)
        nc2_angles = (unit @ unit.T + 1 / (classes - 1))[others].abs().mean()

    nc3 = (w / w.norm() - m.centred / m.centred.norm()).norm()  # NaN with zero weights
    nc4 = torch.tensor(math.nan)
    b = torch.zeros_like(w[:, 0]) if bias is None else bias.detach().double()
    if w.any() or b.max() > b.min():
        nearest = torch.cdist(m.features, m.means, compute_mode="donot_use_mm_for_euclid_dist").argmin(dim=1)
        products, size = m.features @ w.T, m.exponent + of_weights  # the logits are products x 2^size + b
        logits = products + times_power(b, -size) if size > 0 else times_power(products, size) + b
        nc4 = (logits.argmax(dim=1) == nearest).double().mean()
    return NeuralCollapse(*(float(value) for value in (nc1, nc2_norms, nc2_angles, nc3, nc4)))


class Variability(NamedTuple):
    """Variance within classes, in units of that between them, split by direction. See `variability`."""

    along: float
    """In the dimensions that the class means span, which are those that NC1 sees."""
    across: float
    """In the dimensions orthogonal to them, to which NC1 is blind."""


def variability(features: Float[Tensor, "sample width"], labels: Int[Tensor, " sample"]) -> Variability:
    r"""$\mathrm{tr}(P \Sigma_W) / \mathrm{tr}\,\Sigma_B$ and $\mathrm{tr}((1 - P) \Sigma_W) / \mathrm{tr}\,\Sigma_B$.

    $P$ projects onto the span of the centred class means; the covariances are those of `neural_collapse`, where every
    class counts the same. Labels count from 0. `across` is 0 in a representation of C - 1 dimensions, up to rounding.
    Both are inf, or NaN where nothing varies, if all class means coincide. Raises as `neural_collapse` does.
    """
    m = _moments(features, labels)
    if not m.seen.any():
        return Variability(*[math.inf if m.varies else math.nan] * 2)
    directions, between = m.directions[m.seen], m.centred.square().mean(dim=0).sum()
    inside = m.deviations @ directions.T @ directions
    along, across = ((part.square().sum(dim=1) * m.share).sum() for part in (inside, m.deviations - inside))
    return Variability(float(along / between), float(across / between))


def collapse_axes(
    features: Float[Tensor, "sample width"], labels: Int[Tensor, " sample"]
) -> tuple[Float[Tensor, "seen width"], Float[Tensor, "rest width"]]:
    """Two sides from which to look: unit vectors in the span of the class means, and orthogonal to it; float64.

    The first are the principal directions of the centred class means, at most C - 1. The second are those of what is
    left of the deviations within classes, as many as it has above rounding; none in a representation of C - 1
    dimensions. Both in descending order; a vector is defined up to its sign. Raises as `variability` does.
    """
    m = _moments(features, labels)
    along = m.directions[m.seen]
    _, scale, across = torch.linalg.svd(m.deviations - m.deviations @ along.T @ along, full_matrices=False)
    return along, across[scale > 1e-10 * m.deviations.norm()]


def simplex_etf(classes: int, width: int) -> Float[Tensor, "classes width"]:
    """The geometry at the end: `classes` unit vectors with mean zero and cosines of -1/(C - 1), in float64.

    Its singular values are sqrt(C/(C - 1)), C - 1 times. Needs a width of at least `classes` - 1.
    """
    must_be_whole(1, width=width)
    if not isinstance(classes, int) or classes < 2:
        raise ValueError(f"classes is {classes!r}; a simplex has at least 2 corners")
    if width < classes - 1:
        raise ValueError(f"width is {width}; a simplex of {classes} corners needs at least {classes - 1} dimensions")
    corners = torch.zeros(classes, width, dtype=torch.float64)
    for k in range(classes - 1):  # corner k lies along axis k, as far as the axes before leave room
        corners[k, k] = (1 - corners[k].square().sum()).sqrt()
        corners[k + 1 :, k] = -(1 / (classes - 1) + corners[k + 1 :] @ corners[k]) / corners[k, k]
    return corners


class _Moments:
    """Class means, what deviates from them, and the directions that the means span, of features divided by 2^exponent.

    All float64. `rounding` is the size, here, of what rounding alone may have made: that of the features in their own
    precision, which averages out over the samples of a class, or that of float64 in what is computed from them.
    """

    def __init__(self, features: Float[Tensor, "sample width"], labels: Int[Tensor, " sample"], classes: int) -> None:
        h, self.exponent = near_one(features)
        self.features = h
        eps, counts = torch.finfo(torch.float64).eps, labels.bincount(minlength=classes)
        self.means = h.new_zeros(classes, h.shape[1]).index_add_(0, labels, h) / counts[:, None]
        self.deviations = h - self.means[labels]
        self.centred = self.means - self.means.mean(dim=0)
        self.share = 1 / (classes * counts[labels]).double()  # each class counts the same
        given = torch.finfo(features.dtype).eps if features.is_floating_point() else 0.0
        averaged = given * (math.sqrt(classes) + math.sqrt(h.shape[1])) / math.sqrt(int(counts.min()))
        self.rounding = max(eps * max(h.shape), averaged) * float(h.abs().max())
        _, self.scale, self.directions = torch.linalg.svd(self.centred, full_matrices=False)
        self.seen = self.scale > max(self.rounding, eps * max(self.centred.shape) * float(self.scale[0]))
        self.varies = bool((self.deviations.norm(dim=1) > self.rounding).any())


def _moments(features: Tensor, labels: Tensor) -> _Moments:
    """For functions that take no weights, and so learn the number of classes from the labels."""
    must_be_real("labels", labels)
    if labels.is_floating_point() or labels.ndim != 1 or not len(labels) or labels.min() < 0:
        raise ValueError(
            f"labels are {labels.dtype} of shape {list(labels.shape)}; they must count the classes from 0, one whole "
            "number for each sample"
        )
    must_be_real("features", features)
    if features.ndim != 2:
        raise ValueError(f"features are {list(features.shape)}; they go as samples x width")
    classes = int(labels.max()) + 1
    if classes < 2:
        raise ValueError("labels are all 0; neural collapse is about at least 2 classes")
    _check(features, labels, features.new_zeros(classes, features.shape[1]), None)
    return _Moments(features, labels.long(), classes)


def _check(features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    parts = {"features": features, "weight": weight} | ({} if bias is None else {"bias": bias})
    for name, value in parts.items():
        must_be_real(name, value)
    must_be_real("labels", labels)
    shapes = [list(value.shape) for value in parts.values()]
    ranks = [len(shape) for shape in shapes]
    if ranks != [2, 2, 1][: len(ranks)] or 0 in shapes[0][1:] or shapes[0][1] != shapes[1][1]:
        raise ValueError(f"{', '.join(parts)} are {shapes}; they go as samples x width, classes x width, classes")
    classes = len(weight)
    if bias is not None and len(bias) != classes:
        raise ValueError(f"{', '.join(parts)} are {shapes}; they go as samples x width, classes x width, classes")
    for name, value in parts.items():
        if not value.isfinite().all():
            raise ValueError(f"{name} hold NaN or inf; neural collapse needs finite numbers, has the network diverged?")
    if labels.is_floating_point() or labels.ndim != 1:
        raise ValueError(
            f"labels are {labels.dtype} of shape {list(labels.shape)}; they must be one whole number for each sample"
        )
    if len(features) != len(labels):
        raise ValueError(f"{len(features)} features have {len(labels)} labels; every sample needs one")
    if classes < 2:
        raise ValueError(f"weight has {classes} row; neural collapse is about at least 2 classes")
    if not len(labels) or labels.min() < 0 or labels.max() >= classes:
        seen = sorted(set(labels.tolist()))
        raise ValueError(f"labels are {seen}; they must count the rows of weight, 0 to {classes - 1}")
    missing = sorted(set(range(classes)) - set(labels.tolist()))
    if missing:
        raise ValueError(
            f"classes {missing} have no samples; leave out their rows of weight and bias, and count the labels anew"
        )
