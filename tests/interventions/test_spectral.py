"""Spectral regularisation against singular values of NumPy."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from lop_tutorial.interventions import Spectral
from lop_tutorial.networks import MLP, ResNet18, SmallConv
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training

KEEP = Training(step_size=0.05, epochs=3, batch_size=16, head="keep")
NETWORKS = {
    "mlp": lambda: MLP((20,), 2, hidden=(8, 6)),
    "smallconv": lambda: SmallConv((3, 12, 12), 4),
    "resnet18": lambda: ResNet18((3, 8, 8), 2, width=0.125),
}


def largest(weight):
    return np.linalg.svd(weight.detach().double().numpy().reshape(len(weight), -1), compute_uv=False)[0]


def converged(one, times=300):
    for _ in range(times):
        penalty = one.intervention.penalty(one)
    return penalty


@pytest.mark.parametrize(
    ("name", "power"),
    [
        pytest.param(name, power, marks=[pytest.mark.product] * (name == "resnet18" and power != 2))
        for name, power in product(NETWORKS, (1, 2, 3))
    ],
)
def test_the_penalty_is_that_of_the_singular_values(name, power):
    one = Learner(NETWORKS[name], KEEP, Spectral(strength=0.3, power=power, iterations=3))
    with torch.no_grad():
        for p in one.network.parameters():
            if p.ndim == 1:
                p.add_(torch.linspace(-0.2, 0.4, len(p)))
    expected = 0.0
    for name_, p in one.network.named_parameters():
        if p.ndim > 1:
            expected += (largest(p) ** power - 1) ** 2
        elif name_.endswith("bias"):
            expected += np.linalg.norm(p.detach().double().numpy()) ** (2 * power)
        else:
            expected += (p.detach().abs().max().item() ** power - 1) ** 2
    assert converged(one).item() == pytest.approx(0.3 * expected, rel=1e-3)


def test_its_gradient_is_along_the_leading_singular_vectors():
    one = Learner(NETWORKS["mlp"], KEEP, Spectral(strength=0.3))
    converged(one).backward()
    weight = one.network.body[1].weight
    u, s, vt = np.linalg.svd(weight.detach().double().numpy())
    expected = 0.3 * 2 * (s[0] ** 2 - 1) * 2 * s[0] * np.outer(u[:, 0], vt[0])
    np.testing.assert_allclose(weight.grad, expected, atol=1e-5)
    bias = one.network.body[1].bias
    b = bias.detach().double().numpy()
    np.testing.assert_allclose(bias.grad, 0.3 * 4 * (b @ b) * b, atol=1e-6)


def test_it_never_overestimates_and_improves():
    one = Learner(NETWORKS["mlp"], KEEP, Spectral())
    weight, v = one.network.body[1].weight, one.memory["body.1"]
    found = [one.intervention._norm(weight, v).item() for _ in range(50)]
    assert all(a <= b + 1e-6 for a, b in pairwise(found))
    assert found[-1] <= largest(weight) + 1e-5


def test_a_head_of_zeros_has_a_finite_gradient_and_keeps_its_vector():
    one = Learner(NETWORKS["mlp"], Training(head="zero"), Spectral(strength=1.0))
    before = one.memory["head"].clone()
    one.intervention.penalty(one).backward()
    assert all(p.grad.isfinite().all() for p in one.network.parameters())
    assert torch.equal(one.memory["head"], before)
    assert before.norm().item() == pytest.approx(1)


def test_the_layers_end_near_one():
    training = Training(step_size=0.02, epochs=40, batch_size=16, head="keep", momentum=0.5)
    norms = {}
    for strength in (0.0, 1.0):
        one = Learner(NETWORKS["mlp"], training, Spectral(strength=strength))
        with torch.no_grad():
            one.network.body[1].weight.mul_(3)
        one.learn(ToyPoints(0).task(0))
        norms[strength] = [largest(p) for p in one.network.parameters() if p.ndim > 1]
    assert np.abs(np.array(norms[1.0]) - 1).max() < 0.1
    assert np.abs(np.array(norms[0.0]) - 1).max() > 0.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strength": -1}, "strength is -1; it must be a finite number from 0 up"),
        ({"power": 0}, "power is 0; it must be a finite number from 1 up"),
        ({"iterations": 0}, "iterations is 0; it must be a finite number from 1 up"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Spectral(**settings)
