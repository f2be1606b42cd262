r"""Why exponents may move: from task to task the weights walk away, and units saturate. Ours throughout.

*Assumed.* (W1) The changes that successive tasks make to the weights are orthogonal to each other and to where the
weights began, on average, since tasks are drawn independently of one another. (W2) Units are tanh.

1. *The weights walk.* Let W_t be all weights of some layers after t tasks, as one vector, and D_t = W_t - W_{t-1}. By
   (W1) squares add up,

       |W_T - W_0|^2 = sum_t |D_t|^2,        |W_T|^2 = |W_0|^2 + sum_t |D_t|^2,                             (xiv)

   as in a random walk. With steps of one size, |D_t|^2 = gamma |W_0|^2, the weights grow as sqrt(1 + gamma T), and the
   logarithm of what a layer of them stretches by grows as

       1/2 log(1 + gamma T),                                                                                     (xv)

   fast at first and ever slower, but without an end. What confines the walk (decay, or weights that are brought back
   to their size) ends the growth.

2. *Units saturate.* The Jacobian of layer l is G W_l J_{l-1}, G diagonal with the gains g_i = 1 - h_i^2 of its units.
   Larger weights mean larger pre-activations a_i, and for large ones log g_i is about log 4 - 2 |a_i|: where the
   stretch of W_l grows as a logarithm, the gains fall as an exponential. But the leading exponent goes by the largest:

       max_i g_i |P_i|  <=  sigma_1(G P)  <=  max_i g_i sigma_1(P),        P = W_l J_{l-1} with rows P_i.    (xvi)

   It falls only where *all* units are saturated. If a share q of units is not (is open) at a point, each for itself,
   then some unit is open there with the chance

       1 - (1 - q)^d.                                                                                       (xvii)

   For q = 0.05 that is 0.10 at d = 2, and 0.999998 at d = 256. By this argument one cause has two outcomes, and the
   width of the representation decides which: narrow ones collapse, wide ones go on stretching as their weights grow.
   What sets q, and why it falls further in narrow ones, it does not say.

3. *Saturated units stay so.* The gradient with respect to a unit's weights contains its gain as a factor. A unit that
   is saturated at all inputs of a task hardly learns in it, and the walk of its weights stops where it has got to:
   collapse ends the growth that brought it about.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor


def norm_after_steps(first: float, steps: Float[Tensor, " tasks"]) -> Float[Tensor, " tasks"]:
    """|W_T| after tasks 1, 2, ..., from |W_0| and the sizes |D_t| of steps that stand at right angles."""
    if not (math.isfinite(first) and first >= 0):
        raise ValueError(f"the first size is {first}; it must be a finite number from 0 up")
    return (first**2 + steps.square().cumsum(dim=0)).sqrt()


def walk_ratio(away: float, steps: Float[Tensor, " tasks"]) -> float:
    """|W_T - W_0|^2 / sum_t |D_t|^2: 1 for steps that are orthogonal, T for equal steps straight ahead, 0 for a circle.

    Raises a ValueError where there are no steps, or all are zero.
    """
    total = float(steps.double().square().sum())
    if not total > 0:
        raise ValueError(f"the squares of {len(steps)} steps add up to {total}; there must be a step above 0")
    return away**2 / total


def log_growth_of_walk(rate: float, tasks: Float[Tensor, " tasks"]) -> Float[Tensor, " tasks"]:
    """1/2 log(1 + gamma T), equation (xv), after so many tasks; gamma is the `rate`, |D_t|^2/|W_0|^2."""
    if not rate >= 0:
        raise ValueError(f"the rate is {rate}; it must be a number from 0 up")
    return torch.log1p(rate * tasks) / 2


def chance_of_an_open_unit(share: float, width: int) -> float:
    """1 - (1 - q)^d, equation (xvii): some unit of `width` is open, if each is with the chance `share`."""
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}; it must lie between 0 and 1")
    if width < 1:
        raise ValueError(f"width is {width}; a representation has at least 1 unit")
    return 1 - (1 - share) ** width
