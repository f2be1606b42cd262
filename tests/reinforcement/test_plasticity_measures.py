"""The probe on networks of which the answer is known, and states by their greedy action."""

import copy

import pytest
import torch

from lop_tutorial.networks import MLP
from lop_tutorial.running.measures import measure

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

from lop_tutorial.reinforcement import greedy_task, probe_error, probe_targets, standardised

X = torch.randn(100, 4, generator=torch.Generator().manual_seed(0))


def fresh():
    torch.manual_seed(1)
    return MLP((4,), 2, (32, 32))


def test_targets_have_mean_zero_and_variance_one():
    targets = probe_targets(X, 2, seed=0)
    assert torch.allclose(targets.mean(dim=0), torch.zeros(2), atol=1e-6)
    assert torch.allclose(targets.var(dim=0, unbiased=False), torch.ones(2), atol=1e-5)
    assert not torch.equal(targets, probe_targets(X, 2, seed=1))


def test_a_network_whose_units_are_all_dead_reaches_the_best_constant_and_no_more():
    dead = fresh()
    with torch.no_grad():
        dead.body[1].bias.fill_(-100)
    assert probe_error(dead, X, seed=0, steps=400, step_size=0.01) == pytest.approx(1, abs=0.02)


def test_a_fresh_network_fits_and_is_left_as_it_was():
    network = fresh()
    before = copy.deepcopy(network.state_dict())
    assert probe_error(network, X, seed=0, steps=400, step_size=0.01) < 0.1
    assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())


def test_without_a_step_a_head_of_zeros_has_error_one():
    network = fresh()
    network.reset_head("zero")
    assert probe_error(network, X, seed=0, steps=0) == pytest.approx(1, abs=1e-5)


def large():
    """A network whose outputs are far from the targets, and of another size."""
    network = fresh()
    with torch.no_grad():
        network.head.weight.mul_(50)
        network.head.bias.copy_(torch.tensor([30.0, 80.0]))
    return network


def test_outputs_are_standardised_by_the_last_layer_alone():
    network = large()
    before = copy.deepcopy(network.state_dict())
    with torch.no_grad():
        said, rescaled = network(X), standardised(network, X)(X)
        assert torch.allclose(rescaled, (said - said.mean(dim=0)) / said.std(dim=0, unbiased=False), atol=1e-4)
    assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())
    kept = standardised(network, X).body.state_dict()
    assert all(torch.equal(network.body.state_dict()[name], weight) for name, weight in kept.items())


def test_own_scale_is_that_of_the_outputs():
    """Without a step, moving the targets to the outputs is moving the outputs to the targets."""
    network = large()
    mine = probe_error(network, X, seed=0, steps=0, own_scale=True)
    assert mine == pytest.approx(probe_error(standardised(network, X), X, seed=0, steps=0), rel=1e-4)
    assert mine < 10 < 1000 < probe_error(network, X, seed=0, steps=0)
    assert probe_error(network, X, seed=0, steps=100, own_scale=True) < mine / 2


def by_action():
    """Action 2 is best where the first sensor is above 1, else action 0 where it is positive, else action 1."""
    network = MLP((4,), 3, (2,), activation="linear")
    with torch.no_grad():
        network.body[1].weight.zero_()
        network.body[1].weight[0, 0] = 1
        network.body[1].bias.copy_(torch.tensor([0.0, 1.0]))
        network.head.weight.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [3.0, -2.0]]))
        network.head.bias.zero_()
    return network


def test_states_are_sorted_by_their_greedy_action():
    x = torch.zeros(10, 4)
    x[:, 0] = torch.tensor([0.5, 0.6, 0.7, 0.8, -1.0, -2.0, -3.0, 5.0, 0.9, -0.1])
    task = greedy_task(by_action(), x)
    assert task.train_x[:, 0].tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8, -1, -2, -3, 0.9, -0.1])
    assert task.train_y.tolist() == [0, 0, 0, 0, 1, 1, 1, 0, 1]


def test_one_action_for_all_states_leaves_one_class():
    task = greedy_task(by_action(), X.abs() + 2)
    assert not task.train_y.any()


def test_exponents_of_a_linear_value_network():
    """One layer of weights (1, 0, 0, 0): singular value 1, exponent 0 everywhere, within and between."""
    found = measure(("exponents",), by_action(), greedy_task(by_action(), X))
    assert all(abs(value) < 1e-9 for value in found.values())
