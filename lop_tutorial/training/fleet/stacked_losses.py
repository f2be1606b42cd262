"""The losses of many learners at once, in half the time that `vmap` takes and with its bits."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor
from torch.func import vmap
from torch.nn.functional import cross_entropy, log_softmax, mse_loss

from lop_tutorial.interventions import Loss


def stacked_loss(
    loss: Loss, logits: Float[Tensor, "learner batch output"], y: Float[Tensor, "learner batch output"]
) -> Float[Tensor, " learner"]:
    """`loss` of each learner by itself; `y` has its labels' shares of the classes."""
    return KNOWN[loss](logits, y) if loss in KNOWN else vmap(loss)(logits, y)


def _squared_errors(logits: Tensor, y: Tensor) -> Tensor:
    return mse_loss(logits, y, reduction="none").flatten(1).mean(1)


def _cross_entropies(logits: Tensor, y: Tensor) -> Tensor:
    return (log_softmax(logits, 2) * y).flatten(1).sum(1).neg() / logits.shape[1]


KNOWN: dict[Loss, Callable[[Tensor, Tensor], Tensor]] = {mse_loss: _squared_errors, cross_entropy: _cross_entropies}
"""What `vmap` makes of a loss, written out: the same operations, so the same bits, without its work in Python."""
