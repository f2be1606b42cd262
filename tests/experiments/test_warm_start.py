"""Warm starts: what the plan trains is what the words say, and a row of gaps is what learners give one by one."""

from dataclasses import replace

import pytest
import torch

from lop_tutorial.experiments import plan, warm_start
from lop_tutorial.experiments.own import OWN
from lop_tutorial.experiments.warm_start import CONTROL, DRAWN, EXPERIMENT, LENGTHS, REAL, gaps, longer
from lop_tutorial.report.loss_type import loss_type
from lop_tutorial.running import Results
from lop_tutorial.running.execute import rows
from lop_tutorial.running.experiment import fill
from lop_tutorial.running.measures import exponents, health

TINY = replace(
    DRAWN,
    network="mlp",
    network_settings={"hidden": (16,)},
    procedural={"number": 4, "size": 8, "train": 20, "test": 50, "signal": 0.1},
    image_size=8,
    train_per_class=20,
    warm_start={"share": 0.5, "classes": 3},
    training=replace(DRAWN.training, epochs=3, batch_size=10),
    methods=("none", "retrained"),
    seeds=(4, 5),
)


def test_a_row_of_gaps_is_two_tasks_of_the_stream():
    """Of the plan's own length, the learner is the plan's; of another, one that first trains for so long."""
    (row,) = gaps(0.25, (4,), base=TINY, lengths=(0, 3, 5))
    assert (row["share"], row["seed"], row["epochs"]) == (0.25, 4, [0, 3, 5])
    quarter = replace(TINY, warm_start={"share": 0.25, "classes": 3}, seeds=(4,), methods=("none",))
    first, second = rows(quarter)
    assert row["first_train"][1] == pytest.approx(first["train_accuracy"])
    assert row["test_accuracy"][1] == pytest.approx(second["test_accuracy"])
    some, everything = quarter.stream(4)
    assert len(some.train_y) == 15
    longer = replace(quarter, training=replace(TINY.training, epochs=5)).learner("none", 4)
    begun = longer.learn(some)
    longer.training = TINY.training
    ended = longer.learn(everything)
    found = [row[name][2] for name in ("first_train", "first_test", "train_accuracy", "test_accuracy")]
    assert found == [begun.train_accuracy, begun.test_accuracy, ended.train_accuracy, ended.test_accuracy]
    assert len(set(row["test_accuracy"])) > 1


def test_no_epoch_before_is_a_fresh_network():
    """The weights with which all images are met are those that the seed begins with."""
    learner, (some, everything) = TINY.learner("none", 4), TINY.stream(4)
    begun = [weight.clone() for weight in learner.network.parameters()]
    for _ in learner.epochs(some, 0):
        pass
    learner.finish(some)
    learner.start(everything)
    assert all(torch.equal(*pair) for pair in zip(begun, learner.network.parameters(), strict=True))


def test_the_head_is_kept_and_fresh_networks_forget():
    results = Results(tuple(rows(TINY)), planned=2)
    warm, fresh = (results.curves(method, "train_accuracy") for method in ("none", "retrained"))
    assert (warm[:, 0] == fresh[:, 0]).all()
    assert (warm[:, 1] != fresh[:, 1]).any()
    assert loss_type(results, ends=1).diverged == 0


def test_a_plan_has_two_tasks_and_no_more():
    with pytest.raises(ValueError, match="tasks is 3, but a warm start has 2"):
        replace(TINY, tasks=3).stream(0)
    assert [TINY.spec.share(number) for number in (0, 1)] == [0.5, 1]


def test_the_table_has_a_row_a_seed_and_goes_on_where_it_was_left(tmp_path, monkeypatch):
    monkeypatch.setattr(warm_start, "REAL", TINY)
    monkeypatch.setattr(warm_start, "LENGTHS", dict.fromkeys(LENGTHS, (0, 1)))
    small = replace(EXPERIMENT.sized((4, 5), None), parts=EXPERIMENT.parts[:2])
    tables = list(fill(small, tmp_path / "run"))
    assert [[float(row["share"]) for row in table.rows] for table in tables] == [[0.1, 0.1], [0.25, 0.25]]
    again = list(fill(small, tmp_path / "run", resume=True))
    assert [table.select("test_accuracy").shape for table in again] == [(2, 2)] * 2
    assert (tmp_path / "run" / "table.csv").read_text().count("\n") == 5


def test_what_the_experiment_is(tmp_path):
    assert [part["share"] for part in EXPERIMENT.parts] == list(LENGTHS)
    assert plan("warm_start", "colab") == REAL
    assert EXPERIMENT.sized((1,), None, tmp_path).plan.data_root == tmp_path
    with pytest.raises(ValueError, match="takes no --tasks: their number is fixed"):
        EXPERIMENT.sized(None, 3)


def test_the_control_has_as_many_steps_as_the_longest_start_from_a_half():
    assert OWN["warm_start_longer"] is CONTROL
    (part,) = CONTROL.parts
    assert part["epochs_before"] == LENGTHS[0.5][-1] / 2
    (fresh,), (begun,) = longer(0, (4,), base=TINY), gaps(0.5, (4,), base=TINY, lengths=(0,))
    assert fresh["test_accuracy"] == begun["test_accuracy"][0], "of no epoch, both are one fresh network"
    (row,) = longer(2, (4,), base=TINY)
    whole = replace(TINY, warm_start={"share": 1.0, "classes": 3})
    learner, (first, everything) = whole.learner("none", 4), whole.stream(4)
    assert len(first.train_y) == len(everything.train_y)
    for _ in learner.epochs(first, 2):
        pass
    assert row["first_train"] == learner.finish(first).train_accuracy
    assert row["test_accuracy"] == learner.learn(everything).test_accuracy
    for columns in (exponents(learner.network.eval(), everything), health(learner.network, everything)):
        assert row | columns == row
