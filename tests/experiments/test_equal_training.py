"""Fresh networks epoch by epoch: those of Retrained, and what they knew when they fitted as well as an old one."""

from dataclasses import replace

import numpy as np
import pytest

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
