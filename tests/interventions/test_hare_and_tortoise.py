"""Hare & Tortoise: the average by hand, when the hare is set back, and what is measured."""

from dataclasses import replace

import pytest
import torch

from lop_tutorial.interventions import HareAndTortoise
from lop_tutorial.networks import MLP, ResNet18
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training


def learner(decay, every, **training):
    settings = {"step_size": 0.05, "epochs": 3, "batch_size": 16} | training
    return Learner(lambda: MLP((20,), 2, hidden=(8, 6)), Training(**settings), HareAndTortoise(decay, every))


def test_the_average_by_hand():
    """The hare runs by 8 from wherever it is. decay 0.75, set back every third step, from 0 on:

    step   hare   tortoise
    1      8      8                              (begins with the hare)
    2      16     0.75 * 8 + 0.25 * 16 = 10
    3      24     0.75 * 10 + 0.25 * 24 = 13.5   hare set back to 13.5
    4      21.5   0.75 * 13.5 + 0.25 * 21.5 = 15.5
    """
    one = learner(0.75, 3, head="keep")
    one.learn(ToyPoints(0).task(0))  # so that there is momentum
    hare, tortoise = one.network.body[1].weight, one.memory["tortoise.body.1.weight"]
    momentum = one.optimiser.state[hare]["momentum_buffer"]
    seen = []
    with torch.no_grad():
        hare.fill_(0)
        momentum.fill_(5)
        for _ in range(4):
            hare.add_(8)
            one.intervention.after_step(one)
            assert (hare == hare[0, 0]).all()
            assert (tortoise == tortoise[0, 0]).all()
            seen.append((hare[0, 0].item(), tortoise[0, 0].item(), momentum[0, 0].item()))
    assert seen == [(8, 8, 5), (16, 10, 5), (13.5, 13.5, 0), (21.5, 15.5, 0)]


def test_the_end_of_a_task_measures_the_tortoise_and_clears_momentum():
    one = learner(0.9, 1000)
    one.learn(ToyPoints(0).task(0))
    for name, weight in one.network.named_parameters():
        assert torch.equal(weight, one.memory[f"tortoise.{name}"])
        assert not one.optimiser.state[weight]["momentum_buffer"].any()
    assert one.memory["step"] == 0


def test_the_tortoise_does_not_bring_back_an_old_head():
    one = learner(0.9, 2)
    one.learn(ToyPoints(0).task(0))
    assert one.network.head.weight.any()
    one.training = replace(one.training, step_size=0.0)  # nothing moves in the second task
    body = one.network.body[1].weight.clone()
    one.learn(ToyPoints(0).task(1))
    assert not one.network.head.weight.any()
    torch.testing.assert_close(one.network.body[1].weight, body)


def test_a_fast_tortoise_is_the_hare():
    """decay 0 without momentum: the tortoise is the hare, so setting back changes nothing."""
    ends = []
    for every in (0, 3):
        one = learner(0, every, momentum=0.0)
        for t in range(2):
            one.learn(ToyPoints(0).task(t))
        ends.append(torch.cat([p.detach().flatten() for p in one.network.parameters()]))
    assert torch.equal(*ends)


def test_running_statistics_are_set_back_too_and_the_count_is_not():
    one = Learner(lambda: ResNet18((3, 8, 8), 2, width=0.125), Training(), HareAndTortoise(0.5, 2))
    norm = one.network.body[1]
    with torch.no_grad():
        for value in (1.0, 3.0):
            norm.running_mean.fill_(value)
            norm.num_batches_tracked += 1
            one.intervention.after_step(one)
    assert (norm.running_mean == 2).all()
    assert norm.num_batches_tracked == 2


@pytest.mark.parametrize(("settings", "message"), [((1.5, 10), "decay is 1.5"), ((0.9, -1), "every is -1")])
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        HareAndTortoise(*settings)
