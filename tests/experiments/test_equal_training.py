"""Fresh networks epoch by epoch: those of Retrained, and what they knew when they fitted as well as an old one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from lop_tutorial.experiments import equal_training
from lop_tutorial.experiments.catalogue import REAL_IMAGES
from lop_tutorial.experiments.equal_training import EXPERIMENT, LAST, SETS, WIDTH, by_epoch
from lop_tutorial.report.at_equal_training import at_equal_training
from lop_tutorial.running import Results, interval, rows, stored
from lop_tutorial.running.table import load

TINY = replace(
    REAL_IMAGES.at(16),
    methods=("retrained",),
    seeds=(3, 4),
    tasks=4,
    measures=(),
    training=replace(REAL_IMAGES.training, epochs=3),
)


def test_after_the_last_epoch_they_are_the_networks_of_a_whole_life(monkeypatch):
    monkeypatch.setattr(equal_training, "LAST", 2)
    whole = Results(tuple(rows(TINY))).at(16)
    for number, seed in enumerate(TINY.seeds):
        row = by_epoch(TINY, seed)
        assert row["tasks"] == [2, 3]
        for name in ("train_accuracy", "test_accuracy"):
            assert np.shape(row[name]) == (2, 4)
            ends = [epochs[-1] for epochs in row[name]]
            assert ends == pytest.approx(whole.curves("retrained", name)[number, 2:])


@pytest.mark.parametrize(
    ("reached", "test"),
    [
        (0.9, 0.75),  # after the second epoch exactly
        (0.8, 0.7),  # half way between the first epoch and the second
        (0.4, 0.5),  # before the first step
        (1.0, 0.65),  # never
    ],
)
def test_accuracies_are_read_where_the_training_accuracy_comes_up(reached, test):
    train, measured = np.array([[0.5, 0.7, 0.9, 0.95]]), np.array([[0.5, 0.65, 0.75, 0.65]])
    assert at_equal_training(np.array([reached]), train, measured) == pytest.approx([test])


def test_the_first_epoch_counts_where_accuracy_falls_again():
    train, measured = np.array([[0.5, 0.9, 0.7, 0.95]]), np.array([[0.5, 0.8, 0.6, 0.7]])
    assert at_equal_training(np.array([0.9]), train, measured) == pytest.approx([0.8])


def test_the_stored_networks_are_those_of_the_stored_runs():
    """On another machine or torch an accuracy may differ by a picture or two."""
    config, origin, table = load("equal_training")
    assert origin["finished"] is True
    assert (tuple(config["seeds"]), config["tasks"]) == (EXPERIMENT.seeds, EXPERIMENT.tasks)
    for name in SETS:
        run = stored(f"real_images_{name}")
        assert config["plans"][name]["data_sha256"] == run.config["data_sha256"]
        assert config["plans"][name]["training"] == run.config["training"]
        for part in ("train_accuracy", "test_accuracy"):
            ends = table.select(part, data=name)[..., -1]
            theirs = run.results.at(WIDTH).curves("retrained", part)[:, -LAST:]
            assert np.abs(ends - theirs).mean() < 0.005
            assert abs(interval(ends.mean(axis=1) - theirs.mean(axis=1)).mean) < 0.002


def told(values, digits=1):
    mean, low, high = (float(end) for end in interval(values))
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


@pytest.mark.parametrize(
    ("name", "lost", "whole"),
    [
        ("cifar100", "-2.0 (-2.9 to -1.1)", "-3.1 (-5.1 to -1.2)"),
        ("tinyimagenet", "-3.2 (-4.8 to -1.7)", "-3.2 (-5.1 to -1.3)"),
        ("procedural", "-5.0 (-5.6 to -4.3)", "-4.8 (-5.4 to -4.2)"),
    ],
)
def test_what_the_chapter_on_real_images_tells_of_equal_training(name, lost, whole):
    run, table = stored(f"real_images_{name}").results.at(WIDTH), load("equal_training").table
    reached, old = (run.curves("none", f"{part}_accuracy")[:, -LAST:] for part in ("train", "test"))
    train, test = (table.select(f"{part}_accuracy", data=name) for part in ("train", "test"))
    behind = (old - at_equal_training(reached, train, test)).mean(axis=1)
    assert told(100 * behind) == lost
    assert (behind < 0).all()
    assert told(100 * (old - test[..., -1]).mean(axis=1)) == whole


TRENDS = {
    ("cifar100", "ftle_within_q05"): ("0.07 (-0.06 to 0.20)", "0.18 (0.02 to 0.33)"),
    ("cifar100", "ftle_between_q95"): ("-0.12 (-0.34 to 0.10)", "0.12 (-0.02 to 0.27)"),
    ("cifar100", "effective_rank"): ("0.23 (0.04 to 0.42)", None),
    ("tinyimagenet", "ftle_within_q05"): ("0.31 (0.09 to 0.53)", "0.11 (0.03 to 0.20)"),
    ("tinyimagenet", "ftle_between_q95"): ("-0.12 (-0.40 to 0.16)", "0.14 (0.02 to 0.27)"),
    ("tinyimagenet", "effective_rank"): ("0.41 (0.19 to 0.64)", None),
}
"""Rank correlation with training accuracy lost, without trends; and how far the rank's is ahead of it, with them."""


