"""A sweep: its table against the rows it was made of, and its going on after a stop."""

from dataclasses import replace

import numpy as np
import pytest

from lop_tutorial.experiments import plan
from lop_tutorial.experiments.sweeps import SWEEPS
from lop_tutorial.running import Results, rows
from lop_tutorial.running.experiment import fill
from lop_tutorial.running.sweep import Sweep
from lop_tutorial.running.table import load

BASE = replace(
    plan("first_look"),
    procedural={"number": 4, "size": 8, "train": 20, "test": 20},
    train_per_class=20,
    training=replace(plan("first_look").training, epochs=1, batch_size=20),
    methods=("none", "g_mixup:M=1"),
    seeds=(0, 1),
    tasks=5,
    measures=("health",),
)
SWEEP = Sweep("tiny", "A tiny sweep", BASE, step_sizes=(0.1, 0.2), ends=2)


def test_the_table_is_made_of_the_rows(tmp_path):
    passed = [row for part in fill(SWEEP, tmp_path / "sweep") for row in part.rows]
    table = load(tmp_path / "sweep").table
    assert len(table.rows) == len(passed) == 2 * 2 * 2
    results = Results(tuple(rows(replace(BASE, training=replace(BASE.training, step_size=0.2)))))
    for method in BASE.methods:
        mine = {"method": method, "step_size": 0.2, "data": "procedural"}
        curves = results.curves(method, "test_accuracy")
        np.testing.assert_allclose(table.select("test_early", **mine), curves[:, :2].mean(axis=1), atol=1e-4)
        np.testing.assert_allclose(table.select("test_late", **mine), curves[:, 3:].mean(axis=1), atol=1e-4)
        norms = results.curves(method, "weight_norm")[:, 3:].mean(axis=1)
        np.testing.assert_allclose(table.select("weight_norm_late", **mine), norms, atol=1e-4)


def test_it_goes_on_where_it_was_stopped(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    list(fill(SWEEP, whole))
    stopped = fill(SWEEP, broken)
    next(stopped)  # the rows of the first plan are on disk, then it stops
    stopped.close()
    assert len(load(broken).table.rows) == 4
    assert load(broken).environment["finished"] is False
    with pytest.raises(ValueError, match="is there already"):
        next(fill(SWEEP, broken))
    parts = list(fill(SWEEP, broken, resume=True))
    assert [len(part.rows) for part in parts] == [4, 4]
    assert (broken / "table.csv").read_text() == (whole / "table.csv").read_text()
    assert load(broken).environment["finished"] is True
    assert len(load(broken).environment["parts"]) == 2
    assert sorted(path.name for path in broken.iterdir()) == ["config.json", "environment.json", "table.csv"]


def test_its_folder_says_where_it_came_from_and_takes_no_other_sweep(tmp_path):
    list(fill(SWEEP, tmp_path / "sweep"))
    config, environment, _ = load(tmp_path / "sweep")
    assert config["step_sizes"] == [0.1, 0.2]
    assert config["data_sha256"] == {"procedural": BASE.images.sha256}
    assert environment["finished"] is True
    origin = (tmp_path / "sweep" / "environment.json").read_text()
    assert len(list(fill(SWEEP, tmp_path / "sweep", resume=True))) == 2  # all of it stands there
    assert (tmp_path / "sweep" / "environment.json").read_text() == origin
    with pytest.raises(ValueError, match="begun with other settings: ends is 1, was 2"):
        next(fill(replace(SWEEP, ends=1), tmp_path / "sweep", resume=True))


def test_only_one_process_fills_a_folder(tmp_path):
    going = fill(SWEEP, tmp_path / "sweep")
    next(going)
    with pytest.raises(ValueError, match="is in use"):
        next(fill(SWEEP, tmp_path / "sweep", resume=True))


def test_a_learner_that_diverges_is_nan_and_says_when(tmp_path):
    wild = replace(SWEEP, step_sizes=(1e20,), base=replace(BASE, methods=("none",)))
    list(fill(wild, tmp_path / "sweep"))
    table = load(tmp_path / "sweep").table
    assert np.isnan(table.select("test_late")).all()
    assert np.isnan(table.select("weight_norm_late")).all()
    assert table.select("diverged_in").tolist() == [0, 0]
    assert table.select("step_size").tolist() == [1e20, 1e20]


@pytest.mark.parametrize("name", SWEEPS)
def test_every_stored_sweep_can_be_asked_for_again(name):
    sweep = SWEEPS[name]
    assert sweep.name == name
    assert len(sweep.parts) == len(sweep.step_sizes) * len(sweep.losses) * len(sweep.data)
    assert sweep.sized((7,), 3).base.seeds == (7,)
    assert sweep.sized(None, 3).base.tasks == 3
