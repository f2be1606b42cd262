"""Stacked layers against PyTorch's own modules, in float64."""

import pytest
import torch
from torch import nn

from lop_tutorial.interventions import intervention
from lop_tutorial.networks import MLP, ConvNet, ResNet18, SmallConv
from lop_tutorial.training.fleet.forward import WAYS, Forward
from lop_tutorial.training.fleet.layers import CONVOLUTIONS, stackable, stacked_convolution

NETWORKS = {
    "mlp": lambda: MLP((3, 4, 4), 3, hidden=(8, 6), activation="gelu", scaled_head=True),
    "smallconv": lambda: SmallConv((3, 10, 10), 3),
    "convnet": lambda: ConvNet((3, 32, 32), 3),
    "resnet18": lambda: ResNet18((3, 8, 8), 3, width=0.0625),
}


@pytest.mark.parametrize(
    "settings",
    [{"dilation": 2}, {"groups": 3}, {"bias": False}, {"padding": 1, "padding_mode": "reflect"}, {"padding": "same"}],
    ids=lambda settings: next(iter(settings)),
)
def test_a_convolution_in_settings_that_the_stack_does_not_know_is_not_taken(settings):
    network = NETWORKS["smallconv"]()
    assert stackable(network)
    network.body[0] = nn.Conv2d(3, 15, 3, **settings)
    assert not stackable(network)


def test_a_layer_derived_from_a_known_one_is_not_taken():
    class Doubled(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    network = NETWORKS["mlp"]()
    place = next(i for i, layer in enumerate(network.body) if isinstance(layer, nn.Linear))
    network.body[place] = Doubled(48, 8)
    assert not stackable(network)


@pytest.mark.parametrize("how", CONVOLUTIONS)
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [((3, 3), (1, 1), (0, 0)), ((5, 3), (1, 2), (0, 1)), ((1, 1), (2, 2), (0, 0))]
)
def test_each_learner_has_the_convolution_that_conv2d_gives(how, kernel, stride, padding):
    torch.manual_seed(0)
    layers = [nn.Conv2d(4, 6, kernel, stride, padding, dtype=torch.float64) for _ in range(3)]
    x = torch.randn(3, 5, 4, 9, 8, dtype=torch.float64, requires_grad=True)
    weight = torch.stack([layer.weight.detach() for layer in layers]).requires_grad_()
    bias = torch.stack([layer.bias.detach() for layer in layers]).requires_grad_()
    expected = torch.stack([layer(own) for layer, own in zip(layers, x, strict=True)])
    towards = torch.randn_like(expected)
    (wanted,) = torch.autograd.grad(expected, x, towards, retain_graph=True)
    expected.backward(towards)
    found = stacked_convolution(x, weight, bias, stride, padding, how)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    back = torch.autograd.grad(found, (x, weight, bias), towards)
    own = torch.stack([layer.weight.grad for layer in layers]), torch.stack([layer.bias.grad for layer in layers])
    for one, other in zip(back, (wanted, *own), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("norm", ["as it is", "layer_norm"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NETWORKS)
def test_stacked_networks_give_what_each_gives_by_itself(name, way, norm):
    torch.manual_seed(1)
    make = NETWORKS[name] if norm == "as it is" else lambda: intervention("layer_norm").build(NETWORKS[name])
    networks = [make().double() for _ in range(3)]
    assert stackable(networks[0])
    for network in networks:  # gains, biases and running statistics that are not those of a new layer
        for tensor in network.state_dict().values():
            if tensor.ndim == 1 and tensor.is_floating_point():
                tensor.uniform_(0.5, 1.5)
    tensors = {k: torch.stack([network.state_dict()[k] for network in networks]) for k in networks[0].state_dict()}
    side = 32 if name == "convnet" else 10 if name == "smallconv" else 8 if name == "resnet18" else 4
    x = torch.randn(3, 4, 3, side, side, dtype=torch.float64)
    forward = Forward(networks[0], way, watch=True)
    for training in (True, False):
        found, activations = forward(tensors, x, training=training)
        seen = [[] for _ in networks]
        for network, kept in zip(networks, seen, strict=True):
            for units in network.units():
                units.outgoing.register_forward_pre_hook(lambda _, read, kept=kept: kept.append(read[0].clone()))
        expected = torch.stack([network.train(training)(own) for network, own in zip(networks, x, strict=True)])
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)
        if training:
            for one, kept in zip(activations, zip(*seen, strict=True), strict=True):
                torch.testing.assert_close(one.flatten(2), torch.stack(kept).flatten(2), rtol=1e-9, atol=1e-10)
    for key, values in tensors.items():  # running statistics have moved on alike
        torch.testing.assert_close(values, torch.stack([network.state_dict()[key] for network in networks]))


@pytest.mark.parametrize("how", CONVOLUTIONS)
def test_a_convolution_goes_by_single_pixels_and_adds_no_border_unless_asked(how):
    x, weight, bias = torch.randn(3, 2, 4, 6, 7), torch.randn(3, 5, 4, 3, 2), torch.randn(3, 5)
    each = [torch.conv2d(*own) for own in zip(x, weight, bias, strict=True)]
    torch.testing.assert_close(stacked_convolution(x, weight, bias, how=how), torch.stack(each), rtol=1e-4, atol=1e-5)


def test_an_unknown_way_is_named():
    with pytest.raises(ValueError, match="how is 'fft'"):
        stacked_convolution(torch.zeros(1, 1, 1, 3, 3), torch.zeros(1, 1, 1, 3, 3), torch.zeros(1, 1), how="fft")
