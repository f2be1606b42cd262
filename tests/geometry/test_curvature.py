import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.autograd.functional import hessian
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from lop_tutorial.geometry import Spectrum, hessian_eigenvalues, hessian_rank, hessian_spectrum
from lop_tutorial.geometry.eigenvalues import leading_eigenvalues, spectral_quadrature
from lop_tutorial.networks import MLP, SmallConv
from lop_tutorial.seeds import torch_generator


class Quadratic(nn.Module):
    """A network whose loss is a quadratic form of known eigenvalues, whatever its weights."""

    def __init__(self, *eigenvalues):
        super().__init__()
        size, draw = len(eigenvalues), torch_generator(0, "quadratic")
        self.weights = nn.Parameter(torch.randn(size, dtype=torch.float64, generator=draw))
        turn, _ = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64, generator=draw))
        self.matrix = turn @ torch.tensor(eigenvalues, dtype=torch.float64).diag() @ turn.T

    def forward(self):
        return self.weights @ self.matrix @ self.weights / 2


def quadratic(network):
    return network()


def entropy_on(x, y):
    return lambda network: cross_entropy(network(x), y)


KNOWN = (7.0, 7.0, 7.0, 3.0, 0.0, 0.0, -1.0, -8.0)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("largest", [7, 7, 7, 3, 0, 0, -1, -8]),
        ("smallest", [-8, -1, 0, 0, 3, 7, 7, 7]),
        ("magnitude", [-8, 7, 7, 7, 3, -1, 0, 0]),
    ],
)
@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
def test_a_quadratic_of_known_spectrum(which, expected, k):
    found = hessian_eigenvalues(Quadratic(*KNOWN), quadratic, k, which=which, tolerance=1e-10)
    assert found.tolist() == pytest.approx(expected[:k], abs=1e-9)


def test_a_large_quadratic_with_close_and_repeated_eigenvalues():
    bulk = torch.linspace(-1, 1, 390).tolist()
    network = Quadratic(5.0, 5.0, 5.0 - 1e-5, 4.0, *bulk, *[-6.0] * 6)
    found = hessian_eigenvalues(network, quadratic, 5, tolerance=1e-8)
    assert found.tolist() == pytest.approx([5, 5, 5 - 1e-5, 4, 1], abs=1e-7)
    found = hessian_eigenvalues(network, quadratic, 8, which="magnitude", tolerance=1e-8)
    assert found.tolist() == pytest.approx([-6] * 6 + [5, 5], abs=1e-7)


@settings(deadline=None, max_examples=20)
@given(values=st.lists(st.integers(-3, 3), min_size=1, max_size=12), data=st.data())
def test_any_spectrum_of_whole_numbers(values, data):
    k = data.draw(st.integers(1, len(values)))
    found = hessian_eigenvalues(Quadratic(*map(float, values)), quadratic, k, tolerance=1e-10)
    assert found.tolist() == pytest.approx(sorted(values, reverse=True)[:k], abs=1e-7)


def dense_hessian(network, loss):
    """Of all parameters, by torch's own double differentiation of a function of one long vector."""
    names, shapes = zip(*[(name, p.shape) for name, p in network.named_parameters()], strict=True)
    start = torch.cat([p.detach().flatten() for p in network.parameters()])

    def of_vector(vector):
        parts = vector.split([shape.numel() for shape in shapes])
        weights = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return loss(lambda x: functional_call(network, weights, (x,)))

    return hessian(of_vector, start)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_against_the_dense_hessian_of_a_tiny_network(activation):
    torch.manual_seed(0)
    network = MLP((3,), 3, hidden=(5, 4), activation=activation).double()
    x, y = torch.randn(20, 3).double(), torch.arange(20) % 3
    loss = entropy_on(x, y)
    exact = torch.linalg.eigvalsh(dense_hessian(network, loss))
    torch.testing.assert_close(hessian_eigenvalues(network, loss, 4), exact.flip(0)[:4], rtol=1e-5, atol=1e-7)
    found = hessian_eigenvalues(network, loss, 3, which="smallest", tolerance=1e-8)
    torch.testing.assert_close(found, exact[:3], rtol=1e-9, atol=1e-9)

    spectrum = hessian_spectrum(network, loss)
    torch.testing.assert_close(spectrum.values, exact, rtol=1e-9, atol=1e-12)
    sizes = sorted(exact.abs().tolist(), reverse=True)
    for share in (0.5, 0.9, 0.99):
        by_hand = next(k for k in range(len(sizes) + 1) if sum(sizes[:k]) >= share * sum(sizes))
        assert spectrum.rank(share) == hessian_rank(network, loss, share=share) == by_hand
    assert spectrum.count_above(0.01) == pytest.approx(sum(s > 0.01 * sizes[0] for s in sizes))


def test_float32_agrees():
    torch.manual_seed(0)
    network = MLP((3,), 3, hidden=(5, 4), activation="tanh")
    x, y = torch.randn(20, 3), torch.arange(20) % 3
    double = copy.deepcopy(network).double()
    single = hessian_eigenvalues(network, lambda n: cross_entropy(n(x), y), 3)
    exact = hessian_eigenvalues(double, lambda n: cross_entropy(n(x.double()), y), 3)
    torch.testing.assert_close(single, exact, rtol=1e-4, atol=1e-6)


