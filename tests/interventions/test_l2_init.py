"""The pull towards the first weights, by hand."""

import math
from itertools import islice

import numpy as np
import pytest
import torch

from lop_tutorial.interventions import Composition, L2Init, LayerNorm, NoIntervention
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training

FAST = Training(step_size=0.05, epochs=2, batch_size=16)


def learner(strength, training=FAST, seed=0):
    method = NoIntervention() if strength is None else L2Init(strength)
    return Learner(lambda: MLP((20,), 2, hidden=(8, 6)), training, method, seed=seed)


def weights(of):
    return {name: p.detach().clone() for name, p in of.network.named_parameters()}


def test_value_and_gradient_of_the_penalty():
    """strength * ||theta - theta_0||^2, and 2 * strength * (theta - theta_0); biases count."""
    one = learner(0.25)
    moved = {}
    with torch.no_grad():
        for name, p in one.network.named_parameters():
            moved[name] = torch.randn_like(p)
            p += moved[name]
    one.intervention.penalty(one).backward()
    length = sum(np.square(each.double().numpy()).sum() for each in moved.values())
    assert one.intervention.penalty(one).item() == pytest.approx(0.25 * length, rel=1e-5)
    for name, p in one.network.named_parameters():
        torch.testing.assert_close(p.grad, 0.5 * moved[name], rtol=1e-5, atol=1e-5)


def test_it_pulls_in_the_second_step_and_not_in_the_first():
    """Without momentum, w_2 is that of no intervention less step size * 2 * strength * (w_1 - w_0)."""
    training = Training(step_size=0.1, momentum=0.0, head="keep")
    pulled, free = learner(0.5, training), learner(None, training)
    start, x = weights(free), torch.randn(2, 16, 20)
    y = torch.eye(2).repeat(8, 1)
    for one in (pulled, free):
        one._step(x[0], y)
    first = weights(free)
    assert all(torch.equal(value, first[name]) for name, value in weights(pulled).items())
    for one in (pulled, free):
        one._step(x[1], y)
    for name, value in weights(pulled).items():
        expected = weights(free)[name] - 0.1 * 2 * 0.5 * (first[name] - start[name])
        torch.testing.assert_close(value, expected, rtol=1e-5, atol=1e-6)


def test_the_first_weights_stay_those_of_the_first_task():
    one = learner(1e-3)
    start = weights(one)
    assert not start["head.weight"].any()  # the head is set to zero, and drawn to zero
    for task in islice(ToyPoints(0), 2):
        one.learn(task)
    assert all(torch.equal(one.memory[name], value) for name, value in start.items())
    assert not torch.equal(one.memory["body.1.weight"], one.network.body[1].weight)


def test_a_restart_begins_with_new_first_weights():
    one = learner(1e-3)
    old = one.memory["body.1.weight"].clone()
    one.learn(ToyPoints(0).task(0))
    one.restart()
    assert all(torch.equal(one.memory[name], p) for name, p in one.network.named_parameters())
    assert not torch.equal(one.memory["body.1.weight"], old)
    assert one.intervention.penalty(one) == 0


def test_a_strong_pull_keeps_the_weights_where_they_began():
    distances = []
    for strength in (0, 0.1, 1):
        one = learner(strength, Training(step_size=0.05, epochs=40, batch_size=16))
        start = weights(one)
        one.learn(ToyPoints(0).task(0))
        distances.append(math.sqrt(sum((weights(one)[name] - start[name]).square().sum() for name in start)))
    assert distances[0] > 2 * distances[1] > 4 * distances[2] > 0, distances


def test_strength_zero_is_no_intervention_to_the_last_bit():
    free, pulled = learner(None), learner(0)
    for task in islice(ToyPoints(0), 3):
        assert free.learn(task) == pulled.learn(task)
    assert all(torch.equal(value, weights(pulled)[name]) for name, value in weights(free).items())


@pytest.mark.parametrize("strength", [-1, math.inf, math.nan])
def test_a_wrong_strength_is_named(strength):
    with pytest.raises(ValueError, match=f"strength is {strength}; it must be a finite number from 0 up"):
        L2Init(strength)


@pytest.mark.parametrize("normalisation", [False, True])
def test_normalisation_is_left_free_unless_asked_for(normalisation):
    method = Composition((LayerNorm(), L2Init(0.5, normalisation)))
    one = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), FAST, method)
    norms = {name: p for name, p in one.network.named_parameters() if name.startswith(("body.2.", "body.5."))}
    assert len(norms) == 4
    with torch.no_grad():
        for p in norms.values():
            p += 2
    moved = sum(4 * p.numel() for p in norms.values())
    assert one.intervention.penalty(one).item() == pytest.approx(0.5 * moved if normalisation else 0)
