"""Neighbours that part and decisions that change, against cases known on paper."""

import math

import pytest
import torch
from torch import nn

from lop_tutorial.geometry import ftle, singular_vectors
from lop_tutorial.geometry.chaos import decision_changes, hair, margins_on, plane_through, separations
from lop_tutorial.networks import MLP


def test_separations_of_a_linear_network_are_products_of_its_weights():
    network = MLP((2,), 2, hidden=(2, 2), activation="tanh")
    with torch.no_grad():
        for layer, factor in zip((network.body[1], network.body[3]), (3.0, 0.5), strict=True):
            layer.weight.copy_(factor * torch.eye(2))
            layer.bias.zero_()
    apart = separations(network, torch.zeros(1, 2), torch.tensor([[1e-7, 0.0]], dtype=torch.float64))
    assert (apart[:, 0] / 1e-7).tolist() == pytest.approx([1, 3, 1.5], rel=1e-6)  # the slope of tanh at 0 is 1
    assert network.body[1].weight.dtype == torch.float32


def test_a_hair_in_the_leading_direction_grows_by_the_exponent():
    torch.manual_seed(0)
    network, x = MLP((5,), 2, hidden=(7, 6), activation="tanh"), torch.randn(9, 5)
    apart = separations(network, x, hair(x, singular_vectors(network, x).right[:, 0]))
    torch.testing.assert_close(apart[0], torch.full((9,), 1e-6, dtype=torch.float64), rtol=1e-6, atol=0)
    torch.testing.assert_close((apart[-1] / apart[0]).log().float() / 2, ftle(network, x)[:, 0], rtol=0, atol=1e-4)
    other = separations(network, x, hair(x, torch.randn(9, 5)))
    assert (other[-1] < apart[-1]).all()


class Stripes(nn.Module):
    """Class 1 where cos(x) is negative."""

    def forward(self, x):
        return torch.stack([x[:, 0].cos(), -x[:, 0].cos()], dim=1)


def test_decision_changes_are_counted():
    start, end = torch.zeros(3, 2), torch.tensor([[1.0, 9], [4 * math.pi, 0], [math.pi, 0]])
    assert decision_changes(Stripes(), start, end).tolist() == [0, 4, 1]
    with pytest.raises(ValueError, match="points is 0"):
        decision_changes(Stripes(), start, end, points=0)


def test_a_plane_goes_through_its_three_points():
    corners = torch.tensor([[1.0, 0, 0, 2], [3, 0, 0, 2], [1, 5, 0, 2]])
    plane = plane_through(corners)
    torch.testing.assert_close(plane.at(plane.coordinates(corners)), corners)
    torch.testing.assert_close(plane.across, torch.tensor([1.0, 0, 0, 0]))
    torch.testing.assert_close(plane.up, torch.tensor([0.0, 1, 0, 0]))
    with pytest.raises(ValueError, match="lie on a line"):
        plane_through(corners[[0, 1, 1]])


def test_margins_lie_where_the_grid_says():
    plane = plane_through(torch.tensor([[-1.0, -1], [2, -1], [-1, 2]]))  # its middle is the origin
    margins = margins_on(nn.Linear(2, 2), plane, (-1, 1, -2, 2), (4, 2))
    assert margins.shape == (4, 2)
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[0.0, 0], [10, 1]]))
        network.bias.zero_()
    found = margins_on(network, plane, (-1, 1, -2, 2), (4, 2))
    torch.testing.assert_close(found[0], torch.tensor([-6.5, 3.5]))  # x = -0.5 and 0.5, y = -1.5
    torch.testing.assert_close(found[-1], torch.tensor([-3.5, 6.5]))


def test_a_hair_of_negative_width_is_named():
    with pytest.raises(ValueError, match="width is -1"):
        hair(torch.zeros(1, 2), torch.ones(1, 2), -1.0)


def test_looking_at_decisions_leaves_the_network_in_its_mode():
    network = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 2)).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    x, plane = torch.randn(3, 4), plane_through(torch.eye(3, 4))
    assert torch.equal(decision_changes(network, x, -x), decision_changes(network, x, -x))
    assert torch.equal(margins_on(network, plane, (0, 1, 0, 1), 3), margins_on(network, plane, (0, 1, 0, 1), 3))
    assert all(module.training for module in network.modules())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
