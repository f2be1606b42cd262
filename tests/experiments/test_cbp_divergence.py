"""The task in which CBP diverged, learned again from the state in which it began."""

import math
from dataclasses import replace

import pytest

from lop_tutorial.experiments.cbp_divergence import CBP, EXPERIMENT, ORDERS, again
from lop_tutorial.experiments.tables import PAIRS_QUICK
from lop_tutorial.streams import ClassPairs

SMALL = replace(
    PAIRS_QUICK,
    methods=(CBP,),
    seeds=(3,),
    tasks=4,
    measures=(),
    procedural={"number": 6, "size": 16, "train": 40},
    train_per_class=40,
    training=replace(PAIRS_QUICK.training, epochs=1, batch_size=10),
)
ODD = 2


@pytest.fixture
def fatal(monkeypatch):
    """No network survives the third task, from the batch on that has its first picture."""
    usual = ClassPairs.task

    def task(stream, number):
        given = usual(stream, number)
        if number != ODD:
            return given
        pictures = given.train_x.clone()
        pictures[0] = 1e30
        return replace(given, train_x=pictures)

    monkeypatch.setattr(ClassPairs, "task", task)


def test_with_its_own_order_the_task_diverges_in_the_same_step(fatal):
    learner, stream = SMALL.learner(CBP, 3), SMALL.stream(3)
    norms, lived = [], []
    for number in range(ODD + 1):
        norms.append(sum(weight.detach().square().sum().item() for weight in learner.network.parameters()) ** 0.5)
        lived.append(learner.learn(stream.task(number)))
    rows = list(again(SMALL, 3))
    last, before = rows[: 2 * ORDERS], rows[2 * ORDERS :]
    assert {row["task"] for row in rows} == {ODD}
    assert [{row["began"] for row in part} for part in (last, before)] == [{ODD}, {ODD - 1}]
    assert [row["replacement"] for row in last] == [True] * ORDERS + [False] * ORDERS
    assert [row["order"] for row in last] == [*range(ORDERS)] * 2
    assert last[0]["diverged_step"] == last[ORDERS]["diverged_step"] == lived[ODD].diverged_step
    assert len({row["diverged_step"] for row in last}) > 1, "another order comes to the picture in another step"
    assert before[0]["train_accuracy"] == lived[ODD - 1].train_accuracy
    assert all(math.isnan(row["diverged_step"]) for row in before)
    assert len({row["train_accuracy"] for row in before[:ORDERS]}) > 1
    for part, norm in ((last, norms[ODD]), (before, norms[ODD - 1])):
        assert [row["growth"] for row in part] == pytest.approx([norm / norms[0]] * len(part))


def test_a_life_without_divergence_gives_its_last_task_alone():
    rows = list(again(SMALL, 3))
    assert {(row["task"], row["began"]) for row in rows} == {(3, 3)}
    assert len(rows) == 2 * ORDERS
    assert all(math.isnan(row["diverged_step"]) for row in rows)


def test_asked_for_other_seeds_it_has_other_parts():
    assert EXPERIMENT.sized((1, 2), 7).parts == ({"seed": 1}, {"seed": 2})
