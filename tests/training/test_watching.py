import pytest
import torch

from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training, watch


def learner(epochs=7):
    training = Training(step_size=0.1, batch_size=16, epochs=epochs, weight_decay=1e-3)
    return Learner(lambda: MLP((20,), 2, hidden=(8, 8)), training, seed=3)


def weights(learner):
    return [w.clone() for w in learner.network.parameters()]


def test_a_watched_learner_ends_in_the_same_bits_as_one_that_is_not():
    tasks = [ToyPoints(0).task(t) for t in range(2)]
    plain, watched = learner(), learner()
    for task in tasks:
        plain.learn(task)
        for _ in watch(watched, task, [0, 1, 4, 7]):
            watched.evaluate(task.test_x, task.test_y, 2)  # measuring changes nothing
    assert watched.tasks_learned == 2
    for ours, theirs in zip(weights(watched), weights(plain), strict=True):
        assert torch.equal(ours, theirs)


def test_it_pauses_after_each_number_of_epochs():
    watched, task = learner(), ToyPoints(0).task(0)
    seen = [(pause, weights(watched)) for pause in watch(watched, task, [0, 2, 3])]
    assert [pause for pause, _ in seen] == [0, 2, 3]
    for pause, found in seen[1:]:
        other = learner(epochs=pause)
        other.learn(task)
        assert all(torch.equal(a, b) for a, b in zip(found, weights(other), strict=True))
    start = learner()
    start.network.reset_head("zero")
    assert all(torch.equal(a, b) for a, b in zip(seen[0][1], weights(start), strict=True))


@pytest.mark.parametrize("epochs", [[], [-1, 2], [3, 2], [2, 2]])
def test_epochs_out_of_order_are_refused_before_anything_is_trained(epochs):
    watched = learner()
    with pytest.raises(ValueError, match="must ascend from 0 or later"):
        watch(watched, ToyPoints(0).task(0), epochs)
    assert watched.tasks_learned == 0
