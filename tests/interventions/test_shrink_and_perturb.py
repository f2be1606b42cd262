"""Shrink and perturb: exact shrinking by powers of two, fresh weights as a new network has them."""

import math

import pytest
import torch

from lop_tutorial.interventions import ShrinkAndPerturb
from lop_tutorial.networks import MLP, ResNet18
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training

SHORT = Training(step_size=0.05, epochs=3, batch_size=16, head="keep")


def mlp():
    return MLP((20,), 2, hidden=(64, 32))


def resnet():
    return ResNet18((3, 8, 8), 2, width=0.125)


def start_task(one):
    with torch.no_grad():
        one.intervention.start_task(one)


def state(one):
    return {name: value.clone() for name, value in one.network.state_dict().items()}


@pytest.mark.parametrize("make", [mlp, resnet])
def test_shrinking_alone_scales_every_weight(make):
    one = Learner(make, SHORT, ShrinkAndPerturb(shrink=0.5, noise=0))
    before = state(one)
    start_task(one)
    for name, now in state(one).items():
        factor = 1 if "running" in name or "num_batches" in name else 0.5
        assert torch.equal(now, factor * before[name]), name


def test_every_step_shrinks_once():
    training = Training(step_size=0.0, epochs=3, batch_size=16, head="keep")  # 12 steps that move nothing
    one = Learner(mlp, training, ShrinkAndPerturb(shrink=0.5, noise=0, every="step"))
    before = state(one)
    one.learn(ToyPoints(0).task(0))
    assert all(torch.equal(now, before[name] * 2.0**-12) for name, now in state(one).items())


def test_the_sum_of_both():
    """The same random numbers: shrink 0.25 with noise 2 is 0.25 of what was, plus twice what noise 1 alone gives."""
    ends = {}
    for shrink, noise in ((0, 1), (0.25, 2)):
        one = Learner(mlp, SHORT, ShrinkAndPerturb(shrink=shrink, noise=noise))
        before = state(one)
        start_task(one)
        ends[shrink] = state(one)
    for name, fresh in ends[0].items():
        torch.testing.assert_close(ends[0.25][name], 0.25 * before[name] + 2 * fresh)


def test_fresh_weights_are_those_of_pytorchs_initialiser():
    one = Learner(mlp, SHORT, ShrinkAndPerturb(shrink=0, noise=1))
    before = state(one)
    start_task(one)
    for name, now in state(one).items():
        bound = {"body.1": 20, "body.3": 64, "head": 32}[name.rpartition(".")[0]] ** -0.5
        assert not torch.equal(now, before[name])
        assert now.abs().max() <= bound
        if now.numel() > 500:
            assert now.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)  # uniform on [-bound, bound]


def test_fresh_weights_of_the_residual_network_are_kaimings():
    one = Learner(lambda: ResNet18((3, 8, 8), 50, width=0.25), SHORT, ShrinkAndPerturb(shrink=0, noise=1))
    start_task(one)
    net = one.network
    assert torch.equal(net.body[1].weight, torch.ones(16))
    assert not net.body[0].bias.any()
    assert not net.head.bias.any()
    conv = net.body[4].conv2.weight
    assert conv.std().item() == pytest.approx(math.sqrt(2 / conv[0].numel()), rel=0.05)
    assert net.head.weight.std().item() == pytest.approx(math.sqrt(1 / 128), rel=0.05)


def test_gaussian_noise_has_the_same_size_everywhere():
    one = Learner(mlp, SHORT, ShrinkAndPerturb(shrink=0, noise=2, fresh="gaussian"))
    start_task(one)
    all_weights = torch.cat([p.detach().flatten() for p in one.network.parameters()])
    assert all_weights.std().item() == pytest.approx(2, rel=0.05)
    assert all_weights.mean().item() == pytest.approx(0, abs=0.15)


@pytest.mark.parametrize("every", ["task", "step"])
def test_the_optimisers_memory_is_cleared_at_a_task_and_kept_at_a_step(every):
    one = Learner(mlp, SHORT, ShrinkAndPerturb(every=every, shrink=0.99, noise=0.01))
    one.learn(ToyPoints(0).task(0))
    start_task(one)
    momentum = [one.optimiser.state[p]["momentum_buffer"] for p in one.network.parameters()]
    assert any(bool(buffer.any()) for buffer in momentum) == (every == "step")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shrink": 1.5}, "shrink is 1.5; it must be a number from 0 to 1"),
        ({"noise": -1}, "noise is -1; it must be a finite number from 0 up"),
        ({"every": "epoch"}, "every is 'epoch'; it must be one of task, step"),
        ({"fresh": "uniform"}, "fresh is 'uniform'; it must be one of initialiser, gaussian"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        ShrinkAndPerturb(**settings)
