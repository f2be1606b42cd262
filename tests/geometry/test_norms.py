import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from lop_tutorial.geometry import distance_from, gradient_norm, snapshot, weight_magnitude, weight_norm
from lop_tutorial.networks import MLP


def set_to(network, value):
    with torch.no_grad():
        for p in network.parameters():
            p.fill_(value)
    return network


def test_norms_count_weights_and_biases():
    network = set_to(nn.Linear(3, 2), -0.5)  # 6 weights and 2 biases
    assert weight_norm(network) == pytest.approx(math.sqrt(8 * 0.25))
    assert weight_magnitude(network) == pytest.approx(0.5)


def test_distance_from_the_start():
    network = set_to(nn.Linear(3, 2), 1.0)
    start, state = snapshot(network), copy.deepcopy(network.state_dict())
    set_to(network, 3.0)
    assert distance_from(start, network) == pytest.approx(math.sqrt(8 * 4))
    assert distance_from(state, network) == pytest.approx(math.sqrt(8 * 4))
    assert weight_norm(network) == pytest.approx(math.sqrt(8 * 9))
    assert distance_from(snapshot(network), network) == 0


def test_float64_sums_of_float32_weights():
    network = nn.Linear(1000, 1000, bias=False)
    with torch.no_grad():
        network.weight.fill_(0.1)
    assert weight_norm(network) == pytest.approx(1000 * float(torch.tensor(0.1)), rel=1e-12)


def test_gradient_of_a_linear_layer_by_hand():
    """L = mean (w x - y)^2 with w = 2, x = 3, y = 1: dL/dw = 2 (6 - 1) 3 = 30 and dL/db = 10."""
    network = nn.Linear(1, 1).double()
    with torch.no_grad():
        network.weight.fill_(2.0)
        network.bias.fill_(0.0)
    x, y = torch.tensor([[3.0]]).double(), torch.tensor([[1.0]]).double()
    assert gradient_norm(network, lambda n: mse_loss(n(x), y)) == pytest.approx(math.sqrt(30**2 + 10**2))
    network.bias.requires_grad_(False)
    assert gradient_norm(network, lambda n: mse_loss(n(x), y)) == pytest.approx(30)


def test_gradient_norm_is_that_of_backward_and_leaves_no_trace():
    network = nn.Sequential(MLP((4,), 3, hidden=(5,)), nn.BatchNorm1d(3))
    x, y = torch.randn(8, 4), torch.arange(8) % 3
    network[1].weight.grad = torch.ones(3)
    before = copy.deepcopy(network.state_dict())
    with torch.no_grad():  # as a caller who only measures may have it
        found = gradient_norm(network, lambda n: cross_entropy(n(x), y))
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert torch.equal(network[1].weight.grad, torch.ones(3))
    assert network[0].head.weight.grad is None

    network.zero_grad()
    cross_entropy(network.eval()(x), y).backward()
    gradients = torch.cat([p.grad.flatten() for p in network.parameters()])
    assert found == pytest.approx(float(gradients.norm()), rel=1e-6)


def test_weights_that_the_loss_does_not_see_count_as_zero():
    network = nn.ModuleDict({"used": nn.Linear(2, 1), "spare": nn.Linear(2, 1)})
    x = torch.ones(1, 2)
    assert gradient_norm(network, lambda n: n["used"](x).sum()) == pytest.approx(math.sqrt(3))


def test_divergence_shows():
    assert math.isnan(weight_norm(set_to(nn.Linear(2, 2), math.nan)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: distance_from({}, nn.Linear(2, 2)), "start lacks 'weight'"),
        (lambda: distance_from(snapshot(nn.Linear(3, 2)), nn.Linear(2, 2)), r"\[2, 3\] in start and \[2, 2\]"),
        (
            lambda: gradient_norm(nn.Linear(2, 2), lambda n: n(torch.ones(1, 2))),
            r"shape \[1, 2\]; it must be one number",
        ),
        (lambda: gradient_norm(nn.Linear(2, 2), lambda n: torch.ones(())), "no gradient; it must be one number"),
        (lambda: gradient_norm(nn.ReLU(), lambda n: torch.ones(())), "ReLU has no parameter"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
