"""Lives are the learners of a plan, and the networks kept are those that the rows tell of."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import plan, type2_settings
from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.snapshots import snapshots
from lop_tutorial.experiments.type2_settings import SETTINGS, early_and_late, with_setting
from lop_tutorial.running import Results, rows

SMALL = two_types(16)
SMALL = replace(
    SMALL, training=replace(SMALL.training, epochs=2), methods=("none",), seeds=(0, 3), tasks=4, measure_every=2
)


def test_snapshots_have_the_rows_of_the_plan_and_its_networks():
    lived, expected = snapshots(SMALL, keep=(2, 4)), Results(tuple(rows(SMALL)))
    for quantity in ("train_accuracy", "test_accuracy", "ftle_between_q50"):
        found, wanted = (each.curves("none", quantity) for each in (lived.results, expected))
        np.testing.assert_allclose(found, wanted, rtol=1e-4)
    assert set(lived.networks) == {(0, 2), (0, 4), (3, 2), (3, 4)}
    for (seed, learned), network in lived.networks.items():
        task = SMALL.stream(seed).task(learned - 1)
        with torch.no_grad():
            right = (network(task.test_x).argmax(dim=1) == task.test_y).float().mean().item()
        assert right == pytest.approx(lived.results.curves("none")[(0, 3).index(seed), learned - 1])


def test_a_task_that_does_not_come_is_named():
    with pytest.raises(ValueError, match=r"keep is \[0, 5\]; tasks go from 1 to 4"):
        snapshots(SMALL, keep=(5, 0))


def test_settings_change_what_their_names_say():
    for name in SETTINGS:
        wanted, base = with_setting(name), plan("type2")
        assert (wanted.training != base.training or wanted.points != base.points) == bool(SETTINGS[name])
    assert with_setting("2 input dimensions").stream(0).shape == (2,)
    many = with_setting("320 points a class")
    assert many.stream(0).task(0).train_x.shape == (640, 20)
    assert 640 * many.training.epochs == 64 * plan("type2").training.epochs  # as many steps


def test_a_measured_setting_is_early_and_late(monkeypatch):
    monkeypatch.setattr(type2_settings, "plan", lambda _: two_types(16))  # in 256 dimensions, measuring takes longest
    (row,) = early_and_late("2 input dimensions", seeds=(0,), tasks=1)
    assert row["setting"] == "2 input dimensions"
    assert row["train_accuracy"][0] == row["train_accuracy"][1] > 0.5
