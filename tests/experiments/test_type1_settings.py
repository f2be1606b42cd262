"""The settings of the chapter on Type-1: what is asked of each, and that what is stored is whole."""

import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from lop_tutorial.experiments import type1_settings
from lop_tutorial.experiments.type1_settings import (
    EXPERIMENT,
    VARIANTS,
    Variant,
    by_blocks,
    stored_type1_settings,
)
from lop_tutorial.running import Results, rows
from lop_tutorial.running.experiment import fill
from lop_tutorial.running.table import load


def test_a_setting_changes_what_it_says_and_nothing_else():
    plan = Variant("relu", 0.05, "keep").plan(tasks=5, seeds=(3,))
    assert plan.network_settings["last_activation"] == "relu"
    assert plan.network_settings["activation"] == "tanh"
    assert (plan.training.step_size, plan.training.head, plan.methods) == (0.05, "keep", ("none",))
    assert Variant().plan().methods == ("none", "retrained")


def test_blocks_are_the_means_of_the_run(monkeypatch):
    """Of the run that they are made from, which is that of the variant's plan: it is trained once."""
    variant, ran = Variant("linear", 0.05), []

    def noted(plan, **how):
        ran.append((plan, how, tuple(rows(plan, **how))))
        return iter(ran[-1][-1])

    monkeypatch.setattr(type1_settings, "rows", noted)
    found = list(by_blocks(variant, seeds=(1, 2), tasks=10))
    ((plan, how, trained),) = ran
    assert (plan, how) == (variant.plan(tasks=10, seeds=(1, 2)), {"device": "cpu"})
    run = Results(trained)
    assert [(row["method"], row["seed"]) for row in found] == [
        (method, seed) for method in ("none", "retrained") for seed in (1, 2)
    ]
    assert found[1]["test"] == pytest.approx([run.curves("none")[1, :5].mean(), run.curves("none")[1, 5:].mean()])
    assert found[1]["within"] == [run.curves("none", "ftle_within_q50")[1, 9]]


def test_a_learner_that_diverges_says_when_and_has_nan_from_there_on():
    found = list(by_blocks(Variant("linear", 30.0), seeds=(0,), tasks=10))
    assert found[0]["diverged_in"] == 0
    assert np.isnan(found[0]["train"]).all()
    assert len(found[0]["test"]) == 2


def test_what_is_written_reads_back(tmp_path):
    wild = Variant("linear", 30.0)
    small = replace(EXPERIMENT, parts=(asdict(wild),), seeds=(0,), tasks=10)
    (written,) = fill(small, tmp_path / "run")
    table = load(tmp_path / "run").table
    assert [row["method"] for row in table.rows] == [row["method"] for row in written.rows] == ["none", "retrained"]
    assert np.isnan(table.select("train", step_size=30.0, method="none")).all()
    assert table.select("diverged_in", method="none").tolist() == [0]
    assert table.where(method="retrained").rows[0]["head"] == "fresh"


def test_retrained_rows_stand_under_either_head():
    table, stored = stored_type1_settings(), load(EXPERIMENT.name).table
    assert len(table.rows) == len(stored.rows) + 9 * 8
    kept, fresh = (table.select("test", head=head, method="retrained", step_size=0.1) for head in ("keep", "fresh"))
    np.testing.assert_array_equal(kept, fresh)


def test_what_is_stored_is_whole_and_carries_its_origin():
    stored = load(EXPERIMENT.name)
    origin = stored.environment
    assert re.fullmatch(r"[0-9a-f]{40}", origin["commit"]), "the code must have been committed"
    for key in ("date", "device", "packages", "python", "wall_seconds"):
        assert origin[key]
    asked = {
        (s.representation, s.step_size, s.head, method, seed)
        for s in VARIANTS
        for method in s.plan().methods
        for seed in s.plan().seeds
    }
    key = ("representation", "step_size", "head", "method", "seed")
    there = [tuple(row[name] for name in key) for row in stored.table.rows]
    assert sorted(there) == sorted(asked)
    for row in stored.table.rows:
        assert np.isnan(row["train"][-1]) == (row["diverged_in"] is not None)
