"""The controls: what a world gives is what its words say, what is tried is what was lived, and fresh is fresh."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import controls
from lop_tutorial.experiments.controls import (
    EXPERIMENT,
    FIRST,
    FRESH,
    LIVES,
    SETTINGS,
    STAGES,
    WORLDS,
    in_world,
    live,
    lives,
    on_trial,
    tried,
)
from lop_tutorial.running.experiment import fill
from lop_tutorial.seeds import seeded


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """An epoch a part, and one trial of each kind: lives of seconds."""
    monkeypatch.setattr(controls, "EACH", 1)
    fewer = {name: replace(plan, training=replace(plan.training, epochs=STAGES)) for name, plan in SETTINGS.items()}
    monkeypatch.setattr(controls, "SETTINGS", fewer)


@pytest.mark.parametrize("head", ["keep", "fresh"])
def test_a_life_is_a_learner_driven_by_hand(head):
    """Part after part, the head drawn anew by hand where it is not kept."""
    curves, states = live("type1", "sliding", head, (3, 4), 2)
    plan = in_world("type1", "sliding", (4,), 2)
    learner, stream = plan.learner("none", 4), plan.stream(4)
    outcomes = []
    for index in range(2 * STAGES):
        if head == "fresh" and index == STAGES:
            with seeded(4, "head", 1):
                learner.network.reset_head("fresh")
        outcomes.append(learner.learn(stream.task(index)))
    ends = [outcomes[STAGES - 1].test_accuracy, outcomes[-1].test_accuracy]
    assert curves[4]["test_accuracy"] == pytest.approx(ends, abs=0.01)
    carried = learner.network if head == "keep" else learner.network.body
    assert set(states[4]) == set(carried.state_dict())
    for name, weights in carried.state_dict().items():
        torch.testing.assert_close(states[4][name], weights, atol=1e-4, rtol=1e-3)


def test_what_is_tried_is_what_was_lived():
    """From the weights that are given; without any, it is a new learner of the seed."""
    plan = on_trial("type1", "same", (5,))
    task = plan.stream(5).task(FIRST)
    other = plan.learner("none", 9).network
    found = {
        head: tried("type1", "same", {5: part.state_dict()}, head, (5,))[5]
        for head, part in (("keep", other), ("fresh", other.body))
    }
    for head in found:
        learner = plan.learner("none", 5)
        (learner.network if head == "keep" else learner.network.body).load_state_dict(
            (other if head == "keep" else other.body).state_dict()
        )
        outcome = learner.learn(task)
        got = found[head]["train"][0], found[head]["test"][0]
        assert got == pytest.approx((outcome.train_accuracy, outcome.test_accuracy), abs=0.02)
    fresh = tried("type1", "same", {}, "keep", (5,))[5]
    outcome = plan.learner("none", 5).learn(task)
    assert fresh["train"][0] == pytest.approx(outcome.train_accuracy, abs=0.02)
    assert len(fresh["test"]) == 1
    silent = {name: torch.zeros_like(weights) for name, weights in other.body.state_dict().items()}
    assert tried("type1", "same", {5: silent}, "fresh", (5,))[5]["train"] == [0.5]
    assert fresh["train"][0] > 0.9


def test_every_world_takes_as_many_steps():
    for setting, plan in SETTINGS.items():
        a_task = len(plan.stream(0).task(0).train_y) // plan.training.batch_size * plan.training.epochs
        for world in WORLDS:
            life = in_world(setting, world, (0,), 3)
            shorter = life.training.epochs * plan.training.epochs // STAGES
            steps = [len(life.stream(0).task(index).train_y) // plan.training.batch_size for index in range(life.tasks)]
            assert sum(steps) * shorter == 3 * a_task, (setting, world)


def test_labels_that_mean_nothing():
    """Both classes have one mean: their distance over the test points is that of chance."""
    for setting in ("type1", "pictures"):
        task = on_trial(setting, "labels", (0,)).stream(0).task(FIRST)
        means = [task.test_x[task.test_y == k].flatten(1).mean(dim=0) for k in (0, 1)]
        spread = task.test_x.flatten(1).std(dim=0)
        each = len(task.test_y) / 2
        apart = ((means[0] - means[1]) / spread * math.sqrt(each / 2)).square().mean()
        assert apart == pytest.approx(1, abs=0.7)
    told = on_trial("type1", "same", (0,)).stream(0).task(FIRST)
    assert (told.test_x[told.test_y == 0].mean(dim=0) - told.test_x[told.test_y == 1].mean(dim=0)).norm() > 2


def test_pictures_that_are_tried_are_of_classes_that_no_life_has():
    lived = in_world("pictures", "abrupt", (0,), 2).stream(0).task(0)
    new = on_trial("pictures", "same", (0,)).stream(0).task(FIRST)
    assert lived.train_x.shape == new.train_x.shape
    seen = {image.numpy().tobytes() for k in range(4) for image in SETTINGS["pictures"].stream(0).task(k).train_x}
    assert not seen & {image.numpy().tobytes() for image in new.train_x}
    flat = on_trial("pictures", "plane", (0,)).stream(0).task(FIRST)
    assert flat.train_x.shape == new.train_x.shape


def test_rows_and_their_places(tmp_path):
    fresh, *_ = lives("type1", FRESH, "fresh", (0, 1), 2)
    assert fresh["train_accuracy"] == []
    assert np.isfinite([fresh["same_train"], fresh["plane_test"], fresh["labels_train"]]).all()
    row, *_ = lives("type1", "all_at_once", "keep", (0,), 2)
    assert len(row["train_accuracy"]) == STAGES
    few = [part for part in EXPERIMENT.parts if part["setting"] == "type2" and part["world"] in (FRESH, "abrupt")]
    small = replace(EXPERIMENT.sized((4, 5), 2), parts=tuple(few))
    tables = list(fill(small, tmp_path / "run"))
    assert [len(table.rows) for table in tables] == [2, 2, 2]
    assert tables[1].select("same_test").shape == (2,)
    again = list(fill(small, tmp_path / "run", resume=True))
    assert [row["seed"] for row in again[0].rows] == [4, 5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: in_world("type3", "abrupt", (0,), 2), "setting is 'type3'; known are type1, type2, pictures"),
        (lambda: in_world("type1", "calm", (0,), 2), "world is 'calm'; known are abrupt"),
        (lambda: live("type1", "abrupt", "zero", (0,), 2), "head is 'zero'"),
        (lambda: on_trial("type1", "moons", (0,)), "trial is 'moons'"),
    ],
)
def test_wrong_names_are_told(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_compared():
    parts = [(part["setting"], part["world"], part["head"]) for part in EXPERIMENT.parts]
    assert len(set(parts)) == len(parts)
    for setting in SETTINGS:
        own = {(world, head) for name, world, head in parts if name == setting}
        assert {(FRESH, "fresh"), ("abrupt", "keep"), ("abrupt", "fresh"), ("one_task", "keep")} <= own <= set(LIVES)
