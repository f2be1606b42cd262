"""A study: its table against the rows it was made of, and its going on after a stop."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lop_tutorial.experiments import plan
from lop_tutorial.experiments.sweeps import STUDIES
from lop_tutorial.running import Results, rows
from lop_tutorial.running.sweep import Study, carry_out, read, select

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
STUDY = Study("tiny", "A tiny study", BASE, step_sizes=(0.1, 0.2), ends=2)


def test_the_table_is_made_of_the_rows(tmp_path):
    passed = list(STUDY.run(tmp_path))
    table = read(tmp_path / "table.csv")
    assert len(table) == len(passed) == 2 * 2 * 2
    results = Results(tuple(rows(replace(BASE, training=replace(BASE.training, step_size=0.2)))))
    for method in BASE.methods:
        mine = {"method": method, "step_size": "0.2", "data": "procedural"}
        curves = results.curves(method, "test_accuracy")
        np.testing.assert_allclose(select(table, "test_early", **mine), curves[:, :2].mean(axis=1), atol=1e-4)
        np.testing.assert_allclose(select(table, "test_late", **mine), curves[:, 3:].mean(axis=1), atol=1e-4)
        norms = results.curves(method, "weight_norm")[:, 3:].mean(axis=1)
        np.testing.assert_allclose(select(table, "weight_norm_late", **mine), norms, atol=1e-4)


def test_it_goes_on_where_it_was_stopped(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        folder.mkdir()
    list(STUDY.run(whole))
    next(STUDY.run(broken))  # the rows of the first plan are on disk, then it stops
    assert len(read(broken / "table.csv")) == 4
    list(STUDY.run(broken))
    assert (broken / "table.csv").read_text() == (whole / "table.csv").read_text()


def test_a_line_that_was_cut_off_comes_again(tmp_path):
    list(carry_out(STUDY, tmp_path / "study"))
    table, origin = (tmp_path / "study" / name for name in ("table.csv", "environment.json"))
    whole = table.read_text()
    table.write_text(whole[:-7])
    origin.write_text(json.dumps(json.loads(origin.read_text()) | {"finished": False}))
    assert len(list(carry_out(STUDY, tmp_path / "study"))) >= 1
    assert table.read_text() == whole
    found = json.loads(origin.read_text())
    assert found["finished"] is True
    assert len(found["parts"]) == 2


def test_its_folder_says_where_it_came_from_and_takes_no_other_study(tmp_path):
    passed = list(carry_out(STUDY, tmp_path / "study"))
    config = json.loads((tmp_path / "study" / "config.json").read_text())
    assert config["step_sizes"] == [0.1, 0.2]
    assert config["data_sha256"] == {"procedural": BASE.images.sha256}
    assert json.loads((tmp_path / "study" / "environment.json").read_text())["finished"] is True
    assert len(passed) == STUDY.learners
    origin = (tmp_path / "study" / "environment.json").read_text()
    assert list(carry_out(STUDY, tmp_path / "study")) == []  # all of it stands there
    assert (tmp_path / "study" / "environment.json").read_text() == origin
    with pytest.raises(ValueError, match="holds another study"):
        next(carry_out(replace(STUDY, ends=1), tmp_path / "study"))


def test_a_learner_that_diverges_is_nan_and_says_when(tmp_path):
    wild = replace(STUDY, step_sizes=(1e20,), base=replace(BASE, methods=("none",)))
    list(wild.run(tmp_path))
    for row in read(tmp_path / "table.csv"):
        assert np.isnan(row["test_late"])
        assert np.isnan(row["weight_norm_late"])
        assert row["diverged_in"] == "0"


@pytest.mark.parametrize("name", STUDIES)
def test_every_stored_study_can_be_asked_for_again(name):
    study = STUDIES[name]
    assert study.name == name
    assert len(list(study.plans())) == len(study.step_sizes) * len(study.losses) * len(study.data)
