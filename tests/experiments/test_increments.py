"""A life looked at from inside is the plain learner's life, and what is stored of it is what was seen."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lop_tutorial.experiments.increments import LONG, NETWORKS, inside, long, main, quick, stored_increments
from lop_tutorial.running import interval
from lop_tutorial.training import live


def tiny(tasks=2, epochs=2):
    plan = quick(tasks)
    return replace(plan, train_per_class=10, test_per_class=6, training=replace(plan.training, epochs=epochs))


@pytest.fixture(scope="module")
def lives():
    return {name: list(inside(tiny(), method, 3)) for name, method in NETWORKS.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_looking_changes_nothing(name, lives):
    learner = tiny().learner(NETWORKS[name], 3)
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


def test_what_is_stored_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    out = tmp_path / "increments.json"
    main(out, (0, 1), tiny(epochs=1))
    whole = json.loads(out.read_text())
    out.write_text(json.dumps(whole | {"rows": [row for row in whole["rows"] if row["seed"] == 0]}))
    main(out, (0, 1), tiny(epochs=1))
    assert json.loads(out.read_text())["rows"] == whole["rows"]
    with pytest.raises(ValueError, match="other settings"):
        main(out, (0,), tiny(epochs=1))
    monkeypatch.setattr("lop_tutorial.experiments.increments.stored_path", lambda name: out)
    assert stored_increments("none").shape == (2, 2)
    assert stored_increments("equal_steps", "best_test").shape == (2, 1)
    with pytest.raises(ValueError, match="nothing is stored"):
        stored_increments("nobody")


def test_the_stored_run_is_of_the_plan_and_picks_are_never_below_what_was_carried_over():
    for name in NETWORKS | LONG:
        assert (stored_increments(name, "best_test") >= stored_increments(name)).all()
        assert (stored_increments(name, "best_augmented") >= stored_increments(name, "chosen_augmented")).all()
        assert stored_increments(name).shape == (8, 1 if name in LONG else 5)
    fresh, kept = stored_increments("retrained"), stored_increments("none")
    np.testing.assert_array_equal(fresh[:, 0], kept[:, 0])


def test_what_the_chapter_tells_of_the_stored_run_and_no_cell_prints():
    fresh = stored_increments("retrained").mean(axis=0)
    assert fresh[[0, -1]] == pytest.approx([0.72, 0.27], abs=0.005)
    gains = [100 * (stored_increments(n, "best_test") - stored_increments(n)).mean() for n in NETWORKS]
    assert [min(gains), max(gains)] == pytest.approx([2.5, 2.8], abs=0.05)
    below = stored_increments("g_mixup") - stored_increments("none")
    assert (interval(below).high < 0).all()
