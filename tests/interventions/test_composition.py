"""Methods at once: alone they do what they do alone, and together each does its part."""

from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import pytest
import torch

from lop_tutorial.interventions import (
    L2,
    Composition,
    GeneralizedMixup,
    HareAndTortoise,
    Intervention,
    L2Init,
    LayerNorm,
    NoIntervention,
    ReDo,
    Retrained,
)
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training

SHORT = Training(step_size=0.05, epochs=3, batch_size=16)


def lived(method, tasks=3):
    learner = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), SHORT, method, seed=1)
    outcomes = [learner.learn(task) for task in islice(ToyPoints(1), tasks)]
    return learner, outcomes


@pytest.mark.parametrize(
    "method",
    [ReDo(tau=0.9, every=3), HareAndTortoise(decay=0.5, every=3), GeneralizedMixup(), L2Init(0.1), LayerNorm()],
    ids=lambda method: method.title,
)
@pytest.mark.parametrize("first", [True, False])
def test_with_no_intervention_it_is_the_method_to_the_last_bit(method, first):
    alone, outcomes = lived(method)
    composed, same = lived(Composition((method, NoIntervention()) if first else (NoIntervention(), method)))
    assert outcomes == same
    for one, other in zip(alone.network.parameters(), composed.network.parameters(), strict=True):
        assert torch.equal(one, other)
    prefix = "0." if first else "1."
    assert {prefix + name for name in alone.memory} == set(composed.memory)
    assert all(torch.equal(value, composed.memory[prefix + name]) for name, value in alone.memory.items())


def test_penalties_add_up():
    learner, _ = lived(Composition((L2(0.5), L2Init(0.25))), tasks=1)
    weights = [(w, learner.memory[f"1.{name}"]) for name, w in learner.network.named_parameters()]
    expected = sum(0.5 * w.square().sum() + 0.25 * (w - start).square().sum() for w, start in weights)
    torch.testing.assert_close(learner.intervention.penalty(learner), expected)


def test_a_restart_renews_the_other_parts_memories():
    learner, _ = lived(Composition((Retrained(), HareAndTortoise(decay=0.5, every=3))), tasks=1)
    learner.start(ToyPoints(1).task(1))
    for name, weight in learner.network.named_parameters():
        assert torch.equal(learner.memory[f"1.tortoise.{name}"], weight)


def test_parts_act_in_their_order():
    @dataclass(frozen=True)
    class Add(Intervention):
        title: ClassVar[str] = "Add"

        def after_step(self, learner):
            learner.network.head.bias.add_(1)

    @dataclass(frozen=True)
    class Double(Intervention):
        title: ClassVar[str] = "Double"

        def after_step(self, learner):
            learner.network.head.bias.mul_(2)

    for parts, expected in (((Add(), Double()), 2), ((Double(), Add()), 1)):
        learner = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), SHORT, Composition(parts))
        with torch.no_grad():
            learner.intervention.after_step(learner)
        assert learner.network.head.bias.tolist() == [expected, expected]


def test_gradients_pass_through_parts_in_their_order():
    @dataclass(frozen=True)
    class Halve(Intervention):
        def before_step(self, learner):
            learner.gradients["head.bias"].mul_(0.5)

    @dataclass(frozen=True)
    class AddOne(Intervention):
        def before_step(self, learner):
            learner.gradients["head.bias"].add_(1)

    for parts, expected in (((Halve(), AddOne()), 2), ((AddOne(), Halve()), 1.5)):
        learner = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), SHORT, Composition(parts))
        learner.network.head.bias.grad = torch.tensor([2.0, 2.0])
        with torch.no_grad():
            learner.intervention.before_step(learner)
        assert learner.network.head.bias.grad.tolist() == [expected, expected]


def test_two_losses_are_refused():
    @dataclass(frozen=True)
    class Own(Intervention):
        title: ClassVar[str] = "Own"

        def loss(self, default, logits, y):
            return default(logits, y)

    with pytest.raises(ValueError, match=r"Own \+ G-mixup has several methods with a loss of their own"):
        Composition((Own(), GeneralizedMixup()))


def test_a_part_meets_its_own_memory_and_none_of_the_others():
    """Under its own names, whatever it does to it: as if it were alone."""
    met = []

    @dataclass(frozen=True)
    class Count(Intervention):
        start: float = 0.0

        def remember(self, network):
            return {"steps": torch.tensor(self.start), "spare": torch.zeros(2)}

        def after_step(self, learner):
            learner.memory["steps"] = learner.memory["steps"] + 1
            met.append((len(learner.memory), {name: value.tolist() for name, value in learner.memory.items()}))

    class CountToo(Count):
        pass

    learner = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), SHORT, Composition((Count(3.0), CountToo(5.0), L2(0.1))))
    with torch.no_grad():
        learner.intervention.after_step(learner)
    assert met == [(2, {"steps": 4.0, "spare": [0, 0]}), (2, {"steps": 6.0, "spare": [0, 0]})]
    assert learner.memory["0.steps"] == 4
    assert learner.memory["1.steps"] == 6
