"""Replacing hidden units by fresh ones, with the optimiser's memory of them: what several methods share."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lop_tutorial.interventions.intervention import LearnerState, Optimiser
from lop_tutorial.networks import Units


def replace_units(
    learner: LearnerState,
    units: Units,
    chosen: Bool[Tensor, " unit"],
    passed_on: Float[Tensor, " unit"] | None = None,
    at_most: int | None = None,
) -> None:
    """Makes the chosen units of a layer new, by masks: nothing is looked up by index, nothing read by the host.

    Their incoming weights are drawn again from the initialiser and their bias is 0; a normalisation that follows
    begins again (gain 1, bias 0, running mean 0 and variance 1). Their outgoing weights become 0, so that the new
    units have no effect yet. What the optimiser had gathered for all these weights is cleared. `passed_on`: a mean
    activation for each unit, whose contribution goes into the bias of the layer that reads the unit, so that the
    output stays what it was wherever the unit's activation was that mean (not at the border of a padded
    convolution, which reads zeros there). `at_most`: how many units can be chosen at once, where the method knows;
    then new weights are drawn for so many only.
    """
    incoming, outgoing = units.incoming, units.outgoing
    columns = units.outgoing_by_unit()
    if passed_on is not None and outgoing.bias is not None:
        lost = columns * (passed_on * chosen)[:, None]
        outgoing.bias.add_(lost.sum(dim=(1, 2)))
    columns.masked_fill_(chosen[:, None], 0)
    for moment in optimiser_state(learner.optimiser, outgoing.weight):
        moment.view_as(columns).masked_fill_(chosen[:, None], 0)

    rows = _as_rows(chosen, incoming.weight)
    fresh = learner.network.fresh_weight(incoming, learner.draw, at_most)
    if at_most is not None:  # the n-th chosen unit takes the n-th row
        fresh = fresh[(chosen.cumsum(0) - 1).clamp(0, len(fresh) - 1)]
    incoming.weight.copy_(torch.where(rows, fresh, incoming.weight))
    for moment in optimiser_state(learner.optimiser, incoming.weight):
        moment.masked_fill_(rows, 0)
    _begin_again(learner, incoming.bias, chosen, 0)
    if isinstance(units.norm, nn.Module):
        _begin_again(learner, units.norm.weight, chosen, 1)
        _begin_again(learner, units.norm.bias, chosen, 0)
        if isinstance(units.norm, nn.BatchNorm2d):
            _begin_again(learner, units.norm.running_mean, chosen, 0)
            _begin_again(learner, units.norm.running_var, chosen, 1)


def _begin_again(learner: LearnerState, values: Tensor | None, chosen: Tensor, start: float | int) -> None:
    if values is None:
        return
    values.masked_fill_(chosen, start)
    for moment in optimiser_state(learner.optimiser, values):
        moment.masked_fill_(chosen, 0)


def _as_rows(chosen: Bool[Tensor, " unit"], weight: Tensor) -> Bool[Tensor, "unit *ones"]:
    return chosen.view(-1, *(1,) * (weight.ndim - 1))


def optimiser_state(optimiser: Optimiser, weight: Tensor) -> Iterator[Tensor]:
    """What the optimiser keeps for each entry of a weight: SGD's momentum, Adam's two moments."""
    if weight in optimiser.state:
        for kept in optimiser.state[weight].values():
            if isinstance(kept, Tensor) and kept.shape == weight.shape:
                yield kept
