"""Exponents that are known on paper: linear maps of given singular values, and the networks made of them."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lop_tutorial.geometry import ftle, singular_vectors
from lop_tutorial.networks import MLP, SmallConv


def rotation(size, draw):
    return np.linalg.qr(draw.normal(size=(size, size)))[0]


def with_spectrum(sigma, outputs, inputs, seed=0):
    """A matrix of these singular values, between random orthonormal directions."""
    draw = np.random.default_rng(seed)
    matrix = rotation(outputs, draw)[:, : len(sigma)] @ np.diag(sigma) @ rotation(inputs, draw)[:, : len(sigma)].T
    return torch.from_numpy(matrix)


def linear(*matrices):
    """x to the product of matrices times x, as a network of linear layers, the last one first in the product."""
    layers = []
    for matrix in reversed(matrices):
        layer = nn.Linear(matrix.shape[1], matrix.shape[0], bias=False, dtype=matrix.dtype)
        layer.weight.data = matrix.clone()
        layers.append(layer)
    return nn.Sequential(*layers)


SPECTRA = {
    "spread": np.geomspace(10, 1e-3, 40),
    "no gap at all": np.ones(40),
    "the first two equal": np.r_[2.0, 2.0, np.linspace(1.5, 0.1, 38)],
    "the first three nearly equal": np.r_[2.0, 2.0 - 1e-6, 2.0 - 1e-3, np.linspace(1.9, 0.1, 37)],
    "a crowd below the first": np.r_[1.02, 1 - 1e-4 * np.arange(39)],
    "one alone": np.r_[3.0, np.zeros(39)],
    "tiny": 1e-25 * np.geomspace(1, 1e-2, 40),
    "huge": 1e25 * np.geomspace(1, 1e-2, 40),
}


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("shape", [(40, 90), (90, 40)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_linear_maps_of_known_singular_values(name, shape, dtype):
    sigma, x = SPECTRA[name], torch.randn(5, shape[1], dtype=dtype)
    network = linear(with_spectrum(sigma, *shape).to(dtype))
    with np.errstate(divide="ignore"):
        expected = np.broadcast_to(np.log(sigma), (5, 40))
    far = sigma > 1e-4 * sigma[0] if dtype == torch.float32 else sigma >= 0
    exact = ftle(network, x, "0", k=None, method="exact").numpy()
    np.testing.assert_allclose(exact[:, far], expected[:, far], rtol=0, atol=2e-3 if dtype == torch.float32 else 1e-10)
    for k in (1, 3):
        found = ftle(network, x, "0", k=k, method="lanczos").numpy()
        np.testing.assert_allclose(found, expected[:, :k], rtol=0, atol=1e-3)


@settings(max_examples=25, deadline=None)
@given(
    sigma=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=12),
    more=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    k=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_random_linear_maps(sigma, more, k, seed):
    sigma, k = np.sort(sigma)[::-1], min(k, len(sigma))
    network = linear(with_spectrum(sigma, len(sigma) + more[0], len(sigma) + more[1], seed))
    x = torch.ones(2, len(sigma) + more[1])
    expected = np.broadcast_to(np.log(sigma[:k]), (2, k))
    np.testing.assert_allclose(ftle(network, x, "0", k=k, method="exact"), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ftle(network, x, "0", k=k, method="lanczos"), expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("method", ["exact", "lanczos"])
@pytest.mark.parametrize(("layer", "depth"), [("0", 1), ("3", 4), ("6", 7), ("", 7)])
def test_scaled_orthogonal_layers_and_scaled_identities(method, layer, depth):
    """l orthogonal layers, each scaled by s, have sigma_i = s^l: every exponent is log s, whatever l is."""
    draw, x = np.random.default_rng(0), torch.randn(3, 48)
    network = linear(*(torch.from_numpy(0.3 * rotation(48, draw)) for _ in range(7)))
    found = ftle(network, x, layer, k=5, method=method)
    np.testing.assert_allclose(found, math.log(0.3), rtol=0, atol=1e-6)
    identity = ftle(lambda x: 0.3**depth * x, x, k=5, depth=depth, method=method)
    np.testing.assert_allclose(identity, math.log(0.3), rtol=0, atol=1e-6)


def test_depth_divides():
    network, x = linear(with_spectrum([5.0, 2.0], 4, 4)), torch.randn(2, 4)
    torch.testing.assert_close(ftle(network, x, "0", depth=10) * 10, ftle(network, x, "0"))


def test_a_function_of_images_and_a_single_sample():
    """x to (2 x_1 + x_2, x_1^2) at x_1 = 3: J = [[2, 1], [6, 0]], whose singular values multiply to 6."""

    def function(x):
        flat = x.flatten(1)
        return torch.stack([2 * flat[:, 0] + flat[:, 1], flat[:, 0] ** 2], dim=1)

    x = torch.tensor([[[[3.0, -1.0]]]])
    found = ftle(function, x, k=2, depth=1, dtype=torch.float64)
    squares = np.array([(41 + math.sqrt(41**2 - 4 * 36)) / 2, (41 - math.sqrt(41**2 - 4 * 36)) / 2])
    np.testing.assert_allclose(found, np.log(squares)[None] / 2, atol=1e-12)
    assert ftle(lambda x: x.square().sum(dim=1), torch.full((1, 9), 2.0), depth=1).item() == pytest.approx(math.log(12))


def test_a_parabola_stretches_by_its_slope():
    x = torch.linspace(-2, 2, 9)[:, None]
    found = ftle(torch.square, x, depth=1)[:, 0]
    torch.testing.assert_close(found, (2 * x[:, 0]).abs().log())  # -inf at 0
    assert found[4] == -torch.inf


@pytest.mark.parametrize("method", ["exact", "lanczos"])
def test_dead_networks_give_minus_infinity(method):
    network = SmallConv((3, 10, 10), 2)
    network.body[-2].bias.data.fill_(-1e6)
    assert (ftle(network, torch.randn(4, 3, 10, 10), k=3, method=method) == -torch.inf).all()
    found = singular_vectors(network, torch.randn(4, 3, 10, 10), k=3, method=method)
    assert not found.left.any()
    assert not found.right.any()


@pytest.mark.parametrize("method", ["exact", "lanczos"])
def test_dead_and_living_samples_side_by_side(method):
    """max(0, x_1) I x: samples with x_1 < 0 are dead, the others are stretched by at least x_1."""
    x = torch.randn(40, 60)
    found = ftle(lambda x: torch.relu(x[:, :1]) * x, x, k=2, depth=1, method=method)
    assert torch.equal(found[:, 0] == -torch.inf, x[:, 0] < 0)
    alive = x[:, 0] > 0
    # J = x_1 I + x e_1^T: besides two others, its singular values are x_1
    assert (found[alive, 0] > x[alive, 0].log()).all()
    matrix = x[alive, :1, None] * torch.eye(60) + x[alive, :, None] * torch.eye(60)[0]
    expected = np.log(np.linalg.svd(matrix.double().numpy(), compute_uv=False)[:, :2])
    np.testing.assert_allclose(found[alive], expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("method", ["exact", "lanczos"])
def test_a_bottleneck_leaves_as_many_exponents_as_it_is_wide(method):
    network = MLP((40,), 2, (50, 3, 45), "tanh")
    found = ftle(network, torch.randn(6, 40), k=5, method=method)
    assert found[:, :3].isfinite().all()
    assert (found[:, 3:] == -torch.inf).all()


@pytest.mark.parametrize("method", ["exact", "lanczos"])
def test_samples_that_overflow_are_nan_and_spoil_no_others(method):
    def function(x):
        return torch.exp(x).cumsum(dim=1)

    x = torch.zeros(3, 50)
    x[1, 7] = 200.0
    found = ftle(function, x, k=2, depth=1, method=method)
    assert found[1].isnan().all()
    expected = np.log(np.linalg.svd(np.tril(np.ones((50, 50))), compute_uv=False)[:2])
    np.testing.assert_allclose(found[[0, 2]], np.stack([expected] * 2), rtol=0, atol=1e-3)
