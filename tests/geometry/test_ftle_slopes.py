"""Exponents where units saturate: the derivative is small, not zero."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from lop_tutorial.geometry import ftle

PLACES = (-40.0, -25.0, -12.0, -6.0, -1.0, 0.0, 0.3, 2.0, 5.0, 9.5, 15.0, 22.0, 40.0)


def log_slope(name, z):
    """log |f'(z)|, in terms of what does not cancel."""
    if name == "tanh":  # 4 / (e^z + e^-z)^2
        return math.log(4) - 2 * abs(z) - 2 * math.log1p(math.exp(-2 * abs(z)))
    if name == "sigmoid":
        return -abs(z) - 2 * math.log1p(math.exp(-abs(z)))
    return math.log(abs(math.erfc(-z / math.sqrt(2)) / 2 + z * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)))


CALLS = {
    "tanh": [
        torch.tanh,
        torch.Tensor.tanh,
        nn.Tanh().forward,
        lambda z: z.clone().tanh_(),
        lambda z: torch.tanh_(z * 1),
    ],
    "sigmoid": [
        torch.sigmoid,
        torch.Tensor.sigmoid,
        nn.Sigmoid().forward,
        lambda z: z.clone().sigmoid_(),
        torch.special.expit,
    ],
    "gelu": [functional.gelu, nn.GELU().forward],
}


@pytest.mark.parametrize("method", ["exact", "lanczos"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", CALLS)
def test_slopes_keep_their_digits(name, dtype, method):
    places = [z for z in PLACES if not (name == "gelu" and z < -12)]  # there e^(-z^2 / 2) leaves float32
    expected = [[log_slope(name, z)] for z in places]
    x = torch.tensor(places, dtype=dtype)[:, None]
    for call in CALLS[name]:
        found = ftle(call, x, depth=1, method=method)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 if method == "lanczos" else 2e-5)


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_where_derivatives_go_forwards(name):
    """Hardsigmoid has no second derivative in PyTorch, and Lanczos goes forwards there."""

    def function(x):
        return functional.hardsigmoid(CALLS[name][0](x) / 9) * 54

    x = torch.full((1, 40), 12.0) + torch.linspace(0, 1, 40)
    found = ftle(function, x, depth=1, method="lanczos")
    assert found.item() == pytest.approx(log_slope(name, 12.0), abs=1e-3)


def test_outputs_are_the_networks_own():
    network = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 4), nn.Sigmoid(), nn.GELU())
    x, seen = torch.randn(5, 3), []
    ftle(lambda z: seen.append(network(z)) or seen[-1], x, depth=2)
    torch.testing.assert_close(seen[-1], network(x), rtol=0, atol=1e-6)
    assert ftle(torch.tanh, torch.tensor([[1e30, 0.5]]), depth=1).isfinite().all()


def test_a_deep_saturated_network():
    """Six layers whose units all stand at |z| of about 10, against the product of their Jacobians in float64."""
    torch.manual_seed(0)
    layers = [nn.Linear(4, 4) for _ in range(6)]
    for layer in layers:
        layer.bias.data = torch.tensor([10.0, -11.0, 9.5, -10.5])
    network, x = nn.Sequential(*[part for layer in layers for part in (layer, nn.Tanh())]), torch.randn(6, 4)
    expected = []
    for h in x.double().numpy():
        scales, matrix = 0.0, np.eye(4)
        for layer in layers:
            z = layer.weight.detach().double().numpy() @ h + layer.bias.detach().double().numpy()
            slopes = np.array([math.exp(log_slope("tanh", each)) for each in z])
            matrix, h = slopes[:, None] * layer.weight.detach().double().numpy() @ matrix, np.tanh(z)
            size = np.abs(matrix).max()
            scales, matrix = scales + math.log(size), matrix / size
        expected.append((scales + math.log(np.linalg.svd(matrix, compute_uv=False)[0])) / 6)
    np.testing.assert_allclose(ftle(network, x, "", dtype=torch.float64)[:, 0], expected, rtol=0, atol=1e-6)
