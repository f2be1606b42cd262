"""The tangent kernel and what is read off it, against closed forms, and against the Hessian formed by brute force."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from lop_tutorial.geometry import (
    epsilon_rank,
    gauss_newton_eigenvalues,
    gradient_coherence,
    hessian_spectrum,
    kernel_rank,
    tangent_kernel,
)
from lop_tutorial.networks import MLP, SmallConv


def test_the_kernel_of_a_linear_layer_is_that_of_its_inputs():
    x, layer = torch.randn(5, 3), nn.Linear(3, 2)
    expected = torch.kron(x.double() @ x.double().T + 1, torch.eye(2, dtype=torch.float64))
    torch.testing.assert_close(tangent_kernel(layer, x), expected, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(tangent_kernel(layer, x, outputs=1), x.double() @ x.double().T + 1, atol=1e-6, rtol=1e-6)


def test_it_is_the_product_of_gradients_one_by_one():
    network, x = SmallConv((3, 10, 10), 2), torch.rand(3, 3, 10, 10)
    before = copy.deepcopy(network.state_dict())
    rows = []
    for logit in network(x).flatten():
        gradients = torch.autograd.grad(logit, list(network.parameters()), retain_graph=True)
        rows.append(torch.cat([g.flatten() for g in gradients]).double())
    torch.testing.assert_close(
        tangent_kernel(network, x), torch.stack(rows) @ torch.stack(rows).T, atol=1e-5, rtol=1e-4
    )
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training


def test_rank_of_orthogonal_inputs():
    layer = nn.Linear(4, 1, bias=False)
    assert kernel_rank(layer, torch.eye(4)) == pytest.approx(4)
    assert kernel_rank(layer, torch.ones(4, 4)) == pytest.approx(1)
    assert kernel_rank(layer, torch.zeros(4, 4)) == 0


@pytest.mark.parametrize("loss", [cross_entropy, mse_loss])
def test_gauss_newton_is_the_hessian_of_a_network_linear_in_its_weights(loss):
    x, y = torch.randn(6, 3).double(), one_hot(torch.arange(6) % 2, 2).double()
    layer = nn.Linear(3, 2).double()
    exact = hessian_spectrum(layer, lambda network: loss(network(x), y)).values.sort(descending=True).values
    found = gauss_newton_eigenvalues(layer, x, y, loss)
    assert len(found) == 12
    torch.testing.assert_close(found[: len(exact)], exact.clamp(min=0), atol=1e-9, rtol=1e-6)
    assert epsilon_rank(found, 1e-6) == epsilon_rank(exact, 1e-6)


def test_gauss_newton_of_a_network_is_the_hessian_of_its_linearisation():
    network, x = MLP((3,), 2, hidden=(4,), activation="tanh").double(), torch.randn(8, 3).double()
    y = one_hot(torch.arange(8) % 2, 2).double()
    weights = dict(network.named_parameters())
    jacobian = torch.func.jacrev(lambda w: torch.func.functional_call(network, w, (x,)))(weights)
    j = torch.cat([part.flatten(2) for part in jacobian.values()], dim=2)
    p = network(x).softmax(dim=1)
    h = torch.diag_embed(p) - p[:, :, None] * p[:, None]
    expected = torch.linalg.eigvalsh(torch.einsum("nkp,nkl,nlq->pq", j, h, j) / 8).flip(0)
    torch.testing.assert_close(gauss_newton_eigenvalues(network, x, y, cross_entropy)[:8], expected[:8].detach())


def test_epsilon_rank_counts_size_and_not_sign():
    assert epsilon_rank(torch.tensor([2.0, -1.0, 0.1, 1e-2, 0.0])) == 3
    assert epsilon_rank(torch.tensor([2.0, -1.0, 0.01]), epsilon=0.5) == 2


def test_coherence_of_equal_orthogonal_and_opposite_gradients():
    """Squared error of one linear output that is zero: the gradient of a sample is -2 y x."""
    layer = nn.Linear(4, 1, bias=False)
    nn.init.zeros_(layer.weight)
    ones = torch.ones(4, 1)
    assert gradient_coherence(layer, torch.ones(4, 4), ones, mse_loss) == pytest.approx(1)
    assert gradient_coherence(layer, torch.eye(4), ones, mse_loss) == pytest.approx(1 / 4)
    opposite = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    assert gradient_coherence(layer, torch.ones(4, 4), opposite, mse_loss) == pytest.approx(0)
    assert math.isnan(gradient_coherence(layer, torch.ones(4, 4), torch.zeros(4, 1), mse_loss))


def test_bad_input():
    with pytest.raises(ValueError, match="epsilon is -1"):
        epsilon_rank(torch.ones(2), -1.0)
    with pytest.raises(ValueError, match="no parameter that needs a gradient"):
        tangent_kernel(nn.ReLU(), torch.ones(1, 2))
    with pytest.raises(ValueError, match="gradients hold NaN or inf"):
        tangent_kernel(nn.Linear(2, 1), torch.full((2, 2), torch.inf))
