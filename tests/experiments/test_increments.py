"""A learner looked at from inside is the plain learner, and what is stored of it is what was seen."""

from dataclasses import replace

import numpy as np
import pytest

from lop_tutorial.experiments import increments
from lop_tutorial.experiments.increments import (
    COMPARED,
    EXPERIMENT,
    LONG_TRAINED,
    inside,
    long,
    quick,
)
from lop_tutorial.running import interval
from lop_tutorial.running.experiment import fill
from lop_tutorial.running.table import load
from lop_tutorial.training import live


def tiny(tasks=2, epochs=2):
    plan = quick(tasks)
    return replace(plan, train_per_class=10, test_per_class=6, training=replace(plan.training, epochs=epochs))


@pytest.fixture(scope="module")
def lives():
    return {name: list(inside(tiny(), method, 3)) for name, method in COMPARED.items()}


@pytest.mark.parametrize("name", COMPARED)
def test_looking_changes_nothing(name, lives):
    learner = tiny().learner(COMPARED[name], 3)
    plain = list(live(learner, (tiny().stream(3).task(t) for t in range(2))))
    assert [one.outcome for one in lives[name]] == plain


def test_the_first_increment_is_fresh_for_everybody(lives):
    assert lives["fresh_g_mixup"][0].outcome == lives["g_mixup"][0].outcome
    assert lives["fresh_g_mixup"][1].outcome != lives["g_mixup"][1].outcome


def test_the_confusion_and_the_chosen_epoch_agree_with_the_outcome(lives):
    for life in lives.values():
        for number, one in enumerate(life):
            assert one.confusion.shape == (2 * number + 2,) * 2
            assert (one.confusion.sum(axis=1) == 6).all()
            accuracy = one.confusion.trace() / one.confusion.sum()
            assert accuracy == pytest.approx(one.outcome.test_accuracy, abs=1e-6)
            assert one.test[one.chosen - 1] == pytest.approx(one.outcome.test_accuracy, abs=1e-6)
            assert one.valid[one.chosen - 1] == one.valid.max()
            assert (one.valid[: one.chosen - 1] < one.valid.max()).all()
            assert len(one.augmented) == 2


def test_a_long_life_has_all_epochs_on_the_last_increment():
    found = long(tiny(), 0, equal_epochs=True)
    assert len(found.valid) == 4
    assert len(found.confusion) == 4


def test_equal_steps_are_as_many_as_all_increments_have():
    plan = replace(quick(), training=replace(quick().training, epochs=2))
    steps = [len(plan.stream(0).task(t).train_y) // plan.training.batch_size for t in range(plan.tasks)]
    assert len(long(plan, 0).valid) * steps[-1] == plan.training.epochs * sum(steps)


def test_what_is_written_is_what_was_seen_and_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(increments, "quick", lambda tasks=2: tiny(tasks, epochs=1))
    small = replace(EXPERIMENT, parts=({"network": "none"}, {"network": "equal_steps"}), seeds=(0, 1), tasks=2)
    list(fill(small, tmp_path / "whole"))
    next(fill(small, tmp_path / "broken"))
    assert len(load(tmp_path / "broken").table.rows) == 2
    list(fill(small, tmp_path / "broken", resume=True))
    whole, broken = ((tmp_path / name / "table.csv").read_text() for name in ("whole", "broken"))
    assert whole == broken
    table = load(tmp_path / "whole").table
    assert table.select("test_accuracy", network="none").shape == (2, 2)
    assert table.select("best_test", network="equal_steps").shape == (2, 1)
    seen = [each.outcome.test_accuracy for each in inside(tiny(epochs=1), "none", 1)]
    np.testing.assert_allclose(table.select("test_accuracy", network="none", seed=1)[0], seen, atol=1e-4)


def test_the_stored_run_is_of_the_plan_and_picks_are_never_below_what_was_carried_over():
    table = load("increments").table
    for name in COMPARED | LONG_TRAINED:
        assert (table.select("best_test", network=name) >= table.select("test_accuracy", network=name)).all()
        assert (table.select("best_augmented", network=name) >= table.select("chosen_augmented", network=name)).all()
        assert table.select("test_accuracy", network=name).shape == (8, 1 if name in LONG_TRAINED else 5)
    fresh, kept = table.select("test_accuracy", network="retrained"), table.select("test_accuracy", network="none")
    np.testing.assert_array_equal(fresh[:, 0], kept[:, 0])


def test_what_the_chapter_tells_of_the_stored_run_and_no_cell_prints():
    table = load("increments").table
    fresh = table.select("test_accuracy", network="retrained").mean(axis=0)
    assert fresh[[0, -1]] == pytest.approx([0.72, 0.27], abs=0.005)
    best, kept = ([table.select(what, network=n) for n in COMPARED] for what in ("best_test", "test_accuracy"))
    gains = [100 * (higher - lower).mean() for higher, lower in zip(best, kept, strict=True)]
    assert [min(gains), max(gains)] == pytest.approx([2.5, 2.8], abs=0.05)
    below = table.select("test_accuracy", network="g_mixup") - table.select("test_accuracy", network="none")
    assert (interval(below).high < 0).all()
