"""A plane in a space: distances are the plane's times one number, and two directions hold everything."""

import math

import pytest
import torch

from lop_tutorial.streams import PlanarClouds, PlaneWithin

SETTINGS = {"clouds": 4, "train_per_cloud": 16, "test_per_cloud": 20}


@pytest.mark.parametrize("shape", [(20,), (3, 4, 4)])
def test_the_plane_keeps_its_distances(shape):
    stream, flat = PlaneWithin(5, shape=shape, **SETTINGS), PlanarClouds(5, **SETTINGS)
    task, own = stream.task(3), flat.task(3)
    assert task.train_x.shape == (64, *shape)
    assert torch.equal(task.train_y, own.train_y)
    for x, y in ((task.train_x, own.train_x), (task.test_x, own.test_x)):
        torch.testing.assert_close(torch.pdist(x.flatten(1)), stream.stretch * torch.pdist(y), atol=1e-3, rtol=1e-4)
    sizes = torch.linalg.svdvals(task.train_x.flatten(1))
    assert sizes[1] > 1
    assert sizes[2] < 1e-3


def test_inputs_are_as_long_as_normal_ones():
    """The mean over tasks; four clouds of 400 tasks are 1600 centres."""
    stream = PlaneWithin(0, shape=(20,), **SETTINGS)
    length = torch.stack([stream.task(t).train_x.square().sum(dim=1).mean() for t in range(400)]).mean()
    assert length == pytest.approx(20, rel=0.05)


def test_each_task_has_a_plane_of_its_own_and_it_repeats():
    once, again = (PlaneWithin(1, shape=(20,), **SETTINGS) for _ in range(2))
    assert torch.equal(once.task(4).train_x, again.task(4).train_x)
    between = once.frame(0) @ once.frame(1).T / once.stretch**2
    assert between.abs().max() < 0.95
    torch.testing.assert_close(once.frame(2) @ once.frame(2).T, once.stretch**2 * torch.eye(2), atol=1e-4, rtol=0)
    assert math.isclose(once.frame(0).norm() ** 2, 2 * once.stretch**2, rel_tol=1e-5)
    with pytest.raises(ValueError, match=r"shape is \(1,\)"):
        PlaneWithin(0, shape=(1,), **SETTINGS)
