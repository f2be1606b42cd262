"""The settings of the chapter on Type-1: what is asked of each, and that what is stored is whole."""

import json
import math
import re

import numpy as np
import pytest

from lop_tutorial.experiments.type1_settings import (
    NAME,
    SETTINGS,
    Setting,
    Settings,
    _read,
    main,
    measure,
    stored_settings,
)
from lop_tutorial.running import Results, rows
from lop_tutorial.running.run import stored_path


def test_a_setting_changes_what_it_says_and_nothing_else():
    plan = Setting("relu", 0.05, "keep").plan(tasks=5, seeds=(3,))
    assert plan.network_settings["last_activation"] == "relu"
    assert plan.network_settings["activation"] == "tanh"
    assert (plan.training.step_size, plan.training.head, plan.methods) == (0.05, "keep", ("none",))
    assert Setting().plan().methods == ("none", "retrained")


def test_blocks_are_the_means_of_the_run():
    setting = Setting("linear", 0.05)
    found = list(measure(setting, tasks=10, seeds=(1, 2)))
    run = Results(tuple(rows(setting.plan(tasks=10, seeds=(1, 2)))))
    assert [(row["method"], row["seed"]) for row in found] == [
        (method, seed) for method in ("none", "retrained") for seed in (1, 2)
    ]
    assert found[1]["test"] == pytest.approx([run.curves("none")[1, :5].mean(), run.curves("none")[1, 5:].mean()])
    assert found[1]["within"] == [run.curves("none", "ftle_within_q50")[1, 9]]


def test_a_learner_that_diverges_says_when_and_has_nan_from_there_on():
    found = list(measure(Setting("linear", 30.0), tasks=10, seeds=(0,)))
    assert found[0]["diverged_in"] == 0
    assert np.isnan(found[0]["train"]).all()
    assert len(found[0]["test"]) == 2
    table = Settings(tuple(found))
    assert table.diverged(method="none") == 1
    with pytest.raises(ValueError, match="no learner is of the setting"):
        table.of("test", method="cbp")


def test_what_is_written_reads_back(tmp_path):
    out = tmp_path / NAME
    main(out, [Setting("linear", 30.0)], tasks=10, seeds=(0,))
    content = json.loads(out.read_text(), parse_constant=pytest.fail)
    assert content["environment"]["command"].endswith(NAME)
    assert content["rows"][0]["train"] == [None, None]
    assert _read(["-inf", None, 0.5])[0] == -math.inf


def test_what_is_stored_is_whole_and_carries_its_origin():
    origin = json.loads(stored_path(NAME).read_text())["environment"]
    assert re.fullmatch(r"[0-9a-f]{40}", origin["commit"]), "the code must have been committed"
    for key in ("date", "device", "packages", "python", "wall_seconds"):
        assert origin[key]
    table = stored_settings()
    asked = {
        (s.representation, s.step_size, s.head, method, seed)
        for s in SETTINGS
        for method in s.plan().methods
        for seed in s.plan().seeds
    }
    key = ("representation", "step_size", "head", "method", "seed")
    there = [tuple(row[name] for name in key) for row in table.rows]
    assert sorted(there) == sorted(asked)
    for row in table.rows:
        assert np.isnan(row["train"][-1]) == (row["diverged_in"] is not None)
