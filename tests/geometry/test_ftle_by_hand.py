"""Exponents against Jacobians worked out in NumPy, in float64: the chain rule, layer by layer, for every direction."""

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn

from lop_tutorial.geometry import ftle, singular_vectors
from lop_tutorial.networks import MLP, ConvNet, SmallConv
from lop_tutorial.seeds import seeded
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training


def convolved(z, weight, stride=1, padding=0):
    z = np.pad(z, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    windows = sliding_window_view(z, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,ocij->nohw", windows, weight, optimize=True)


def pooled(value, change):
    """The largest of each 2 x 2 square, and how it changes."""

    def squares(z):
        height, width = z.shape[2] // 2, z.shape[3] // 2
        z = z[:, :, : 2 * height, : 2 * width].reshape(*z.shape[:2], height, 2, width, 2)
        return z.transpose(0, 1, 2, 4, 3, 5).reshape(*z.shape[:2], height, width, 4)

    values, changes = squares(value), squares(change)
    best = values.argmax(axis=-1)[..., None]
    best_everywhere = np.broadcast_to(best, (*changes.shape[:-1], 1))
    return np.take_along_axis(values, best, -1)[..., 0], np.take_along_axis(changes, best_everywhere, -1)[..., 0]


def pushed(module, value, change):
    """(the module's output at value, what it makes of each small change), both with a leading axis."""
    p = {name: parameter.detach().double().numpy() for name, parameter in module.state_dict().items()}
    if isinstance(module, nn.Flatten):
        return value.reshape(len(value), -1), change.reshape(len(change), -1)
    if isinstance(module, nn.Linear):
        return value @ p["weight"].T + p["bias"], change @ p["weight"].T
    if isinstance(module, nn.Conv2d):
        how = module.stride[0], module.padding[0]
        bias = p["bias"][:, None, None] if "bias" in p else 0.0
        return convolved(value, p["weight"], *how) + bias, convolved(change, p["weight"], *how)
    if isinstance(module, nn.BatchNorm2d):
        scale = (p["weight"] / np.sqrt(p["running_var"] + module.eps))[:, None, None]
        return (value - p["running_mean"][:, None, None]) * scale + p["bias"][:, None, None], change * scale
    if isinstance(module, nn.ReLU):
        return np.maximum(value, 0), change * (value > 0)
    if isinstance(module, nn.Tanh):
        return np.tanh(value), change * (1 - np.tanh(value) ** 2)
    if isinstance(module, nn.MaxPool2d):
        return pooled(value, change)
    if isinstance(module, Residual):
        out, out_change = value, change
        for part in (module.one, module.norm_one, nn.ReLU(), module.two, module.norm_two):
            out, out_change = pushed(part, out, out_change)
        return pushed(nn.ReLU(), value + out, change + out_change)
    raise NotImplementedError(type(module))


def spectra(layers, x, at_once=256):
    """Singular values of the Jacobian at each x, all of them, largest first."""
    found = []
    for sample in x.double().numpy():
        columns = []
        for directions in np.split(np.eye(sample.size), range(at_once, sample.size, at_once)):
            value, change = sample[None], directions.reshape(-1, *sample.shape)
            for layer in layers:
                value, change = pushed(layer, value, change)
            columns.append(change.reshape(len(change), -1))
        found.append(np.linalg.svd(np.concatenate(columns), compute_uv=False))
    return np.stack(found)


class Residual(nn.Module):
    """x + convolutions of x, with batch normalisation."""

    def __init__(self, maps):
        super().__init__()
        self.one, self.two = (nn.Conv2d(maps, maps, 3, padding=1, bias=False) for _ in range(2))
        self.norm_one, self.norm_two = nn.BatchNorm2d(maps), nn.BatchNorm2d(maps)

    def forward(self, x):
        out = self.norm_two(self.two(torch.relu_(self.norm_one(self.one(x)))))
        return torch.relu(x + out)


def residual_network():
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(inplace=True), Residual(6),
        Residual(6), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(54, 40), nn.ReLU(),
    )  # fmt: skip
    for _ in range(3):
        network(torch.randn(16, 3, 12, 12) * 2 + 1)  # statistics that differ from 0 and 1
    return network.eval()


def trained_mlp():
    learner = Learner(lambda: MLP((20,), 2, (48, 40), "tanh"), Training(step_size=0.1, epochs=8), seed=1)
    for task in range(3):
        learner.learn(ToyPoints(0).task(task))
    return learner.network


def case(name):
    """A network, inputs, the layers up to the representation, and how `ftle` is to find it."""
    with seeded(0, "case", name):
        if name == "residual":
            network = residual_network()
            return network, torch.randn(3, 3, 12, 12), network, {"layer": "8"}
        network, x = {
            "relu": lambda: (MLP((20,), 2, (50, 60, 45)), torch.randn(6, 20)),
            "tanh, trained": lambda: (trained_mlp(), ToyPoints(0).task(2).train_x[:6]),
            "images to an mlp": lambda: (MLP((3, 4, 4), 2, (40, 44), "tanh"), torch.randn(5, 3, 4, 4)),
            "smallconv": lambda: (SmallConv((3, 10, 10), 2), torch.randn(3, 3, 10, 10)),
            "convnet": lambda: (ConvNet((1, 32, 32), 2), torch.randn(1, 1, 32, 32)),
        }[name]()
        return network.eval(), x, network.body, {}


@pytest.mark.parametrize("name", ["relu", "tanh, trained", "images to an mlp", "smallconv", "convnet", "residual"])
def test_both_paths_agree_with_the_chain_rule(name):
    network, x, layers, where = case(name)
    depth = {"relu": 3, "tanh, trained": 2, "images to an mlp": 2, "smallconv": 4, "convnet": 5, "residual": 6}[name]
    sigma = spectra(layers, x)
    kept = sigma > 1e-14 * sigma[:, :1]
    expected = np.full_like(sigma, -np.inf)
    expected[kept] = np.log(sigma[kept]) / depth

    exact = ftle(network, x, k=None, dtype=torch.float64, **where).numpy()
    np.testing.assert_allclose(exact, expected[:, : exact.shape[1]], rtol=0, atol=1e-10)
    single = ftle(network, x, k=None, **where).numpy()
    clear = sigma[:, : single.shape[1]] > 1e-4 * sigma[:, :1]
    np.testing.assert_allclose(single[clear], expected[:, : single.shape[1]][clear], rtol=0, atol=1e-5)
    for k in (1, 3):
        np.testing.assert_allclose(ftle(network, x, k=k, method="lanczos", **where), expected[:, :k], rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", ["tanh, trained", "residual"])
@pytest.mark.parametrize("method", ["exact", "lanczos"])
def test_singular_vectors_are_where_a_small_step_leads(name, method):
    """f(x + e right) - f(x) = e sigma left, by differences in float64."""
    network, x, layers, where = case(name)
    depth = {"tanh, trained": 2, "residual": 6}[name]
    found = singular_vectors(network, x, k=2, method=method, dtype=torch.float64, tolerance=1e-10, **where)
    assert found.right.shape == (len(x), 2, *x.shape[1:])
    body = nn.Sequential(*layers).double()
    for rank in range(2):
        step = 1e-6 * found.right[:, rank]
        with torch.no_grad():
            moved = (body(x.double() + step) - body(x.double() - step)).flatten(1) / 2e-6
        sigma = (depth * found.ftle[:, rank]).exp()
        torch.testing.assert_close(moved, sigma[:, None] * found.left[:, rank], rtol=0, atol=1e-5 * sigma.max().item())
