"""Head reset: the head is new, its momentum gone, and the body untouched, under each of the training's rules."""

from dataclasses import replace

import pytest
import torch

from lop_tutorial.interventions import HeadReset
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training

SHORT = Training(step_size=0.05, epochs=3, batch_size=16)


def started(how, rule):
    """The learner at the start of its second task, and its network and momentum before."""
    one = Learner(lambda: MLP((20,), 2, hidden=(8, 64)), replace(SHORT, head=rule), HeadReset(how))
    one.learn(ToyPoints(0).task(0))
    weights = {name: p.detach().clone() for name, p in one.network.named_parameters()}
    momentum = {name: m.clone() for name, m in momenta(one).items()}
    one.start(ToyPoints(0).task(1))
    return one, weights, momentum


def momenta(one):
    return {name: one.optimiser.state[p]["momentum_buffer"] for name, p in one.network.named_parameters()}


@pytest.mark.parametrize("rule", ["zero", "fresh", "keep"])
@pytest.mark.parametrize("how", ["zero", "fresh"])
def test_the_head_alone_is_new(how, rule):
    one, weights, momentum = started(how, rule)
    for name, now in one.network.named_parameters():
        is_head = name.startswith("head")
        assert torch.equal(now, weights[name]) != is_head
        assert bool(momentum[name].any())
        assert torch.equal(momenta(one)[name], torch.zeros_like(now) if is_head else momentum[name])


@pytest.mark.parametrize(
    ("how", "rule", "zero"), [("zero", "keep", True), ("fresh", "keep", False), ("fresh", "zero", True)]
)
def test_the_trainings_rule_comes_last(how, rule, zero):
    head = started(how, rule)[0].network.head
    assert bool(head.weight.any()) != zero
    assert bool(head.bias.any()) != zero
    assert head.weight.abs().max() <= 64**-0.5  # the initialiser's bound; the learned head may lie outside


def test_a_wrong_word_is_named():
    with pytest.raises(ValueError, match="how is 'new'; it must be one of fresh, zero"):
        HeadReset("new")
