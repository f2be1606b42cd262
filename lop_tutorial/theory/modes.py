r"""The unconstrained features model, solved on paper: collapse and stretch while one task is learned.

The end states are those of Zhu et al. (2021) and Tirer and Bruna (2022), the flow of the strengths that of deep
linear networks (Saxe et al. 2014); what happens to deviations within a class, steps 3 and 4, is our derivation.
The losses are those of `lop_tutorial.theory.ufm`. There are C classes of n samples, N = C n, and p = sqrt n;
the loss is the squared error unless said otherwise. The chapter on neural collapse has steps 1, 3 and (vii) with each
assumption named.

1. *Modes.* Let E (C x d) have C - 1 singular values 1, all orthogonal to (1, ..., 1): it is sqrt(1 - 1/C) times
   a simplex ETF. Start at weights W = w E, class means M = (h/p) E and b = 1/C, and let u = w h. The residual
   of a sample, y - W h_i - b, is then (1 - u/p) (y - 1/C), so all pulls lie along E again: the shape stays, and
   only the strengths w and h move,

       h' = w (p - u)/N - feature_decay h,        w' = h (p - u)/N - weight_decay w.                          (i)

   This is exact without deviations within classes. With them, W is pulled by -W (their covariance) besides,
   which is of second order in their size and neglected from here on.

2. *Solutions.* Without decay q = h^2 - w^2 stays what it was, and G = (h + w)^2 obeys G' = -(G^2 - 4 p G -
   q^2)/(2N), a logistic equation with the roots 2 p + 2 r and 2 p - 2 r, r = sqrt(p^2 + q^2/4); call them G1
   and G2. With K = (G(0) - G1)/(G(0) - G2) and e = K exp(-2 r t/N),

       G(t) = (G1 - G2 e)/(1 - e),      h = (sqrt G + q/sqrt G)/2,      w = (sqrt G - q/sqrt G)/2.            (ii)

   A small start leaves the saddle at zero exponentially and ends at u = p. With equal decays s on both sides
   and a balanced start, h = w, q stays zero and u obeys the same equation with p replaced by z = p - N s: (ii)
   holds with z in place of p. With any two decays above zero, (i) ends at

       u = z = p - N sqrt(weight_decay feature_decay),      h^2 = z sqrt(weight_decay/feature_decay)         (iii)

   if z > 0, and at h = w = 0 else. For cross-entropy, p - u in (i) becomes p C/(exp(u/p) + C - 1), and
   z = p log(1/sqrt(n weight_decay feature_decay) - C + 1).

3. *Within a class.* For the deviation v = h_i - mu_c of a sample from its class mean, labels and b cancel:

       v' = -(W^T W/N + feature_decay) v,                                                                     (iv)

   linear, and exact for any W(t). Along the C - 1 dimensions of E, W^T W is w^2; across them it is 0. So v(T) =
   Phi v(0), where Phi shrinks

       along E by   log phi_along = -(integral of w^2)/N - feature_decay T,
       across E by  log phi_across = -feature_decay T.                                                        (v)

   *Only C - 1 of d dimensions collapse.* Where d = C - 1 these are all; where d is larger, the others are left
   alone, or slowly forgotten with feature_decay.

4. *How much.* Without decay (p - u)' = -(p - u)(h^2 + w^2)/N, hence

       log phi_along = 1/2 log[(p - u(T))/(p - u(0))] + q T/(2N).                                             (vi)

   For a balanced start: within a class, distances fall as the square root of the residual, the fourth root of
   the loss. Between classes they grow as h. For the ratio of the two, (i) and (v) give, whatever the start and
   the decays,

       d/dt log(h/phi_along) = (p/N) (w/h),    so    d/dt log NC1 = -(2 p/N) (w/h),                           (vii)

   as NC1 is the square of its inverse: exactly exponential for balanced starts under equal decays, and with any
   two decays in the end, when w/h = sqrt(feature_decay/weight_decay).

   From a start that is not aligned, class means and weights first have to turn towards each other. Linearised
   about the end, the tilt between them falls as exp(-(feature_decay + weight_decay) t). Where d > C - 1 the class
   means then see the deviations across by it, and NC1 falls by (vii) or by -2 (2 feature_decay + weight_decay),
   whichever is slower; without decay it does not vanish at all.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from lop_tutorial.theory.ufm import UFM


class Strengths(NamedTuple):
    """h and w: the C - 1 equal singular values of all centred features, and of the weights."""

    feature: float
    weight: float


class Contraction(NamedTuple):
    """log phi of equation (v): logarithms of the factors by which distances within a class shrink."""

    along: float
    """In the C - 1 dimensions that the class means span."""
    across: float
    """In the dimensions orthogonal to them."""


def modes_at(ufm: UFM, start: Strengths, time: float) -> Strengths:
    """The strengths after this time, equation (ii). Squared error; no decay, or equal decays and a balanced start."""
    return _solve(ufm, start, time)[0]


def contraction(ufm: UFM, start: Strengths, time: float) -> Contraction:
    """How distances within a class shrink meanwhile, equations (v) and (vi). For the same cases as `modes_at`."""
    return Contraction(_solve(ufm, start, time)[1], -ufm.feature_decay * time)


def modes_end(ufm: UFM, start: Strengths | None = None) -> Strengths:
    """The strengths after infinite time.

    With decay on both sides, equation (iii), for either loss, wherever it started. Without any, squared error and a
    `start`, from which the end then depends: u = p at unchanged h^2 - w^2. With decay on one side only there is no
    end: that side shrinks and the other grows without bound.
    """
    n, wd, fd = ufm.per_class, ufm.weight_decay, ufm.feature_decay
    if wd > 0 and fd > 0:
        if ufm.loss == "squared_error":
            end = math.sqrt(n) - ufm.samples * math.sqrt(wd * fd)
        else:
            odds = 1 / math.sqrt(n * wd * fd) - ufm.classes + 1
            end = math.sqrt(n) * math.log(odds) if odds > 1 else 0.0
        end = max(end, 0.0)
        return Strengths(math.sqrt(end * math.sqrt(wd / fd)), math.sqrt(end * math.sqrt(fd / wd)))
    if wd or fd:
        raise ValueError(
            f"weight_decay and feature_decay are {wd} and {fd}; with one of them zero the strengths have no end, "
            "ask modes_at or UFM.flow for a time"
        )
    if start is None or ufm.loss != "squared_error":
        raise ValueError("without decay there is an end for squared error only, and it depends on the start; give both")
    _check_start(start)
    q = start.feature**2 - start.weight**2
    total = 2 * math.sqrt(q * q / 4 + n)  # h^2 + w^2 where h w = sqrt n
    return Strengths(math.sqrt((total + q) / 2), math.sqrt((total - q) / 2))


def nc1_rate(ufm: UFM, strengths: Strengths) -> float:
    """d/dt log NC1 for squared error at these strengths, equation (vii), once class means and weights are aligned."""
    _check_squared_error(ufm)
    return -2 * math.sqrt(ufm.per_class) / ufm.samples * strengths.weight / strengths.feature


def _solve(ufm: UFM, start: Strengths, time: float) -> tuple[Strengths, float]:
    """Equations (ii) and (vi): the strengths, and log phi_along."""
    _check_squared_error(ufm)
    _check_start(start)
    if not (math.isfinite(time) and time >= 0):
        raise ValueError(f"time is {time}; it must be a finite number from 0 up")
    q = start.feature**2 - start.weight**2
    decay = ufm.feature_decay
    if ufm.weight_decay != decay or (decay and q):
        raise ValueError(
            f"weight_decay and feature_decay are {ufm.weight_decay} and {decay} at strengths {start.feature} and "
            f"{start.weight}; solved are equal decays with equal strengths, or none, for others follow UFM.flow"
        )
    samples, target = ufm.samples, math.sqrt(ufm.per_class) - ufm.samples * decay
    before = (start.feature + start.weight) ** 2
    radius = math.hypot(target, q / 2)
    if radius == 0:  # the decay just outweighs the labels: both roots are 0
        log_after = math.log(before) - math.log1p(before * time / (2 * samples))
        along = -math.log1p(before * time / (2 * samples)) / 2
    else:
        upper = 2 * target + 2 * radius if target > 0 else 0.0  # then q = 0, as decays need a balanced start
        lower = 2 * target - 2 * radius if target < 0 else -(q * q) / upper
        away = (before - upper) / (before - lower)
        fade = -2 * radius * time / samples
        still = away * math.exp(fade)
        log_after = math.log(upper - lower * still) if upper else math.log(-lower * away) + fade
        log_after -= math.log1p(-still)
        along = math.log((1 - away) / (1 - still)) + (math.log(before) - log_after + fade + q * time / samples) / 2
    root = math.exp(log_after / 2)
    rest = q / root if q else 0.0
    return Strengths(max(root + rest, 0.0) / 2, max(root - rest, 0.0) / 2), along - decay * time


def _check_squared_error(ufm: UFM) -> None:
    if ufm.loss != "squared_error":
        raise ValueError(f"loss is {ufm.loss!r}; this is solved for squared_error only, follow UFM.flow instead")


def _check_start(start: Strengths) -> None:
    if not (start.feature >= 0 and start.weight >= 0 and start.feature + start.weight > 0):
        raise ValueError(
            f"the strengths are {start.feature} and {start.weight}; they must not be negative, nor both zero: "
            "there the model rests on a saddle"
        )
