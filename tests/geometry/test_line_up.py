"""The line-up measures what its parts measure, and leaves the network as it was."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from lop_tutorial.geometry import ftle, gradient_norm, hessian_eigenvalues, neural_collapse, snapshot
from lop_tutorial.geometry.line_up import LINE_UP, State, measure_all, some_of_each
from lop_tutorial.networks import MLP, SmallConv


@pytest.fixture
def state():
    network, x = MLP((4,), 3, hidden=(8, 6), activation="tanh"), torch.randn(30, 4)
    start = snapshot(network)
    with torch.no_grad():
        network.body[1].bias += 1.0
    return State(network, x, torch.arange(30) % 2, 2, mse_loss, start)


def test_every_suspect_is_the_measure_it_is_named_for(state):
    found = measure_all(state)
    assert list(found) == [suspect.name for suspect in LINE_UP]
    x, y = state.x, nn.functional.one_hot(state.labels, 2).float()
    logits = state.network(x)[:, :2]
    assert found["loss"] == pytest.approx(mse_loss(logits, y).item())
    assert found["distance"] == pytest.approx(math.sqrt(8))
    assert found["gradient_norm"] == pytest.approx(gradient_norm(state.network, state.objective))
    assert found["sharpness"] == pytest.approx(float(hessian_eigenvalues(state.network, state.objective)[0]), rel=1e-3)
    assert found["ftle_within"] in ftle(state.network, x, dtype=torch.float64)[:, 0].tolist()
    features, head = state.network.representation(x).detach(), state.network.head.weight[:2].detach()
    assert found["nc1"] == pytest.approx(neural_collapse(features, state.labels, head).nc1)
    assert all(math.isfinite(value) for value in found.values())


def test_the_network_is_left_as_it_was(state):
    state.network.train()
    before = copy.deepcopy(state.network.state_dict())
    measure_all(state)
    assert state.network.training
    assert all(torch.equal(value, before[name]) for name, value in state.network.state_dict().items())
    assert all(p.grad is None for p in state.network.parameters())


def test_a_dead_network_has_a_number_where_there_is_one():
    network = SmallConv((3, 10, 10), 2)
    for layer in network.body:
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.bias, -100.0)
    network.reset_head("zero")
    found = measure_all(State(network, torch.rand(8, 3, 10, 10), torch.arange(8) % 2, 2, cross_entropy))
    assert found["ftle_within"] == -math.inf
    assert (found["ftle_within_zero"], found["dead_units"] >= 48 / 176, found["jacobian_isometry"]) == (1, True, 1)
    assert found["loss"] == pytest.approx(math.log(2))
    assert math.isnan(found["distance"])
    assert math.isnan(found["ftle_within_spread"])


def test_examples_are_the_first_of_each_class():
    assert some_of_each(torch.tensor([1, 0, 1, 1, 0, 2]), 2, most=2).tolist() == [1, 4, 0, 2]


def test_directions_and_names():
    names = [suspect.name for suspect in LINE_UP]
    assert len(set(names)) == len(names)
    assert {suspect.expected for suspect in LINE_UP} == {-1, 0, 1}
