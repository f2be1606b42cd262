import copy
import math

import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from lop_tutorial.geometry import (
    dead_units,
    dormancy_scores,
    dormant_units,
    hidden_activations,
    inactive_units,
    unit_shares,
)
from lop_tutorial.networks import MLP, ConvNet


def test_scores_of_a_layer_by_hand():
    """Mean sizes 1, 0.01, 0 and 2.99, on average 1: the score of a unit is then its mean size."""
    h = torch.tensor([[1.0, 0.0, 0.0, -2.99], [-1.0, 0.02, 0.0, 2.99]], dtype=torch.float64)
    assert dormancy_scores(h).tolist() == pytest.approx([1, 0.01, 0, 2.99])
    assert dormant_units(h).tolist() == [False, True, True, False]
    assert dormant_units(h, tau=0.0).tolist() == dead_units(h).tolist() == [False, False, True, False]
    assert dead_units(h, tolerance=0.5).tolist() == [False, True, True, False]


def test_a_unit_that_averages_to_zero_is_alive():
    h = torch.tensor([[1.0, 1.0], [-1.0, 1.0]])
    assert not dead_units(h).any()
    assert not dormant_units(h).any()


def test_inactive_units_fire_on_less_than_a_share_of_samples():
    h = torch.zeros(1000, 3)
    h[:9, 0] = 5.0
    h[:10, 1] = 0.001
    assert inactive_units(h).tolist() == [True, False, True]
    assert inactive_units(h, tolerance=0.01).tolist() == [True, True, True]


def test_a_unit_of_a_convolution_is_a_map_over_all_positions():
    maps = torch.zeros(10, 3, 4, 5)
    maps[3, 1, 2, 2] = 1.0
    maps[:, 2] = 1.0
    assert dead_units(maps).tolist() == [True, False, False]
    assert inactive_units(maps).tolist() == [True, True, False]
    assert dormancy_scores(maps).tolist() == pytest.approx([0, 3 / 201, 3 * 200 / 201])
    rows = maps.permute(0, 2, 3, 1).reshape(-1, 3)  # the same numbers as samples of a linear layer
    assert torch.equal(dormancy_scores(maps), dormancy_scores(rows))


def test_in_a_dead_layer_all_units_are_dormant():
    assert dormant_units(torch.zeros(4, 3)).all()
    assert dead_units(torch.zeros(4, 3)).all()


def killed(network, layer, units):
    """No input reaches these units: with a bias of -1 and no weights, ReLU puts out zero."""
    with torch.no_grad():
        network.body[layer].weight[:units] = 0
        network.body[layer].bias[:units] = -1
    return network


def test_shares_over_the_hidden_layers_of_networks():
    network = killed(MLP((4,), 2, hidden=(10, 6)), layer=1, units=3)
    with torch.no_grad():
        network.body[1].bias[3:] = 10  # the other units are surely alive
        network.body[3].weight.abs_()  # of inputs that are not negative
        network.body[3].bias[:] = 10
    found = unit_shares(network, torch.randn(50, 4))
    assert found == (16, 3 / 16, 3 / 16, 3 / 16)

    network = killed(ConvNet((3, 32, 32), 2), layer=0, units=8)
    x = torch.randn(20, 3, 32, 32)
    assert unit_shares(network, x).units == 32 + 64 + 128 + 128 + 128
    assert unit_shares(network, x, layers=["body.1"]) == (32, 8 / 32, 8 / 32, 8 / 32)


def test_hidden_activations_are_the_outputs_in_order():
    network, x = MLP((4,), 2, hidden=(5, 3), activation="tanh"), torch.randn(7, 4)
    found = hidden_activations(network, x)
    assert list(found) == ["body.2", "body.4"]
    assert torch.equal(found["body.4"], network.representation(x))
    assert list(hidden_activations(network, x, layers=["head"])) == ["head"]


def test_a_module_used_twice_and_in_place_gives_two_outputs():
    block = BasicBlock(4, 4).eval()
    x = torch.randn(2, 4, 6, 6)
    found = hidden_activations(block, x)
    assert list(found) == ["relu", "relu:2"]
    assert torch.equal(found["relu"], torch.relu(block.bn1(block.conv1(x))))
    assert torch.equal(found["relu:2"], block(x))
    spoilt = hidden_activations(block, x, layers=["bn1", "relu"])  # the ReLU works in place, on bn1's output
    assert (spoilt["bn1"] < 0).any()


class Touchy(nn.Module):
    """Changes a buffer and draws dropout at each pass in training mode; one part is frozen in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))
        self.register_buffer("passes", torch.zeros(()))
        self.layers[1].eval()

    def forward(self, x):
        self.passes += 1
        return self.layers(x)


def test_a_measurement_leaves_the_network_as_it_was():
    network = Touchy().train()
    network.layers[1].eval()
    before, flags = copy.deepcopy(network.state_dict()), [m.training for m in network.modules()]
    first = unit_shares(network, torch.randn(9, 4))
    assert first.units == 8
    with pytest.raises(ValueError, match="Touchy does not take inputs of shape"):
        unit_shares(network, torch.randn(9, 5))
    assert [m.training for m in network.modules()] == flags
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert not any(m._forward_hooks for m in network.modules())
    assert all(p.grad is None for p in network.parameters())


def test_measuring_between_forward_and_backward_is_harmless():
    network = Touchy()
    network.train()
    loss = network(torch.randn(9, 4)).sum()
    unit_shares(network, torch.randn(9, 4))
    loss.backward()


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(3, 3)

    def forward(self, x):
        return torch.relu(self.inner(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: hidden_activations(MLP((4,), 2), torch.randn(2, 4), ["body.9"]),
            "layer is 'body.9'; this network has",
        ),
        (
            lambda: hidden_activations(Functional(), torch.randn(2, 3)),
            "Functional is a module .* name layers from inner",
        ),
        (lambda: dead_units(torch.zeros(0, 3)), r"shape \[0, 3\]"),
        (lambda: dormant_units(torch.full((2, 2), math.nan)), "NaN or inf"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
