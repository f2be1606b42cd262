"""UPGD against its definition, entry by entry, and what its noise is given to."""

import math

import numpy as np
import pytest
import torch

from lop_tutorial.interventions import UPGD
from lop_tutorial.networks import MLP
from lop_tutorial.training import Learner, Training

PLAIN = Training(step_size=0.1, momentum=0.0, head="keep")


def network():
    return MLP((20,), 2, hidden=(8, 6))


def gradients_of(one, x, y):
    weights = list(one.network.parameters())
    found = torch.autograd.grad(torch.nn.functional.cross_entropy(one.network(x), y), weights)
    return [g.double().numpy() for g in found]


def batch(seed):
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(16, 20, generator=draw), torch.eye(2)[torch.randint(2, (16,), generator=draw)]


def test_steps_without_noise_are_those_of_the_definition():
    """In float64 loops, with the averages corrected for their start, as the paper writes it."""
    one = Learner(network, PLAIN, UPGD(noise=0, decay=0.9))
    averages = [np.zeros(w.shape) for w in one.network.parameters()]
    for step in (1, 2, 3):
        x, y = batch(step)
        weights = [w.detach().double().numpy().copy() for w in one.network.parameters()]
        gradients = gradients_of(one, x, y)
        averages = [0.9 * a - 0.1 * g * w for a, g, w in zip(averages, gradients, weights, strict=True)]
        corrected = [a / (1 - 0.9**step) for a in averages]
        largest = max(a.max() for a in corrected)
        one._step(x, y)
        for now, w, g, a in zip(one.network.parameters(), weights, gradients, corrected, strict=True):
            expected = [
                v - 0.1 * d * (1 - 1 / (1 + math.exp(-u / largest)))
                for v, d, u in zip(w.flat, g.flat, a.flat, strict=True)
            ]
            np.testing.assert_allclose(now.detach().flatten(), expected, atol=1e-6)


@pytest.mark.parametrize("protect", [True, False])
def test_noise_has_its_size_and_useful_weights_get_less(protect):
    one = Learner(network, PLAIN, UPGD(noise=0.5, decay=0.0, protect=protect))
    still = Learner(network, PLAIN, UPGD(noise=0, decay=0.0, protect=protect))
    weight, added = one.network.body[1].weight, []
    for _ in range(400):
        for learner in (one, still):
            learner.network.load_state_dict(Learner(network, PLAIN).network.state_dict())
            learner._step(*batch(1))
        added.append((weight - still.network.body[1].weight).detach() / -0.1)
    spread = torch.stack(added).std(dim=0)
    x, y = batch(1)
    fresh = Learner(network, PLAIN)
    found = gradients_of(fresh, x, y)
    pairs = list(zip(found, fresh.network.parameters(), strict=True))
    most = max((-g * w.detach().double().numpy()).max() for g, w in pairs)
    useful = -found[0] * pairs[0][1].detach().double().numpy() / most
    gate = 1 - 1 / (1 + np.exp(-useful))
    np.testing.assert_allclose(spread.numpy() / (0.5 * gate), 1, atol=0.2)  # 5 standard errors


def test_where_nothing_is_of_use_all_gates_are_half_open():
    one = Learner(network, PLAIN, UPGD(noise=0))
    with torch.no_grad():
        for weight in one.network.parameters():
            weight.zero_()
    x, y = batch(1)
    *_, of_bias = gradients_of(one, x, y)
    one._step(x, y)
    np.testing.assert_allclose(one.network.head.bias.detach(), -0.1 * of_bias / 2, atol=1e-7)


@pytest.mark.parametrize("settings", [{"noise": -1}, {"decay": 2}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        UPGD(**settings)
