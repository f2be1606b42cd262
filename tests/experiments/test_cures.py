"""The trial of cures: its methods exist, its rows are the suspects', and its plans name what is run."""

import json
from dataclasses import replace

import pytest

from lop_tutorial.experiments import suspects
from lop_tutorial.experiments.cures import EXPERIMENTS, METHODS
from lop_tutorial.experiments.own import OWN
from lop_tutorial.geometry.line_up import LINE_UP
from lop_tutorial.interventions import intervention
from lop_tutorial.running.experiment import fill


def test_every_method_in_every_setting():
    assert [OWN[f"cures_{where}"] for where in ("type1", "type2", "pairs")] == list(EXPERIMENTS)
    asked = [(part["setting"], part["method"]) for one in EXPERIMENTS for part in one.parts]
    assert asked == [(setting, method) for setting in ("type1", "type2", "cifar100") for method in METHODS]
    assert len({type(intervention(method)) for method in METHODS}) == len(METHODS)


@pytest.mark.parametrize("method", ["fire:iterations=10", "muon:scale=0.06"])
def test_a_part_gives_the_rows_of_a_trial_and_its_folder_names_its_methods(method, tmp_path, monkeypatch):
    def shorter(*given):
        plan = plan_of(*given)
        return replace(plan, training=replace(plan.training, epochs=2))

    plan_of = suspects.plan_of
    few = [one for one in LINE_UP if one.name in ("weight_isometry", "weight_norm")]
    monkeypatch.setattr(suspects, "plan_of", shorter)
    monkeypatch.setattr(suspects, "measure_all", lambda state: {one.name: one.of(state) for one in few})
    part = {"setting": "type1", "method": method}
    small = replace(EXPERIMENTS[0], parts=(part,), seeds=(3,), tasks=suspects.EVERY)
    (table,) = fill(small, tmp_path / "run")
    (row,) = table.rows
    assert (row["setting"], row["method"], row["seed"], row["task"]) == ("type1", method, 3, suspects.EVERY - 1)
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert list(config["plans"]) == ["type1"]
    assert config["plans"]["type1"]["methods"] == list(METHODS)
