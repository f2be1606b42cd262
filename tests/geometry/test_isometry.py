"""Distance from isometry: orthogonal weights have none, scaled ones a known one."""

import pytest
import torch
from torch import nn

from lop_tutorial.geometry import gram_deviation, jacobian_isometry, weight_isometry
from lop_tutorial.networks import MLP, SmallConv


def orthogonal(rows, columns, size=1.0):
    return size * nn.init.orthogonal_(torch.empty(rows, columns, dtype=torch.float64))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4)])
def test_orthogonal_weights_are_isometric_and_scaled_ones_are_not(shape):
    assert gram_deviation(orthogonal(*shape)) == pytest.approx(0, abs=1e-24)
    assert gram_deviation(orthogonal(*shape, size=2.0)) == pytest.approx(9 * min(shape))


def test_it_is_the_frobenius_norm_of_the_smaller_gram_matrix():
    weight = torch.randn(4, 7, dtype=torch.float64)
    assert gram_deviation(weight) == pytest.approx(float((weight @ weight.T - torch.eye(4)).square().sum()))
    assert gram_deviation(weight.view(4, 7, 1, 1)) == pytest.approx(gram_deviation(weight))
    assert gram_deviation(torch.zeros(4, 7)) == 4


def test_a_network_is_the_sum_over_its_layers_with_the_head():
    network = SmallConv((3, 12, 12), 2)
    layers = [layer.weight for layer in (*network.body, network.head) if hasattr(layer, "weight")]
    assert len(layers) == 5
    assert weight_isometry(network) == pytest.approx(sum(map(gram_deviation, layers)))


def test_a_linear_network_has_the_jacobian_of_its_weights():
    """Singular values 3 and 1/2 of the product: the mean of 4 and 1/4."""
    network = MLP((2,), 2, hidden=(2, 2), activation="linear").double()
    with torch.no_grad():
        network.body[1].weight.copy_(orthogonal(2, 2))
        network.body[3].weight.copy_(
            orthogonal(2, 2) @ torch.diag(torch.tensor([3.0, 0.5]).double()) @ network.body[1].weight.T
        )
    assert jacobian_isometry(network, torch.randn(6, 2).double()) == pytest.approx((4 + 0.25) / 2)


def test_a_dead_network_is_at_distance_one():
    network = MLP((3,), 2, hidden=(4,))
    nn.init.constant_(network.body[1].bias, -100.0)
    assert jacobian_isometry(network, torch.randn(5, 3)) == 1


def test_what_has_no_singular_values_is_refused():
    with pytest.raises(ValueError, match="NaN or inf"):
        gram_deviation(torch.full((2, 2), torch.inf))
    with pytest.raises(ValueError, match="no linear layer"):
        weight_isometry(nn.ReLU())
