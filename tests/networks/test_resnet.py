"""ResNet-18 against torchvision's, with the same weights, and its units written out by hand."""

import pytest
import torch
import torchvision
from torch import nn

from lop_tutorial.geometry import ftle, layers_up_to
from lop_tutorial.networks import ResNet18


def torchvisions(network, outputs):
    """torchvision's ResNet-18 with our stem and weights. Its convolutions have no biases: ours go into the means."""
    other = torchvision.models.resnet18(num_classes=outputs)
    other.conv1, other.maxpool = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.Identity()
    other.double()
    mine = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d | nn.Linear)]
    theirs = [m for m in other.modules() if isinstance(m, nn.Conv2d | nn.BatchNorm2d | nn.Linear)]
    bias = None
    for source, target in zip(mine, theirs, strict=True):
        assert type(source) is type(target)
        kept = source.state_dict()
        if isinstance(source, nn.Conv2d):
            assert (source.stride, source.padding) == (target.stride, target.padding)
            bias = kept.pop("bias")
        elif isinstance(source, nn.BatchNorm2d):
            kept["running_mean"] = kept["running_mean"] - bias
        target.load_state_dict(kept)
    return other


def test_it_computes_what_torchvisions_computes():
    torch.manual_seed(0)
    network, x = ResNet18((3, 32, 32), 7).double().eval(), torch.randn(3, 3, 32, 32).double()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.bias.normal_(std=0.1)
            elif isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(std=0.1)
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.5, 1.5)
        other = torchvisions(network, 7).eval()
        torch.testing.assert_close(network(x), other(x), rtol=1e-10, atol=1e-10)
        assert network.representation(x).shape == (3, 512)
        assert network(x).shape == (3, 7)


def test_number_of_parameters():
    """torchvision counts 11,689,512 with 1000 outputs; ours has a smaller stem, and biases in 20 convolutions."""
    network = ResNet18((3, 32, 32), 1000)
    biases = 64 * 5 + (128 + 256 + 512) * 5
    stem = (7 * 7 - 3 * 3) * 3 * 64
    assert sum(p.numel() for p in network.parameters()) == 11_689_512 - stem + biases
    quarter = ResNet18((3, 32, 32), 100, width=0.25)
    assert [units.number for units in quarter.units()] == [16] * 5 + [32] * 4 + [64] * 4 + [128] * 4
    assert quarter.representation(torch.randn(2, 3, 32, 32)).shape == (2, 128)


def test_initial_weights_are_kaimings_and_biases_zero():
    torch.manual_seed(0)
    network = ResNet18((3, 32, 32), 100)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    for module in convolutions:
        assert not module.bias.any()
        expected = (2 / module.weight[0].numel()) ** 0.5
        assert module.weight.std().item() == pytest.approx(expected, rel=4 / module.weight.numel() ** 0.5)
    assert network.head.weight.std().item() == pytest.approx(512**-0.5, rel=0.02)
    assert not network.head.bias.any()


def test_units_by_hand():
    network = ResNet18((3, 32, 32), 5, width=1 / 16)
    body, head, units = network.body, network.head, network.units()
    blocks = range(3, 11)  # body: convolution, normalisation, ReLU, eight blocks, pooling, flattening
    names = ["body.0"] + [f"body.{block}.conv{part}" for block in blocks for part in (1, 2)]
    assert [each.name for each in units] == names
    assert [each.on_stream for each in units] == [True] + [False, True] * 8
    assert [each.positions for each in units] == [1] * 17
    first, last = units[0], units[-1]
    assert (first.incoming, first.norm, first.outgoing) == (body[0], body[1], body[3].conv1)
    assert (last.incoming, last.norm, last.outgoing) == (body[10].conv2, body[10].bn2, head)
    for at, block in enumerate(blocks):
        inner, outer = units[1 + 2 * at], units[2 + 2 * at]
        assert (inner.incoming, inner.norm, inner.outgoing) == (body[block].conv1, body[block].bn1, body[block].conv2)
        after = head if block == 10 else body[block + 1].conv1
        assert (outer.incoming, outer.norm, outer.outgoing) == (body[block].conv2, body[block].bn2, after)


def test_depth_and_exponents():
    """17 layers lie between image and representation on the longest way; three shortcuts lie beside it."""
    network, x = ResNet18((3, 32, 32), 5, width=1 / 16).double().eval(), torch.randn(2, 3, 32, 32).double()
    assert network.depth == layers_up_to(network, x) == 17
    assert layers_up_to(network, x, "body") == 17
    jacobian = torch.func.jacrev(network.representation)(x[:1]).reshape(32, -1)
    expected = torch.linalg.svdvals(jacobian)[0].log() / 17
    torch.testing.assert_close(ftle(network, x)[0, 0], expected, rtol=0, atol=1e-3)


def test_a_width_without_maps_is_named():
    with pytest.raises(ValueError, match=r"width is 0.001; the first stage would have no map"):
        ResNet18((3, 32, 32), 2, width=0.001)
