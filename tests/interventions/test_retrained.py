"""Retrained: nothing of the past is left at a new task."""

import torch

from lop_tutorial.interventions import Retrained
from lop_tutorial.networks import ResNet18
from lop_tutorial.streams import ClassPairs
from lop_tutorial.training import Learner, Training


def test_weights_running_averages_and_momentum_begin_again(tiny_images):
    stream = ClassPairs(tiny_images, 0)
    training = Training(step_size=0.01, epochs=1, batch_size=10)
    one = Learner(lambda: ResNet18(stream.shape, 2, width=1 / 16), training, Retrained())
    first = one.network.body[0].weight.detach().clone()
    one.learn(stream.task(0))
    learned = one.network.body[0].weight.detach().clone()
    assert one.optimiser.state
    assert one.network.body[1].running_mean.any()
    one.start(stream.task(1))
    fresh = one.network.body[0].weight
    assert not torch.equal(fresh, first)
    assert not torch.equal(fresh, learned)
    assert not one.network.body[0].bias.any()
    assert not one.network.body[1].running_mean.any()
    assert (one.network.body[1].running_var == 1).all()
    assert not one.optimiser.state
    assert {id(p) for p in one.network.parameters()} == {
        id(p) for group in one.optimiser.param_groups for p in group["params"]
    }
    assert [units.incoming for units in one.units] == [units.incoming for units in one.network.units()]