def test_an_estimated_spectrum_is_near_the_exact_one():
    torch.manual_seed(0)
    network = MLP((10,), 2, hidden=(16, 16), activation="tanh").double()
    x, y = torch.randn(50, 10).double(), torch.arange(50) % 2
    loss = entropy_on(x, y)
    exact = hessian_spectrum(network, loss)
    assert exact.size == len(exact.values) == 482
    rough = hessian_spectrum(network, loss, exact_up_to=0, probes=4, steps=100)
    assert float(rough.weights.sum()) == pytest.approx(1)
    assert float(rough.values.max()) == pytest.approx(float(exact.values.max()), rel=1e-3)
    for share in (0.8, 0.9):
        assert rough.rank(share) == pytest.approx(exact.rank(share), rel=0.1)
    assert rough.count_above(0.05) == pytest.approx(exact.count_above(0.05), rel=0.15)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_quadrature_ends_where_nothing_is_left_whatever_the_operators_scale(scale):
    """Three values, so that a start has three directions: a fourth would be rounding alone."""
    values = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64).repeat(10)
    nodes, weights = spectral_quadrature(lambda v: scale * values * v, 30, probes=1, steps=20, draw=torch_generator(0))
    torch.testing.assert_close(nodes / scale, torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64))
    assert weights.sum() == pytest.approx(1)


def test_quadrature_gives_moments_exactly_on_average():
    """Of sum w value = mean eigenvalue; over many probes, within four standard errors of Gaussian starts."""
    values = torch.linspace(-1, 3, 50, dtype=torch.float64)
    nodes, weights = spectral_quadrature(lambda v: values * v, 50, probes=400, steps=5, draw=torch_generator(0))
    error = float(values.std()) / math.sqrt(50 * 400 / 2)
    assert float(nodes @ weights) == pytest.approx(1.0, abs=4 * error)


def test_rank_of_an_estimate_takes_parts_of_nodes():
    """Half of 10 eigenvalues are 2 and half are 1, as two nodes: 90 % of the sum 15 is 10 + 3.5."""
    spectrum = Spectrum(torch.tensor([2.0, -1.0]).double(), torch.tensor([0.5, 0.5]).double(), 10)
    assert spectrum.rank(0.9) == pytest.approx(5 + 3.5)
    assert spectrum.rank(1.0) == pytest.approx(10)
    assert spectrum.count_above(0.6) == pytest.approx(5)


def test_a_flat_or_linear_loss_has_no_curvature():
    network = nn.Linear(2, 2)
    x = torch.ones(1, 2)
    for loss in (lambda n: n(x).sum(), lambda n: 0 * n(x).square().sum()):
        assert hessian_eigenvalues(network, loss, 2).tolist() == [0, 0]
        assert hessian_rank(network, loss) == 0


def test_only_weights_that_need_a_gradient():
    network = MLP((3,), 2, hidden=(4,), activation="tanh")
    for p in network.body.parameters():
        p.requires_grad_(False)
    x, y = torch.randn(6, 3), torch.arange(6) % 2
    assert hessian_spectrum(network, lambda n: cross_entropy(n(x), y)).size == 4 * 2 + 2


def test_a_measurement_leaves_the_network_as_it_was():
    network = nn.Sequential(SmallConv((3, 12, 12), 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    x, y = torch.randn(6, 3, 12, 12), torch.arange(6) % 4
    loss = entropy_on(x, y)
    before = copy.deepcopy(network.state_dict())
    with torch.no_grad():
        first, second = (hessian_eigenvalues(network, loss, 1) for _ in range(2))
    assert torch.equal(first, second)
    assert network.training
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda n: hessian_eigenvalues(n, quadratic, 9), "k is 9; this operator has 1 to 8"),
        (lambda n: hessian_eigenvalues(n, quadratic, which="top"), "which is 'top'; it must be one of largest"),
        (lambda n: hessian_eigenvalues(n, lambda n: n() * math.nan), "gradient holds NaN"),
        (lambda n: hessian_rank(n, quadratic, share=0.0), "share is 0.0"),
        (
            lambda n: hessian_spectrum(n, quadratic, exact_up_to=0, probes=0),
            "probes is 0; it must be a whole number from 1 up",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(Quadratic(*KNOWN))


@pytest.mark.parametrize("which", ["largest", "smallest", "magnitude"])
def test_large_operators_with_few_eigenvalues_other_than_zero(which):
    """As a trained network's Hessian has: the fifth eigenvalue asked for lies in the crowd around zero."""
    crowd = torch.linspace(-1e-6, 1e-6, 497, dtype=torch.float64)
    values = torch.cat([torch.tensor([3.0, 3.0, -2.0], dtype=torch.float64), crowd])
    found = leading_eigenvalues(lambda v: values * v, 500, 5, which=which, tolerance=1e-5, draw=torch_generator(0))
    expected = {"largest": [3, 3, 0, 0, 0], "smallest": [-2, 0, 0, 0, 0], "magnitude": [3, 3, -2, 0, 0]}[which]
    assert found.tolist() == pytest.approx(expected, abs=3e-5)
    nothing = leading_eigenvalues(torch.zeros_like, 500, 5, which=which, draw=torch_generator(0))
    assert nothing.tolist() == [0] * 5


def test_no_convergence_is_said():
    values = torch.linspace(0, 1, 5000, dtype=torch.float64)
    with pytest.raises(RuntimeError, match=r"1 eigenvalues have not converged after 1 restarts; raise max_restarts"):
        leading_eigenvalues(lambda v: values * v, 5000, 1, tolerance=1e-9, max_restarts=1, draw=torch_generator(0))
