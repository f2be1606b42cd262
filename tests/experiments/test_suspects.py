"""The trial: states are taken before the first step, under the head that the task begins with, and disturb nobody."""

import json
from dataclasses import replace

import pytest

from lop_tutorial.experiments import suspects
from lop_tutorial.experiments.suspects import EVERY, EXPERIMENT, METHODS, plan_of, states
from lop_tutorial.geometry import snapshot, weight_norm
from lop_tutorial.geometry.line_up import LINE_UP, State
from lop_tutorial.running.experiment import fill
from lop_tutorial.training import Learner


@pytest.fixture
def short(monkeypatch):
    def shorter(setting, seeds, tasks, root=None):
        plan = plan_of(setting, seeds, tasks, root)
        return replace(plan, training=replace(plan.training, epochs=2))

    few = [one for one in LINE_UP if one.name in ("loss", "weight_norm", "distance")]
    monkeypatch.setattr(suspects, "plan_of", shorter)
    monkeypatch.setattr(suspects, "measure_all", lambda state: {one.name: one.of(state) for one in few})
    return shorter


@pytest.mark.parametrize("method", ["none", "cbp:replacement_rate=0.01:count=mature"])
def test_a_state_is_that_before_the_first_step(short, method):
    """One learner, driven by hand up to where its fifth task begins, against the fleet's second."""
    first, second = states("type1", method, (3, 4), EVERY)
    assert (first["seed"], second["seed"], second["task"]) == (3, 4, EVERY - 1)
    plan = short("type1", (4,), EVERY)
    learner, stream = plan.learner(method, 4), plan.stream(4)
    start = snapshot(learner.network)
    for number in range(EVERY - 1):
        before = learner.learn(stream.task(number))
    task = stream.task(EVERY - 1)
    steps = learner.epochs(task, plan.training.epochs)
    next(steps)
    state = State(learner.network, task.train_x, task.train_y, 2, learner_loss(learner), start)
    by_name = {one.name: one for one in LINE_UP}
    assert second["previous_test"] == pytest.approx(before.test_accuracy, abs=0.02)
    for name in ("loss", "weight_norm", "distance"):
        assert second[name] == pytest.approx(by_name[name].of(state), rel=1e-3)
    for _ in steps:
        pass
    assert second["test_accuracy"] == pytest.approx(learner.finish(task).test_accuracy, abs=0.02)


def learner_loss(learner: Learner):
    return suspects.LOSSES[learner.training.loss]


def test_a_fresh_network_is_at_its_start(short):
    (row,) = states("width_8", "retrained", (3,), EVERY)
    assert row["distance"] == 0
    plan = short("width_8", (3,), EVERY)
    assert row["weight_norm"] == pytest.approx(weight_norm(plan.learner("none", 3).network), rel=0.1)


def test_the_table_has_a_row_a_state_and_goes_on_where_it_was_left(short, tmp_path, monkeypatch):
    monkeypatch.setattr(suspects, "SETTINGS", ("type1",))
    small = replace(EXPERIMENT, parts=EXPERIMENT.parts[:2], seeds=(3,), tasks=EVERY)
    tables = [table for table in fill(small, tmp_path / "run")]
    assert [len(table.rows) for table in tables] == [1, 1]
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    del config["plans"]["type1"]["warm_start"]  # as of a run that is older than this setting
    (tmp_path / "run" / "config.json").write_text(json.dumps(config))
    again = list(fill(small, tmp_path / "run", resume=True))
    assert [table.rows[0]["method"] for table in again] == ["none", "retrained"]
    assert (tmp_path / "run" / "table.csv").read_text().count("\n") == 3


def test_images_are_read_where_they_are_said_to_lie(short, tmp_path, monkeypatch):
    asked = []
    plan = suspects.plan_of
    monkeypatch.setattr(suspects, "plan_of", lambda *given: asked.append(given[3]) or plan(*given))
    trial = EXPERIMENT.sized((3,), EVERY, tmp_path)
    assert len(list(trial.rows_of({"setting": "type1", "method": "none"}, "cpu", 1))) == 1
    assert asked == [tmp_path]


def test_a_setting_that_there_is_not():
    with pytest.raises(ValueError, match="setting is 'width_3'; known are type1, width_8"):
        plan_of("width_3", (0,), 5)
    assert {part["method"] for part in EXPERIMENT.parts} == set(METHODS)