def correlations(run, quantity, trend):
    """Within each seed, over the measured tasks; without the straight lines in time if `trend` is False."""
    lost = run.curves("none", "train_accuracy") - run.curves("retrained", "train_accuracy")
    found = []
    for x, y in zip(run.curves("none", quantity), lost, strict=True):
        at = np.flatnonzero(~np.isnan(x))
        lines = [np.zeros(len(at)) if trend else np.polyval(np.polyfit(at, z[at], 1), at) for z in (x, y)]
        found.append(spearmanr(x[at] - lines[0], y[at] - lines[1]).statistic)
    return np.array(found)


@pytest.mark.parametrize(("name", "quantity"), TRENDS)
def test_what_the_chapter_on_real_images_tells_of_trends(name, quantity):
    run, (alone, ahead) = stored(f"real_images_{name}").results.at(WIDTH), TRENDS[name, quantity]
    assert told(correlations(run, quantity, trend=False), 2) == alone
    if ahead is not None:
        sign = 1 if quantity == "ftle_within_q05" else -1
        better = correlations(run, "effective_rank", trend=True) - sign * correlations(run, quantity, trend=True)
        assert told(better, 2) == ahead
        better = correlations(run, "effective_rank", trend=False) - sign * correlations(run, quantity, trend=False)
        left = (name, quantity) == ("tinyimagenet", "ftle_between_q95")
        assert (interval(better).low > 0) == left


def test_what_the_chapter_on_real_images_tells_of_medians():
    """On one set they say nothing, on the other Type-2."""
    found = {}
    for name in ("cifar100", "tinyimagenet"):
        run = stored(f"real_images_{name}").results.at(WIDTH)
        old, fresh = (run.curves(m, "ftle_within_q50")[:, -LAST:] for m in ("none", "retrained"))
        found[name] = np.nanmean(old, axis=1) - np.nanmean(fresh, axis=1)
    assert told(found["cifar100"], 2) == "-0.04 (-0.08 to 0.01)"
    assert told(found["tinyimagenet"], 2) == "0.06 (0.03 to 0.09)"
    assert (found["tinyimagenet"] > 0).all()


def test_what_the_chapter_on_real_images_tells_of_seven_seeds():
    """Type-2 by accuracies, on photographs."""
    runs = [stored(f"{name}_tinyimagenet_step_0.05{more}").results for name, more in SEVEN]
    lives = {
        (method, part): np.concatenate(
            [run.curves(method, f"{part}_accuracy") for run in runs if method in run.methods]
        )
        for method in ("none", "retrained")
        for part in ("train", "test")
    }
    ahead = {
        part: 100 * (lives["none", part] - lives["retrained", part])[:, -12:].mean(axis=1) for part in ("train", "test")
    }
    assert len(ahead["train"]) == 7
    assert told(ahead["train"]) == "4.5 (3.7 to 5.4)"
    assert told(ahead["test"]) == "-3.7 (-5.7 to -1.7)"
    assert told(ahead["train"] - ahead["test"]) == "8.2 (6.1 to 10.3)"


SEVEN = (("step_search_plain", ""), ("step_search", "_seeds_104_107"), ("step_search", "_seeds_104_107_2"))
