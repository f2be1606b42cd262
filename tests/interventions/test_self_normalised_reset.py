"""Self-normalised resets: the probability of a silence, unit by unit in plain Python, and who is reset when."""

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lop_tutorial.interventions import SelfNormalisedReset
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training


def learner(rejection=0.01, units=3, activation="relu"):
    make = lambda: MLP((20,), 2, hidden=(units,), activation=activation)  # noqa: E731
    return Learner(make, Training(step_size=0.05, epochs=3, batch_size=16), SelfNormalisedReset(rejection))


def resets(one, fires):
    """Which units the method chooses, given which (batch, unit) fire."""
    return one.intervention._choose(one.units[0], fires[:, :, None].float(), one.memory).tolist()


def test_a_silence_counts_against_the_units_own_past():
    """Ten samples a batch. One unit fires always, one on every tenth sample; then all fall silent.

    After 20 batches P(10) of the first is about (1 / 202)^10; of the second (1 - 21 / 202)^a, which is 0.0415 for
    a = 29 and falls below 0.01 between a = 40 and a = 50.
    """
    one = learner(units=2)
    fires = torch.zeros(10, 2, dtype=torch.bool)
    fires[:, 0], fires[3, 1] = True, True
    for _ in range(20):
        assert resets(one, fires) == [False, False]
    silence = torch.zeros(10, 2, dtype=torch.bool)
    assert [resets(one, silence)[1] for _ in range(6)] == [False] * 4 + [True, False]


def test_the_first_silent_batch_is_enough_for_one_that_always_fired():
    one = learner(units=2)
    for _ in range(20):
        resets(one, torch.ones(10, 2, dtype=torch.bool))
    assert resets(one, torch.tensor([[False, True]]).expand(10, 2)) == [True, False]
    assert one.memory["body.1.seen"].tolist() == [0, 210]
    assert one.memory["body.1.fired"].tolist() == [0, 210]


def test_a_new_unit_is_given_time():
    """1 / (a + 1) <= 0.01 from a = 99 on."""
    one = learner(units=1)
    chosen = [resets(one, torch.zeros(10, 1, dtype=torch.bool))[0] for _ in range(10)]
    assert chosen == [False] * 9 + [True]


@given(
    st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=60),
    st.sampled_from([0.3, 0.1, 0.01]),
)
def test_it_is_the_exact_probability(history, rejection):
    one, n, f, a = learner(rejection, units=1), 0, 0, 0
    for batch in history:
        a += 4
        if any(batch):
            n, f, a = n + a, f + sum(batch), 0
        probability = math.prod((Fraction(n - f + 1 + i, n + 2 + i) for i in range(a)), start=Fraction(1))
        expected = probability <= Fraction(rejection)
        if abs(probability - Fraction(rejection)) > 1e-9:
            assert resets(one, torch.tensor(batch)[:, None]) == [expected]
        else:
            expected = resets(one, torch.tensor(batch)[:, None])[0]
        if expected:
            n = f = a = 0


def test_a_map_fires_where_any_position_does():
    one = learner(units=2)
    activations = torch.zeros(5, 2, 9)
    activations[2, 1, 7] = 0.1
    one.intervention._choose(one.units[0], activations, one.memory)
    assert one.memory["body.1.fired"].tolist() == [0, 1]
    assert one.memory["body.1.age"].tolist() == [5, 0]


def test_a_dead_unit_is_revived_and_the_living_are_left():
    one = learner()
    with torch.no_grad():
        one.network.body[1].bias.copy_(torch.tensor([100.0, -100.0, 100.0]))
    x = ToyPoints(0).task(0).train_x
    before = one.network.body[1].weight.detach().clone()
    one.network.train()
    for _ in range(2):  # 128 silent samples
        one.network(x)
        with torch.no_grad():
            one.intervention.after_step(one)
    assert (one.network.body[1].weight != before).any(dim=1).tolist() == [False, True, False]
    assert one.network.body[1].bias.tolist() == [100.0, 0.0, 100.0]
    assert bool(one.network(x).isfinite().all())


def test_units_of_tanh_are_never_reset():
    ends = []
    for rejection in (0, 0.5):
        one = learner(rejection, activation="tanh")
        for t in range(2):
            one.learn(ToyPoints(0).task(t))
        ends.append(torch.cat([p.detach().flatten() for p in one.network.parameters()]))
    assert torch.equal(*ends)


@pytest.mark.parametrize(
    ("rejection", "message"),
    [(-0.1, "rejection is -0.1; it must be a finite"), (1, "rejection is 1; it must be below 1")],
)
def test_a_wrong_rate_is_named(rejection, message):
    with pytest.raises(ValueError, match=message):
        SelfNormalisedReset(rejection)
