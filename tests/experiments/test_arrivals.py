"""Where a task's points lie before and after it: the looks must not disturb the learners."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import plan
from lop_tutorial.experiments.arrivals import Arrivals, arrivals, beginning, places
from lop_tutorial.geometry import ftle
from lop_tutorial.running import Results, rows

METHODS = ("none", "retrained", "g_mixup:M=1:intra=1:intra_weight=1")


@pytest.fixture(scope="module")
def small():
    base = plan("type1")
    return replace(base, methods=METHODS, seeds=(4, 2), tasks=3, training=replace(base.training, epochs=5))


@pytest.fixture(scope="module")
def found(small):
    return arrivals(small)


def test_looking_changes_no_learner(small, found):
    run = Results(tuple(rows(replace(small, measures=()))))
    for method in METHODS:
        for quantity in ("train_accuracy", "test_accuracy"):
            by_seed = run.curves(method, quantity)[::-1]  # rising seeds there, the plan's order here
            np.testing.assert_array_equal(found.of(quantity, method), by_seed)


def test_axes_are_what_they_say(small, found):
    assert found.points.shape == (2, 3, 2, 3, 64, 2)
    assert found.labels.shape == (2, 3, 64)
    assert found.exponents.shape == (2, 3, 2, 3)
    learner, stream = small.learner("none", 2), small.stream(2)
    for index in range(3):
        task = stream.task(index)
        with torch.no_grad():
            before = learner.network.representation(task.train_x)
        np.testing.assert_allclose(found.points[0, 0, 1, index], before, atol=1e-4)
        middle = ftle(learner.network, task.train_x).quantile(0.5, interpolation="lower").item()
        assert found.of("exponents", "none", 0)[1, index] == pytest.approx(middle, abs=0.02)
        np.testing.assert_array_equal(found.labels[1, index], task.train_y)
        learner.learn(task)
    with torch.no_grad():
        after = learner.network.representation(task.train_x)
    np.testing.assert_allclose(found.points[1, 0, 1, 2], after, atol=1e-3)


def test_a_retrained_learner_begins_with_the_fresh_network_of_its_task(small, found):
    learner, stream = small.learner("retrained", 4), small.stream(4)
    learner.learn(stream.task(0))
    trained = [weights.clone() for weights in learner.network.parameters()]
    fresh = beginning(learner, stream.task(1))
    assert all(torch.equal(*pair) for pair in zip(trained, learner.network.parameters(), strict=True))
    with torch.no_grad():
        there = fresh.representation(stream.task(1).train_x)
    np.testing.assert_allclose(found.points[0, 1, 0, 1], there, atol=1e-5)


def test_places_by_hand():
    cloud = np.array([[0.01, 0.01], [0.09, 0.02], [0.11, 0.01], [-0.01, 0.0], [0.95, -0.95]])
    assert places(cloud) == 4
    assert places(cloud, side=10) == 3
    assert places(cloud[:1].repeat(9, axis=0)) == 1
    with pytest.raises(ValueError, match="side is 0"):
        places(cloud, side=0)


def test_landed_by_hand():
    after = np.zeros((1, 2, 2, 2))  # method, task, point, dimension: task 0 leaves points at (0, 0) and (1, 1)
    after[0, 0, 1] = 1
    before = np.full((1, 2, 2, 2), 0.5)
    before[0, 1] = (0.96, 1.0), (0.9, 1.0)  # one lies within 0.05 of the second, one does not
    points = np.stack([before, after])[:, :, None]
    blank = np.zeros((1, 1, 2))
    seen = Arrivals(("none",), (0,), np.zeros((1, 2, 2), dtype=int), points, np.zeros((2, 1, 1, 2)), blank, blank)
    np.testing.assert_array_equal(seen.landed("none"), [[np.nan, 0.5]])
    np.testing.assert_array_equal(seen.landed("none", radius=1), [[np.nan, 1.0]])
    np.testing.assert_array_equal(seen.of("places", "none", 1), [[2, 1]])
