"""Normalised pre-activations: where they are, what they are, and what stays as it was."""

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock

from lop_tutorial.interventions import LayerNorm
from lop_tutorial.networks import MLP, ConvNet, ResNet18, SmallConv
from lop_tutorial.training import Learner

NETWORKS = {  # with how many linear layers and convolutions there are below the head, shortcuts included
    "mlp": (lambda: MLP((3, 32, 32), 4, hidden=(40, 30, 20)), 3),
    "tanh": (lambda: MLP((3, 32, 32), 4, hidden=(40, 30), activation="tanh"), 2),
    "smallconv": (lambda: SmallConv((3, 32, 32), 4), 4),
    "convnet": (lambda: ConvNet((3, 32, 32), 4), 5),
    "resnet18": (lambda: ResNet18((3, 32, 32), 4, width=1 / 8), 20),
}


def built(name):
    torch.manual_seed(0)
    plain = NETWORKS[name][0]()
    torch.manual_seed(0)
    return plain, LayerNorm().build(NETWORKS[name][0])


def seen_by_nonlinearities(network, x):
    """What goes into every nonlinearity, but into those at the end of a residual block, which see a sum."""
    seen = []

    def keep(module, read):
        seen.append((module, read[0].detach().clone()))

    handles = [
        module.register_forward_pre_hook(keep) for module in network.modules() if isinstance(module, nn.ReLU | nn.Tanh)
    ]
    network.eval().representation(x)  # in training, pooling may come before
    for handle in handles:
        handle.remove()
    ends = {block.relu for block in network.body if isinstance(block, BasicBlock)}
    first_calls, met = [], set()
    for module, value in seen:
        if module not in ends or module not in met:
            first_calls.append(value)
        met.add(module)
    return first_calls


@pytest.mark.parametrize("name", NETWORKS)
def test_pre_activations_of_each_example_have_mean_0_and_variance_1(name):
    plain, network = built(name)
    x = 3 * torch.randn(4, 3, 32, 32) + 1
    seen = seen_by_nonlinearities(network, x)
    assert len(seen) == {"mlp": 3, "tanh": 2, "smallconv": 4, "convnet": 5, "resnet18": 9}[name]
    for h in seen:
        h = h.flatten(1).double()
        torch.testing.assert_close(h.mean(dim=1), torch.zeros(4, dtype=torch.float64), atol=1e-5, rtol=0)
        torch.testing.assert_close(h.var(dim=1, correction=0), torch.ones(4, dtype=torch.float64), atol=2e-3, rtol=0)
    unlike = [h.flatten(1).var(dim=1) for h in seen_by_nonlinearities(plain.eval(), x)]
    assert max((each - 1).abs().max() for each in unlike) > 0.1


@pytest.mark.parametrize("name", NETWORKS)
def test_the_rest_is_as_without_the_method(name):
    plain, network = built(name)

    def layers(of):
        return [module for module in of.modules() if isinstance(module, nn.Linear | nn.Conv2d)]

    for mine, other in zip(layers(network), layers(plain), strict=True):
        assert torch.equal(mine.weight, other.weight)
        assert torch.equal(mine.bias, other.bias)
    assert network.depth == plain.depth
    assert [units.number for units in network.units()] == [units.number for units in plain.units()]
    assert all(isinstance(units.norm, nn.LayerNorm | nn.GroupNorm) for units in network.units())
    assert sum(isinstance(module, nn.LayerNorm | nn.GroupNorm) for module in network.modules()) == NETWORKS[name][1]
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    assert network.representation(torch.randn(2, 3, 32, 32)).shape == (2, network.head.in_features)


@pytest.mark.parametrize("name", NETWORKS)
def test_an_example_does_not_see_the_others_in_its_batch(name):
    network, x = built(name)[1].double(), torch.randn(6, 3, 32, 32, dtype=torch.float64)
    torch.testing.assert_close(network.train()(x)[:2], network(x[:2]))
    torch.testing.assert_close(network.eval()(x), network.train()(x))


def test_gain_and_bias_belong_to_the_map():
    """One convolution's normalisation, in loops and float64."""
    network = built("smallconv")[1]
    norm = network.body[1]
    assert norm.weight.shape == norm.bias.shape == (16,)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2)
        norm.bias.normal_()
    h = 0.01 * torch.randn(3, 16, 5, 5) + 0.2
    found, h = norm(h).detach().numpy(), h.double().numpy()
    for example in range(3):
        normal = (h[example] - h[example].mean()) / np.sqrt(h[example].var() + 1e-5)
        for unit in range(16):
            expected = norm.weight[unit].item() * normal[unit] + norm.bias[unit].item()
            np.testing.assert_allclose(found[example, unit], expected, rtol=1e-4, atol=1e-4)


def test_gains_and_biases_are_trained_and_a_restart_draws_the_weights_of_no_intervention():
    one, other = Learner(lambda: MLP((5,), 2), intervention=LayerNorm()), Learner(lambda: MLP((5,), 2))
    trained = {p for group in one.optimiser.param_groups for p in group["params"]}
    assert {one.network.body[2].weight, one.network.body[2].bias} <= trained
    for each in (one, other):
        each.tasks_learned = 3
        each.restart()
    assert torch.equal(one.network.body[1].weight, other.network.body[1].weight)
    assert torch.equal(one.network.body[4].weight, other.network.body[3].weight)
