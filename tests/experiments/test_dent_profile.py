"""How a task changes exponents on the ways from its own points to those of the next."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.dent_profile import DentProfile, ways
from lop_tutorial.experiments.inheritance import follow
from lop_tutorial.geometry import ftle


def short(width):
    plan = two_types(width)
    return replace(plan, training=replace(plan.training, epochs=2))


def test_a_way_leads_from_a_point_of_the_task_to_one_of_the_next_and_on():
    stream = short(2).stream(0)
    task, following = stream.task(0), stream.task(1)
    points = ways(task, following, (-0.5, 0.0, 0.5, 1.0), 4)
    assert points.shape == (4, 4, 20)
    step = len(task.train_x) // 4
    for number, way in enumerate(points):
        first, last = task.train_x[number * step], following.train_x[number * step]
        torch.testing.assert_close(way[1], first)
        torch.testing.assert_close(way[3], last)
        torch.testing.assert_close(way[2], (first + last) / 2)
        torch.testing.assert_close(way[0] + way[2], 2 * first)
    chosen = task.train_y[::step][:4]
    assert set(chosen.tolist()) == {0, 1}, "of both classes"


@pytest.mark.cuda
def test_the_next_task_may_lie_on_another_device():
    stream = short(2).stream(0)
    assert ways(stream.task(0).to("cuda"), stream.task(1), (0.0, 1.0), 4).is_cuda
    plan = short(2)
    profile = DentProfile(plan, (0.0, 1.0), number=4)
    table = follow(plan, (0,), 1, "cuda", prepare=profile.prepare, also=profile)
    assert np.isfinite(table.select("profile")).all()


def test_the_profile_is_what_one_learner_by_itself_shows():
    plan, shares = short(2), (0.0, 1.0)
    profile = DentProfile(plan, shares, number=8)
    found = follow(plan, (3, 4), 2, prepare=profile.prepare, also=profile).select("profile", seed=3)[0]
    assert found.shape == (2, 2)
    learner, stream = plan.learner("none", seed=3), plan.stream(3)
    for number in range(2):
        task, following = stream.task(number), stream.task(number + 1)
        places = [each.train_x[:: len(each.train_x) // 8][:8] for each in (task, following)]

        def look(learner=learner, places=places):
            found = [ftle(learner.network, x, method="exact", dtype=torch.float64)[:, 0] for x in places]
            return np.array([float(np.sort(values.numpy())[3]) for values in found])  # torch's median, of eight

        before = look()
        learner.learn(task)
        assert found[number] == pytest.approx(look() - before, abs=2e-2)


def test_nothing_changes_where_nothing_is_learned():
    plan = replace(two_types(2), training=replace(two_types(2).training, epochs=1, step_size=1e-12))
    profile = DentProfile(plan, (0.0, 1.0), number=4)
    table = follow(plan, (0,), 1, prepare=profile.prepare, also=profile)
    assert np.abs(table.select("profile")).max() < 1e-6
