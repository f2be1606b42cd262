r"""From the unconstrained features model to finite-time Lyapunov exponents: what one task does to them.

The poster states two results, log beta = lambda_trained^{k,k} - lambda_0^{k,k} < 0 within a class and log alpha
= lambda_trained^{k,k'} - lambda_0^{k,k'} > 0 between classes, and gives no derivation. What follows is ours.
Exponents are lambda = (1/l) log(stretching) for a network of l layers up to the representation (Storm et al.
2024); equations (i) to (vii) are those of `lop_tutorial.theory.modes`.

*Assumed.* (A1) The representation is free, and so is that of every input near a training input, which has the
same label: a patch of inputs is trained like the samples in it. (A2) Squared error, gradient flow, balanced
classes. (A3) Class means and weights are aligned, with one strength each. (A4) Deviations within a class do not
act back on the weights. Point 3 needs none of these.

*Left out.* Real features share weights: a smooth network cannot collapse a patch and spare what surrounds it, so that
it may collapse less than (viii). And they may saturate: where tanh units of the representation near 1, all its
dimensions collapse at once, far more than (viii) allows when d > C - 1. How far off this is, only measurement says.

1. *Within a class.* Let J be the Jacobian of the representation at an input x before the task. Two inputs x and
   x + dx start J dx apart, and by (iv) end Phi J dx apart: the Jacobian after the task is Phi J. Hence

       log beta = (1/l) [log sigma_1(Phi J) - log sigma_1(J)],   log phi_along <= l log beta <= log phi_across.  (viii)

   Where J stretches all directions alike, the lower limit holds if d = C - 1 and the upper one if d > C - 1:
   *in a representation of C - 1 dimensions one task collapses all directions, by the whole factor of (vi); in a
   wider one the leading exponent falls by feature_decay T/l only, and without feature decay not at all*. So
   Type-1 loss of plasticity belongs to narrow representations, as the poster says. It accumulates in wider ones
   because the next task collapses other directions: see `lop_tutorial.theory.many_tasks`.

2. *Between classes.* Class means lie D = h sqrt(2/n) apart, so the exponent at finite size, (1/l) log(D/|x -
   x'|), gains

       log alpha = (1/l) log[h(T)/h(0)],                                                                      (ix)

   with h(T) from (ii). One task cannot stretch without limit: h(T) tends to its end, (iii) or u = p. The
   exponent at finite size bounds the local ones that the poster measures: D is at most the integral of
   sigma_1(J) along the segment from x to x', so the largest local exponent on it is at least (1/l) log(D/|x -
   x'|).

3. *What labels demand.* If the difference of two logits, z_k - z_k' = (w_k - w_k')^T h + const, changes by s
   between two inputs at distance r, then somewhere on the segment that joins them

       sigma_1(J) >= s/(|w_k - w_k'| r),                                                                      (x)

   whatever the network, the loss or the optimiser, as |dz| <= |w_k - w_k'| sigma_1(J) |dx| all the way. For
   labels that are fitted, this reads in three ways. *Plain training* demands s = 2 from a sample of one class
   to one of the other. Where both classes have collapsed, only the share f of the segment that lies between
   them is left for it, and r = f |x - x'| lifts the exponent there by (1/l) log(1/f): collapse within and
   stretch between are one demand. *Mixup between classes* spreads s = 2 evenly over the segment: the bound is
   the one with f = 1, and it holds everywhere on it, near the samples too, so that collapse is bounded as well.
   *G-mixup within a class* demands s = M over half of |x_i - x_j|, so that somewhere between the two the
   exponent is at least (1/l) log(2 M/(|w_k - w_k'| |x_i - x_j|)); for M = 1 that is the demand of mixup between
   classes. The floors stand only as long as the last layer does not grow: a head drawn anew has its size fixed
   at each task's start, one that is kept may grow over tasks, and the floors sink by the logarithm of that.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from lop_tutorial.theory.modes import Contraction, Strengths, contraction, modes_at
from lop_tutorial.theory.ufm import UFM


def predicted_log_collapse(ufm: UFM, width: int, start: Strengths, time: float, depth: int) -> float:
    """log beta of one task, equation (viii), for a Jacobian that stretches all directions alike; at most 0."""
    if width < ufm.classes - 1:
        raise ValueError(f"width is {width}; {ufm.classes} classes need a representation of {ufm.classes - 1} or more")
    phi = contraction(ufm, start, time)
    return (phi.across if width > ufm.classes - 1 else phi.along) / _layers(depth)


def log_collapse_of(
    jacobian: Float[Tensor, "sample width inputs"],
    weight: Float[Tensor, "classes width"],
    phi: Contraction,
    depth: int,
) -> Float64[Tensor, " sample"]:
    """log beta at each sample, equation (viii), from measured Jacobians before a task and the last layer after it.

    The dimensions that collapse are those that the weights span once their mean over classes is taken off. NaN where
    the Jacobian is zero, which has no exponent to lose.
    """
    centred = weight.detach().double() - weight.detach().double().mean(dim=0)
    _, scale, directions = torch.linalg.svd(centred, full_matrices=False)
    spanned = directions[scale > 1e-12 * scale.max()]
    j = jacobian.detach().double()
    inside = spanned.T @ (spanned @ j)
    after = math.exp(phi.along) * inside + math.exp(phi.across) * (j - inside)
    leading = [torch.linalg.matrix_norm(matrix, ord=2) for matrix in (j, after)]
    return (leading[1].log() - leading[0].log()) / _layers(depth)


def contraction_from_loss(before: float, after: float) -> Contraction:
    """Equation (vi) without knowing time or strengths: log phi_along = 1/4 log(loss after / loss before), no decay.

    The losses are mean squared errors at the best bias. Holds for balanced starts. Where the features are stronger
    than the weights, as with a head set to zero, distances shrink less than this; where they are weaker, more.
    """
    if not (before > 0 and after > 0):
        raise ValueError(f"the losses are {before} and {after}; they must be above 0")
    return Contraction(math.log(after / before) / 4, 0.0)


def predicted_log_stretch(ufm: UFM, start: Strengths, time: float, depth: int) -> float:
    """log alpha of one task at finite size, equation (ix); inf where the class means start in one point."""
    end = modes_at(ufm, start, time).feature
    return math.log(end / start.feature) / _layers(depth) if start.feature else math.inf


def finite_size_exponent(output_distance: float, input_distance: float, depth: int) -> float:
    """(1/l) log of how much farther apart two representations are than their inputs; -inf where they coincide."""
    if output_distance < 0 or not input_distance > 0:
        raise ValueError(
            f"the distances are {output_distance} and {input_distance}; that of the inputs must be above 0, and that "
            "of the outputs not below"
        )
    return math.log(output_distance / input_distance) / _layers(depth) if output_distance else -math.inf


def least_exponent(margin_change: float, weight_gap: float, distance: float, depth: int) -> float:
    """At least this is the largest exponent between two inputs, equation (x), in any network with a linear head.

    `margin_change` is by how much z_k - z_k' differs between the two: 2 for one-hot labels of either class, M between
    a sample and the middle of two of its class under G-mixup. `weight_gap` is |w_k - w_k'|.
    """
    for name, value in (("margin_change", margin_change), ("weight_gap", weight_gap), ("distance", distance)):
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}; it must be a finite number above 0")
    return math.log(margin_change / (weight_gap * distance)) / _layers(depth)


def _layers(depth: int) -> int:
    if depth < 1:
        raise ValueError(f"depth is {depth}; a representation comes after at least 1 layer")
    return depth
