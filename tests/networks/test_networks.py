import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, cross_entropy, linear, max_pool2d, relu

from lop_tutorial.interventions.crelu import ConcatenatedReLU
from lop_tutorial.networks import MLP, NETWORKS, ConvNet, SmallConv
from lop_tutorial.networks.network import pool_first


def test_convnet_is_the_benchmarks_network():
    """The layers as the paper's benchmark publishes them, written out with functional calls."""
    network = ConvNet((3, 32, 32), 2)
    shapes = [tuple(p.shape) for p in network.parameters()]
    assert shapes[::2] == [(32, 3, 5, 5), (64, 32, 3, 3), (128, 64, 3, 3), (128, 512), (128, 128), (2, 128)]
    p, x = list(network.parameters()), torch.randn(5, 3, 32, 32)
    h = x
    for layer in range(3):
        h = max_pool2d(relu(conv2d(h, p[2 * layer], p[2 * layer + 1])), 2)
    h = h.flatten(1)
    for layer in range(3, 5):
        h = relu(linear(h, p[2 * layer], p[2 * layer + 1]))
    torch.testing.assert_close(network.representation(x), h)
    torch.testing.assert_close(network(x), linear(h, p[10], p[11]))


@pytest.mark.parametrize(("size", "flat"), [(32, 32 * 6 * 6), (16, 32 * 2 * 2), (10, 32)])
def test_smallconv_fits_any_image_size(size, flat):
    network = SmallConv((3, size, size), 2)
    shapes = [tuple(p.shape) for p in network.parameters()][::2]
    assert shapes == [(16, 3, 3, 3), (32, 16, 3, 3), (64, flat), (64, 64), (2, 64)]
    assert network(torch.randn(3, 3, size, size)).shape == (3, 2)


@pytest.mark.parametrize("name", NETWORKS)
def test_logits_are_the_head_of_the_representation(name):
    network = NETWORKS[name]((3, 32, 32), 4)
    x = torch.randn(6, 3, 32, 32)
    torch.testing.assert_close(network(x), network.head(network.representation(x)))
    assert network.representation(x).shape == (6, network.head.in_features)


@pytest.mark.parametrize(("make", "size"), [(ConvNet, 32), (SmallConv, 16), (SmallConv, 15)])
def test_a_training_pass_pools_first_and_changes_no_bit(make, size):
    """As the layers are written, ReLU comes first; with steps between whole numbers, windows have equal maxima too."""
    network = make((3, size, size), 2)
    with torch.no_grad():
        network.body[0].weight.round_(decimals=1)
    x, y = torch.randn(20, 3, size, size).round(), torch.arange(20) % 2
    found = []
    for logits in (network(x), network.head(network.body(x))):
        network.zero_grad()
        cross_entropy(logits, y).backward()
        found.append([logits.detach(), *(p.grad for p in network.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
    names = [type(layer).__name__ for _, layer in pool_first(network.body)]
    assert names[:6] == ["Conv2d", "MaxPool2d", "ReLU"] * 2


def test_only_relu_lets_pooling_pass():
    """The second half of a concatenated ReLU falls where its input rises."""
    layers = nn.Sequential(ConcatenatedReLU(), nn.MaxPool2d(2), nn.Tanh(), nn.MaxPool2d(2))
    assert pool_first(layers) == list(layers.named_children())


def test_depth_counts_layers_up_to_the_representation():
    assert ConvNet((3, 32, 32), 2).depth == 5
    assert SmallConv((3, 32, 32), 2).depth == 4
    assert MLP((20,), 2, hidden=(32, 32, 32, 2)).depth == 4


def test_mlp_activations_by_place():
    network = MLP((4,), 2, hidden=(8, 3), activation="relu", last_activation="linear")
    x = torch.randn(50, 4)
    first = relu(network.body[1](network.body[0](x)))
    torch.testing.assert_close(network.representation(x), network.body[3](first))
    assert (network.representation(x) < 0).any()


def test_heads():
    network = MLP((4,), 3, hidden=(8,))
    before = network.head.weight.clone()
    network.reset_head("keep")
    assert torch.equal(network.head.weight, before)
    network.reset_head("fresh")
    assert not torch.equal(network.head.weight, before)
    network.reset_head("zero")
    assert network.head.weight.abs().sum() == network.head.bias.abs().sum() == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP((4,), 2, activation="reluu"), "'reluu'; known are relu, tanh"),
        (lambda: MLP((4,), 2, hidden=()), "hidden is empty"),
        (lambda: ConvNet((3, 16, 16), 2), "16 x 16 pixels are too small"),
    ],
)
def test_wrong_settings_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
