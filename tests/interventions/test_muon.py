"""Muon's step against one computed in NumPy, with the gradients that automatic differentiation gives."""

import numpy as np
import pytest
import torch

from lop_tutorial.interventions import Muon
from lop_tutorial.interventions.newton_schulz import QUINTIC
from lop_tutorial.networks import MLP, SmallConv
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training


def in_numpy(matrix, steps):
    """Muon's polynomial on singular values."""
    u, s, vt = np.linalg.svd(matrix, full_matrices=False)
    s = s / np.linalg.norm(s)
    for _ in range(steps):
        s = QUINTIC[0] * s + QUINTIC[1] * s**3 + QUINTIC[2] * s**5
    return u * s @ vt


def batches(number, shape=(20,), outputs=2):
    draw = torch.Generator().manual_seed(3)
    for _ in range(number):
        labels = torch.randint(outputs, (16,), generator=draw)
        yield torch.randn(16, *shape, generator=draw), torch.nn.functional.one_hot(labels, outputs).float()


@pytest.mark.parametrize(
    ("make", "shape"),
    [(lambda: MLP((20,), 2, hidden=(32, 6)), (20,)), (lambda: SmallConv((3, 12, 12), 2), (3, 12, 12))],
)
def test_three_steps(make, shape):
    training = Training(step_size=0.1, momentum=0.9, weight_decay=0.01, head="keep")
    one = Learner(make, training, Muon(scale=0.3, momentum=0.8))
    hidden = [units.incoming.weight for units in one.network.units()]
    kept = [np.zeros(w.shape) for w in hidden]
    head, velocity = one.network.head.weight, np.zeros(one.network.head.weight.shape)
    for x, y in batches(3, shape):
        weights = list(one.network.parameters())
        found = torch.autograd.grad(torch.nn.functional.cross_entropy(one.network(x), y), weights)
        gradients = dict(zip(weights, (g.double().numpy() for g in found), strict=True))
        expected = []
        for place, w in enumerate(hidden):
            kept[place] = 0.8 * kept[place] + 0.2 * gradients[w]
            ahead = (0.2 * gradients[w] + 0.8 * kept[place]).reshape(len(w), -1)
            step = 0.3 * max(1, ahead.shape[0] / ahead.shape[1]) ** 0.5 * in_numpy(ahead, 5).reshape(w.shape)
            expected.append(w.detach().double().numpy() * (1 - 0.1 * 0.01) - 0.1 * step)
        velocity = 0.9 * velocity + gradients[head] + 0.01 * head.detach().double().numpy()
        of_head = head.detach().double().numpy() - 0.1 * velocity
        one._step(x, y)
        for w, value in zip(hidden, expected, strict=True):
            np.testing.assert_allclose(w.detach(), value, atol=2e-5)
        np.testing.assert_allclose(head.detach(), of_head, atol=1e-5)  # the training's own step


def test_its_momentum_begins_anew_with_a_task():
    one = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), Training(epochs=1, head="keep"), Muon())
    one.learn(ToyPoints(0).task(0))
    assert all(bool(kept.any()) for kept in one.memory.values())
    one.start(ToyPoints(0).task(1))
    assert not any(bool(kept.any()) for kept in one.memory.values())


@pytest.mark.parametrize("settings", [{"scale": -1}, {"iterations": -1}, {"momentum": 1.5}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        Muon(**settings)
