"""CReLU: both halves by hand, the network as a concatenation, and units whose columns are their own."""

import numpy as np
import pytest
import torch

from lop_tutorial.geometry import ftle, hidden_activations
from lop_tutorial.interventions import CReLU
from lop_tutorial.interventions.crelu import ConcatenatedReLU
from lop_tutorial.networks import MLP, ConvNet, ResNet18, SmallConv, Watch

NETWORKS = {
    "mlp": lambda: MLP((3, 10, 10), 4, hidden=(8, 6)),
    "smallconv": lambda: SmallConv((3, 12, 12), 4),
    "convnet": lambda: ConvNet((3, 32, 32), 4),
}


def seeded(make):
    torch.manual_seed(0)
    return make()


def test_both_halves_of_a_unit_side_by_side():
    assert ConcatenatedReLU()(torch.tensor([[1.0, -2.0]])).tolist() == [[1, 0, 0, 2]]
    maps = torch.tensor([[[[1.0, -2.0]], [[-3.0, 4.0]]]])
    assert ConcatenatedReLU()(maps).squeeze().tolist() == [[1, 0], [0, 2], [0, 4], [3, 0]]


def test_the_network_is_that_of_concatenated_halves():
    """As Shang et al. write it, [ReLU(h), ReLU(-h)] with the next layer's columns in that order, in NumPy."""
    net = seeded(lambda: CReLU().build(NETWORKS["mlp"]))
    x = torch.randn(5, 3, 10, 10)
    p = {name: value.detach().double().numpy() for name, value in net.named_parameters()}
    h = x.double().flatten(1).numpy()
    for layer in ("body.1", "body.3"):
        h = h @ p[f"{layer}.weight"].T + p[f"{layer}.bias"]
        h = np.concatenate([np.maximum(h, 0), np.maximum(-h, 0)], axis=1)
        reader = "body.3.weight" if layer == "body.1" else "head.weight"
        p[reader] = np.concatenate([p[reader][:, 0::2], p[reader][:, 1::2]], axis=1)
    logits = h @ p["head.weight"].T + p["head.bias"]
    np.testing.assert_allclose(net(x).detach(), logits, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_same_units_read_twice(name):
    plain, net = seeded(NETWORKS[name]), seeded(lambda: CReLU().build(NETWORKS[name]))
    assert torch.equal(
        plain.units()[0].incoming.weight, net.units()[0].incoming.weight
    )  # the first layer reads no ReLU
    assert net.depth == plain.depth
    for one, other in zip(plain.units(), net.units(), strict=True):
        assert (one.number, 2 * one.positions) == (other.number, other.positions)
        fan_in = other.outgoing.weight[0].numel()
        assert fan_in == 2 * one.outgoing.weight[0].numel()
        assert other.outgoing.weight.abs().max() <= fan_in**-0.5
    size = 32 if name == "convnet" else 12 if name == "smallconv" else 10
    x = torch.randn(3, 3, size, size)
    assert net.representation(x).shape == (3, net.head.in_features)
    assert torch.equal(net(x), net.head(net.representation(x)))


@pytest.mark.parametrize("name", ["mlp", "smallconv"])
def test_a_units_columns_are_its_own(name):
    """Silencing unit 1 silences exactly its two halves in what is watched, and its columns alone matter."""
    net = seeded(lambda: CReLU().build(NETWORKS[name])).train()
    x = torch.randn(4, 3, *((10, 10) if name == "mlp" else (12, 12)))
    watch = Watch(net.units())
    for place, units in enumerate(net.units()):
        with torch.no_grad():
            units.incoming.weight[1] = 0
            units.incoming.bias[1] = 0
        before = net(x)
        silent = watch.activations[place].abs().sum(dim=(0, 2)) == 0
        assert silent.tolist() == [unit == 1 for unit in range(units.number)]  # the others put something out always
        with torch.no_grad():
            units.outgoing_by_unit()[:, 1] = 99.0
        assert torch.equal(net(x), before)


def test_geometry_measures_it():
    net = seeded(lambda: CReLU().build(NETWORKS["mlp"]))
    x = torch.randn(3, 3, 10, 10)
    assert [h.shape[1] for h in hidden_activations(net, x).values()] == [16, 12]
    assert ftle(net, x).isfinite().all()


def test_a_head_that_reads_no_relu_stays():
    net = CReLU().build(lambda: MLP((4,), 2, hidden=(8, 6), last_activation="tanh"))
    assert net.head.in_features == 6
    assert net.body[3].in_features == 16


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ResNet18((3, 8, 8), 2, width=0.125), "CReLU needs a flat sequence of layers, but .* BasicBlock"),
        (lambda: MLP((4,), 2, activation="tanh"), "CReLU replaces the ReLUs of a network, and this one has none"),
    ],
)
def test_networks_it_does_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        CReLU().build(make)
