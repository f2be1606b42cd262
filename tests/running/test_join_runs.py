"""Runs with other seeds or methods joined are the run that has all of them."""

import json

import pytest

from lop_tutorial.cli import main
from lop_tutorial.running import Run
from lop_tutorial.running.join_runs import join_runs

PLAN = ("reproduce", "first_look", "--tasks", "2", "--epochs", "1", "--methods", "none,layer_norm", "--workers", "1")


def lop(*words):
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    top = tmp_path_factory.mktemp("seeds")
    for name, seeds in {"whole": "3:6", "late": "4:6", "early": "3:4", "again": "5:6"}.items():
        assert lop(*PLAN, "--seeds", seeds, "--out", top / name) == 0
    return top


def test_what_is_joined_is_what_one_run_of_all_seeds_writes(folders, tmp_path):
    joined = join_runs([folders / "late", folders / "early"], tmp_path / "joined")
    for name in ("metrics.csv", "config.json"):
        assert (joined.folder / name).read_bytes() == (folders / "whole" / name).read_bytes()
    assert joined.finished
    assert [part["command"][-12:] for part in joined.environment["parts"]] == [
        Run.open(folders / name).environment["command"][-12:] for name in ("late", "early")
    ]
    assert "finished" not in joined.environment["parts"][0]


def test_a_joined_run_is_joined_again_with_all_its_origins(folders, tmp_path):
    join_runs([folders / "early", folders / "again"], tmp_path / "two")
    assert lop(*PLAN, "--seeds", "4:5", "--out", tmp_path / "middle") == 0
    assert lop("join", tmp_path / "two", tmp_path / "middle", "--out", tmp_path / "three") == 0
    joined = Run.open(tmp_path / "three")
    assert joined.config["seeds"] == [3, 4, 5]
    assert (joined.folder / "metrics.csv").read_bytes() == (folders / "whole" / "metrics.csv").read_bytes()
    assert len(joined.environment["parts"]) == 3


def test_methods_are_joined_where_every_seed_has_each(folders, tmp_path):
    plan = [word if word != "none,layer_norm" else "{}" for word in PLAN]
    for method in ("none", "layer_norm"):
        words = [word.format(method) for word in plan]
        assert lop(*words, "--seeds", "3:6", "--out", tmp_path / method) == 0
    joined = join_runs([tmp_path / "none", tmp_path / "layer_norm"], tmp_path / "joined")
    for name in ("metrics.csv", "config.json"):
        assert (joined.folder / name).read_bytes() == (folders / "whole" / name).read_bytes()
    words = [word.format("layer_norm") for word in plan]
    assert lop(*words, "--seeds", "4:5", "--out", tmp_path / "later") == 0
    with pytest.raises(ValueError, match="seed 4 of none is in none of the runs"):
        join_runs([folders / "early", tmp_path / "later"], tmp_path / "out")


def test_learners_that_diverged_are_kept(folders, tmp_path):
    lines = {"late": "none,5,1,7", "early": "none,3,0,2"}
    for name, line in lines.items():
        (tmp_path / name).mkdir()
        for file in (folders / name).iterdir():
            if file.is_file():
                (tmp_path / name / file.name).write_bytes(file.read_bytes())
        (tmp_path / name / "diverged.csv").write_text(f"method,seed,task,step\n{line}\n")
    joined = join_runs([tmp_path / "late", tmp_path / "early"], tmp_path / "joined")
    assert [row["seed"] for row in joined.diverged] == ["3", "5"]


def test_what_does_not_belong_together_is_refused(folders, tmp_path, capsys):
    def refused(*names):
        code = lop("join", *(folders / name for name in names), "--out", tmp_path / "out")
        assert not (tmp_path / "out").exists()
        return code, capsys.readouterr().err

    assert refused("late") == (2, "lop-tutorial: name two runs or more to join\n")
    code, said = refused("late", "again")
    assert code == 2
    assert "seed 5 of none is in" in said
    other = tmp_path / "other"
    assert lop(*PLAN, "--seeds", "9:10", "--step-size", "0.02", "--out", other) == 0
    capsys.readouterr()
    code, said = refused("late", other)
    assert code == 2
    assert said.endswith("training differ\n")
    environment = json.loads((other / "environment.json").read_text())
    (other / "environment.json").write_text(json.dumps(environment | {"finished": False}))
    assert "is not finished" in refused("late", other)[1]
    assert "is not a run's folder" in refused("late", "nowhere")[1]


def test_a_folder_that_is_there_is_not_touched(folders, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert lop("join", folders / "late", folders / "early", "--out", tmp_path) == 2
    assert "is there already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
