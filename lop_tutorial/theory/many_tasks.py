r"""How collapse and stretch add up over tasks: the product law, inheritance, and what the theory says of both.

The poster's law is a product: lambda_T = lambda_0 + sum of log beta_t, which tends to -inf as the product of
the beta_t goes to 0, and likewise to +inf with the alpha_t. Here is when that holds, and by how much it fails;
ours throughout.

1. *Factors and passages.* Let s_t and e_t be the exponents measured at the inputs of task t before and after learning
   it, and f_t = e_t - s_t its log beta or log alpha. Then always

       e_T - s_0 = sum_t f_t + sum_t (s_{t+1} - e_t).                                                         (xi)

   The product law says that the last sum, the *recovery* between tasks, is zero: each task starts where the one
   before ended. *Inheritance* says less, s_{t+1} = a + b e_t. It is the product law for b = 1 and a = 0. With b
   below 1, exponents settle where factor and recovery balance,

       e = (a + f)/(1 - b)    for a steady factor f,                                                          (xii)

   however large the sum of the f_t becomes. And a small recovery adds up task by task as a small factor does,
   so s and e may correlate almost perfectly while the product law is off by any amount. A reason to recover:
   new inputs lie elsewhere, and only as far as they fall into the old patches do they inherit from them.

2. *Factors depend on where they start.* With decay on both sides h ends at (iii), whatever it started from, so
   that log alpha_t = (1/l) log(h_end/h_t): stretch that is inherited is not added again, and after the first
   task the product of the alphas stands still. Without decay, h^2 - w^2 is kept while u goes to p, and each
   task takes h to h'^2 = (q + sqrt(q^2 + 4 p^2))/2 with q = h^2 - w_0^2, where w_0 is the strength with which
   the head begins. For a head set to zero, h^4 then grows by p^2 to 2 p^2 a task: the product of the alphas
   diverges as the poster says, but as T^(1/4), not exponentially. For a head drawn anew at strength w_0, h
   tends to p/w_0, where the task fits without learning.

3. *Collapse turns with the head.* One task shrinks C - 1 of d dimensions, by phi_along of equation (v). If the
   next task's head pointed the same way, no other dimension would ever collapse, and the leading exponent would
   stay. Now assume that the dimensions of successive tasks are independent and isotropic, as with a head drawn
   anew. A task takes any direction v to A v with |A v|^2/|v|^2 = 1 + (g^2 - 1) B, where g = phi_along and B ~
   Beta((C - 1)/2, (d - C + 1)/2) is the share of v inside. That distribution does not depend on v, so the
   logarithms for successive tasks are independent and alike, and their mean is the top Lyapunov exponent of the
   product, per task

       growth = E 1/2 log[1 + (g^2 - 1) B],     for g = 0:  1/2 [psi((d - C + 1)/2) - psi(d/2)]               (xiii)

   with psi the digamma function; the exponent of the network changes by growth/l. For two classes and complete
   collapse, growth is -inf at d = 1, -log 2 at d = 2, and about -1/(2 d) at large d. This is the rate for a
   direction in general and that of the leading one in the long run; for the first d/(C - 1) tasks or so some
   direction may have been spared. If a task also stretches, by g = alpha^l > 1, the dimensions between its
   classes at inputs that lie on either side, (xiii) holds for these too, and *width decides*: let half of the
   tasks meet a direction v in either way. log phi has no lower limit, so that at d = C - 1 collapse wins if phi
   g < 1; at large d growth is (g^2 - 1)(C - 1)/(2 d) for both, and stretch wins if phi^2 + g^2 > 2.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from scipy.integrate import quad
from scipy.special import beta, digamma
from torch import Tensor

from lop_tutorial.theory.modes import Strengths, modes_end
from lop_tutorial.theory.ufm import UFM


def product_law(start: float, log_factors: Float[Tensor, " tasks"]) -> Float[Tensor, " tasks"]:
    """The exponents with which tasks 1, 2, ... begin, as the poster has it: start + sum of the log factors so far."""
    return start + log_factors.cumsum(dim=0)


def inheritance_law(ends: Float[Tensor, " tasks"], slope: float = 1.0, offset: float = 0.0) -> Float[Tensor, " tasks"]:
    """The exponents with which tasks 1, 2, ... begin, from those with which the tasks before ended."""
    return offset + slope * ends


def accumulate(
    start: float, log_factors: Float[Tensor, " tasks"], slope: float = 1.0, offset: float = 0.0
) -> Float[Tensor, " tasks"]:
    """The exponents with which the tasks end if each begins by `inheritance_law`: what (xi) adds up to.

    With slope 1 and offset 0 this is the product law.
    """
    ends = []
    for factor in log_factors:
        ends.append(start + factor)
        start = offset + slope * ends[-1]
    return torch.stack(ends) if ends else log_factors.clone()


def settles_at(log_factor: float, slope: float, offset: float) -> float:
    """Where the exponents at the end of tasks settle under a steady factor, equation (xii); needs |slope| < 1."""
    if not -1 < slope < 1:
        raise ValueError(f"slope is {slope}; exponents settle only where it lies between -1 and 1")
    return (offset + log_factor) / (1 - slope)


class Inheritance(NamedTuple):
    """The line s_{t+1} = offset + slope e_t nearest to what was measured, and the correlation."""

    slope: float
    offset: float
    correlation: float


def fit_inheritance(starts: Float[Tensor, " tasks"], ends: Float[Tensor, " tasks"]) -> Inheritance:
    """Least squares over successive tasks; `starts[t]` and `ends[t]` are the exponents before and after task t.

    Raises a ValueError for fewer than three tasks, or exponents of -inf or NaN: leave those tasks out, and count them.
    The correlation is NaN where either side does not vary; so is the slope where the ends do not.
    """
    _check(starts, ends)
    x, y = ends[:-1].double(), starts[1:].double()
    if len(x) < 2:
        raise ValueError(f"there are {len(starts)} tasks; a line through successive tasks needs at least 3")
    x_off, y_off = x - x.mean(), y - y.mean()
    slope = float(x_off @ y_off / (x_off @ x_off))
    correlation = float(x_off @ y_off / (x_off.norm() * y_off.norm()))
    return Inheritance(slope, float(y.mean()) - slope * float(x.mean()), correlation)


class ExponentChange(NamedTuple):
    """Equation (xi): `change` = `factors` + `recovery`. The product law holds if and only if `recovery` is zero."""

    change: float
    factors: float
    recovery: float


def decompose_change(starts: Float[Tensor, " tasks"], ends: Float[Tensor, " tasks"]) -> ExponentChange:
    """Where the change of an exponent over all tasks came from: learning, or the passage from task to task."""
    _check(starts, ends)
    starts, ends = starts.double(), ends.double()
    return ExponentChange(
        float(ends[-1] - starts[0]), float((ends - starts).sum()), float((starts[1:] - ends[:-1]).sum())
    )


def strengths_over_tasks(ufm: UFM, tasks: int, feature: float, head: float, kept: float = 1.0) -> list[float]:
    """The strength h of the features before the first and after each of `tasks` tasks, each learned to its end.

    A task begins with `kept` times the strength that the last one left, and with a head of strength `head` (0 where it
    is set to zero). Point 2 above says what comes of it. (1/l) log of the ratio of neighbours is log alpha.
    """
    if not 0 < kept <= 1:
        raise ValueError(f"kept is {kept}; it must lie above 0 and not above 1")
    strengths = [feature]
    for task in range(tasks):
        before = strengths[-1] if task == 0 else kept * strengths[-1]
        strengths.append(modes_end(ufm, Strengths(before, head)).feature)
    return strengths


def growth_per_task(width: int, rank: int, log_gain: float) -> float:
    """The mean change of log distance a task, equation (xiii), where each scales `rank` random dimensions of `width`.

    `log_gain` is log g: log phi_along of `modes.contraction` for collapse, or log alpha times depth for stretch, and
    -inf for complete collapse. `rank` is C - 1. Divide by the depth for the change of the exponent.
    """
    if not 1 <= rank <= width:
        raise ValueError(f"rank is {rank}; it must lie between 1 and the width, {width}")
    if math.isnan(log_gain) or log_gain == math.inf:
        raise ValueError(f"log_gain is {log_gain}; it must be a number, or -inf for complete collapse")
    if rank == width or log_gain == 0:
        return log_gain
    inside, outside = rank / 2, (width - rank) / 2
    if log_gain == -math.inf:
        return float(digamma(outside) - digamma(outside + inside)) / 2
    square = math.exp(2 * log_gain)

    def density(angle: float) -> float:  # the share inside is sin^2(angle)
        s, c = math.sin(angle), math.cos(angle)
        return math.log(c * c + square * s * s) * s ** (rank - 1) * c ** (width - rank - 1)

    bend = math.pi / 2 - min(math.exp(log_gain), 0.1)  # after it the logarithm falls steeply where g is small
    parts = ((0.0, bend), (bend, math.pi / 2))
    total = sum(quad(density, *part, epsabs=1e-13, epsrel=1e-11, limit=200)[0] for part in parts)
    return total / float(beta(inside, outside))


def _check(starts: Tensor, ends: Tensor) -> None:
    if len(starts) != len(ends) or not len(starts):
        raise ValueError(f"there are {len(starts)} starts and {len(ends)} ends; every task needs one of each")
    for name, values in (("starts", starts), ("ends", ends)):
        if not values.isfinite().all():
            raise ValueError(f"{name} hold {values[~values.isfinite()][0]}; leave such tasks out, and count them")
