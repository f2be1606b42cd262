"""Frozen and cloned units, by hand and by what gradient descent does to them."""

import copy

import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from lop_tutorial.geometry import cloned_share, cloned_units, frozen_share, frozen_units, hidden_slopes
from lop_tutorial.networks import MLP, ConvNet


def test_slopes_are_the_derivatives():
    network, x = MLP((3,), 2, hidden=(5, 4), activation="tanh"), torch.randn(7, 3)
    slopes = hidden_slopes(network, x)
    z = network.body[1](network.body[0](x))
    torch.testing.assert_close(slopes["body.2"], 1 - z.tanh().square())
    assert {name: tuple(values.shape) for name, values in slopes.items()} == {"body.2": (7, 5), "body.4": (7, 4)}


def test_a_module_that_is_used_twice_and_in_place_has_two_entries():
    block = BasicBlock(3, 3)
    before = copy.deepcopy(block.state_dict())
    slopes = hidden_slopes(block, torch.randn(4, 3, 6, 6))
    assert list(slopes) == ["relu", "relu:2"]
    assert set(slopes["relu"].unique().tolist()) == {0.0, 1.0}
    assert all(torch.equal(value, before[name]) for name, value in block.state_dict().items())
    assert not any(module._forward_pre_hooks for module in block.modules())


def test_frozen_on_more_than_a_share_of_samples():
    slopes = torch.ones(100, 4)
    slopes[:95, 0] = 0.0
    slopes[:96, 1] = 1e-3
    slopes[:, 2] = 2e-3
    assert frozen_units(slopes).tolist() == [False, True, False, False]
    assert frozen_units(slopes, tolerance=0.0, share=0.9).tolist() == [True, False, False, False]
    assert frozen_units(-slopes[..., None]).tolist() == [False, True, False, False]


@pytest.mark.parametrize(("activation", "bias"), [("tanh", 100.0), ("tanh", -100.0), ("relu", -100.0)])
def test_a_frozen_unit_gets_no_gradient_and_others_do(activation, bias):
    network, x = MLP((3,), 2, hidden=(4,), activation=activation), torch.randn(20, 3)
    nn.init.constant_(network.body[1].bias[:1], bias)
    assert frozen_share(network, x) == 0.25
    network(x).square().sum().backward()
    gradient = network.body[1].weight.grad
    assert not gradient[0].any()
    assert gradient[1:].any(dim=1).all()


def test_clones_by_hand():
    """Cosines: of the first two 1, of the third to both -1, of the fourth to the fifth 24/25."""
    h = torch.tensor([[1.0, 2.0, -1.0, 3.0, 4.0, 0.0], [0.0, 0.0, 0.0, 4.0, 3.0, 0.0]])
    assert cloned_units(h).tolist() == [False, True, False, False, True, False]
    assert cloned_units(h, cosine=0.97).tolist() == [False, True, False, False, False, False]


def test_of_k_copies_all_but_one_are_clones():
    h = torch.randn(50, 1).repeat(1, 4)
    assert cloned_units(torch.cat([torch.randn(50, 3), h], dim=1)).sum() == 3
    assert cloned_units(h.view(10, 5, 4).movedim(2, 1)).sum() == 3


def test_gradient_descent_does_not_part_clones():
    network, x = MLP((3,), 2, hidden=(6,), activation="tanh"), torch.randn(40, 3)
    with torch.no_grad():
        network.body[1].weight[1], network.body[1].bias[1] = network.body[1].weight[0], network.body[1].bias[0]
        network.head.weight[:, 1] = network.head.weight[:, 0]
    assert cloned_share(network, x) >= 1 / 6
    descent = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(10):
        descent.zero_grad()
        (network(x) - 1).square().mean().backward()
        descent.step()
    torch.testing.assert_close(network.body[1].weight[1], network.body[1].weight[0])
    assert cloned_share(network, x) >= 1 / 6


def test_maps_of_a_convolution_are_units():
    network = ConvNet((3, 32, 32), 2)
    assert frozen_share(network, torch.randn(2, 3, 32, 32)) <= 1
    nn.init.constant_(network.body[0].bias, -100.0)  # 32 of 480 hidden units, and then all that follow are constant
    assert frozen_share(network, torch.randn(2, 3, 32, 32)) >= 32 / 480


def test_what_has_diverged_is_refused():
    with pytest.raises(ValueError, match="slopes hold NaN or inf"):
        frozen_units(torch.full((2, 2), torch.nan))
    with pytest.raises(ValueError, match="cosine is 2"):
        cloned_units(torch.ones(2, 2), cosine=2.0)
    with pytest.raises(ValueError, match="activations hold NaN or inf"):
        cloned_units(torch.full((2, 2), torch.nan))
