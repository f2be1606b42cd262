"""The step in which a loss first is not finite."""

import math

import pytest
import torch

from lop_tutorial.interventions import intervention
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Fleet, Learner, Training
from lop_tutorial.training.divergence import BLOCK, Divergence


@pytest.mark.parametrize("bad", [0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 5])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_the_first_bad_step_of_each_learner(bad, value):
    finite_steps = Divergence()
    for step in range(3 * BLOCK + 1):
        # the second learner is bad in one step alone, and fine again afterwards; the last one stays bad
        finite_steps.see(torch.tensor([1.0, value if step == bad else 2.0, 3.0 if step < bad else value]))
    assert [finite_steps.of(place).first_step() for place in range(3)] == [None, bad, bad]
    assert finite_steps.steps == 3 * BLOCK + 1


@pytest.mark.parametrize("steps", [0, 1, BLOCK, BLOCK + 1])
def test_settled_after_a_tasks_last_step_all_of_it_is_counted(steps):
    finite_steps = Divergence()
    for step in range(steps):
        finite_steps.see(torch.tensor([1.0, 2.0 if step < steps - 1 else math.nan]))
    finite_steps.settle()
    assert not finite_steps._recent
    assert [finite_steps.of(place).first_step() for place in range(2)] == [None, steps - 1 if steps else None]


def test_nothing_was_seen():
    assert Divergence().first_step() is None


def mlp():
    return MLP((20,), 2, hidden=(8,), activation="relu")


@pytest.mark.parametrize("together", [False, True])
def test_a_learner_tells_the_step(together, monkeypatch):
    """Inputs are spoiled in step 7 of the second task, of seed 5 alone."""
    training = Training(step_size=0.05, epochs=3, batch_size=20)
    stream = ToyPoints(5)
    steps = training.epochs * (len(stream.task(0).train_y) // 20)
    assert steps > 7
    seen = 0

    def spoil(module, inputs):
        nonlocal seen
        seen += 1
        return (inputs[0] * math.nan,) if module.training and seen == 8 else None

    if together:
        fleet = Fleet(mlp, training, [(intervention("none"), 4), (intervention("none"), 5)])
        streams = {seed: ToyPoints(seed) for seed in (4, 5)}
        first = fleet.learn({seed: each.task(0) for seed, each in streams.items()})
        batch = type(fleet._tasks).batch

        def spoiled(tasks):
            nonlocal seen
            seen += 1
            x, y = batch(tasks)
            return (x * torch.tensor([1.0, math.nan]).view(2, 1, 1) if seen == 8 else x), y

        monkeypatch.setattr(type(fleet._tasks), "batch", spoiled)
        fine, lost = fleet.learn({seed: each.task(1) for seed, each in streams.items()})
        assert not any(outcome.diverged for outcome in (*first, fine))
    else:
        learner = Learner(mlp, training, seed=5)
        assert not learner.learn(stream.task(0)).diverged
        learner.network.register_forward_pre_hook(spoil)
        lost = learner.learn(stream.task(1))
    assert (lost.task, lost.diverged_step) == (1, 7)
    assert math.isnan(lost.test_accuracy)


def test_what_only_the_last_step_spoiled_is_told_after_it():
    training = Training(step_size=1e30, epochs=1, batch_size=10**6, loss="squared_error", head="fresh")
    learner = Learner(mlp, training, seed=5)  # one step: its loss is finite, the weights it leaves overflow
    outcome = learner.learn(ToyPoints(5).task(0))
    assert outcome.diverged_step == 1
    assert outcome.diverged
