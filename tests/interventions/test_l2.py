"""L2: the sum by hand, and weight decay by another name."""

import math

import pytest
import torch

from lop_tutorial.interventions import L2
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training


def mlp():
    return MLP((20,), 2, hidden=(8, 6))


def test_the_sum_over_all_weights_and_biases():
    one = Learner(mlp, intervention=L2(strength=0.5))
    with torch.no_grad():
        for weight in one.network.parameters():
            weight.fill_(3.0)
    weights = (20 + 1) * 8 + (8 + 1) * 6 + (6 + 1) * 2
    assert one.intervention.penalty(one).item() == pytest.approx(0.5 * 9 * weights)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_it_is_weight_decay_of_twice_the_strength(momentum):
    ends = []
    for strength, decay in ((0.05, 0.0), (0.0, 0.1)):
        training = Training(step_size=0.05, epochs=3, batch_size=16, momentum=momentum, weight_decay=decay)
        one = Learner(mlp, training, L2(strength=strength))
        for t in range(2):
            one.learn(ToyPoints(0).task(t))
        ends.append(torch.cat([p.detach().flatten() for p in one.network.parameters()]))
    torch.testing.assert_close(*ends, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("strength", [-1e-3, math.nan, math.inf])
def test_a_wrong_strength_is_named(strength):
    with pytest.raises(ValueError, match=f"strength is {strength}; it must be a finite number from 0 up"):
        L2(strength=strength)
