"""A user's own method, network and stream, from the command line and in every worker; a clone without installation."""

import json
import os
import subprocess
import sys

import pytest

from lop_tutorial import clone
from lop_tutorial.cli import main
from lop_tutorial.interventions import Intervention, title
from lop_tutorial.interventions.registry import intervention, without_settings
from lop_tutorial.own_classes import class_at

MINE = """
import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from lop_tutorial.interventions import Intervention
from lop_tutorial.networks import Network
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams import Stream, Task


@dataclass(frozen=True)
class Clip(Intervention):
    title: ClassVar[str] = "Clip"
    bound: float = 1

    def after_step(self, learner):
        for weight in learner.network.parameters():
            weight.clamp_(-self.bound, self.bound)


class Shallow(Network):
    def __init__(self, shape, outputs):
        super().__init__(nn.Sequential(nn.Flatten(), nn.Linear(math.prod(shape), 8), nn.ReLU()), 8, outputs)


class Signs(Stream):
    shape, outputs = (10,), 2

    def __init__(self, seed):
        self.seed = seed

    def _task(self, index):
        draw = torch_generator(self.seed, "signs", index)
        x, normal = torch.randn(80, 10, generator=draw), torch.randn(10, generator=draw)
        y = (x @ normal > 0).long()
        return Task(index, (0, 1), 2, x[:40], y[:40], x[40:], y[40:])
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A folder with a user's module, in which the command line is called."""
    (tmp_path / "mine.py").write_text(MINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    yield tmp_path
    sys.modules.pop("mine", None)


def test_all_three_from_the_command_line_and_in_every_worker(mine):
    words = "reproduce first_look --methods none,mine:Clip:bound=0.1 --network mine:Shallow --stream mine:Signs"
    words += " --seeds 2 --tasks 2 --epochs 2 --workers 2 --out run"
    done = subprocess.run([sys.executable, "-m", "lop_tutorial", *words.split()], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len((mine / "run" / "metrics.csv").read_text().splitlines()) == 1 + 2 * 2 * 2
    config = json.loads((mine / "run" / "config.json").read_text())
    assert (config["network"], config["data"]) == ("mine:Shallow", "mine:Signs")
    assert "Clip (bound = 0.1)" in done.stdout


def test_a_whole_number_that_stands_for_any_can_be_a_fraction(mine):
    assert intervention("mine:Clip:bound=0.1").bound == 0.1
    assert without_settings("mine:Clip:bound=0.1") == "mine:Clip"
    assert title("mine:Clip:bound=0.1") == "Clip (bound = 0.1)"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("nowhere:Clip", "nowhere cannot be imported"),
        ("mine:Missing", "mine has no class Missing that is derived from Intervention"),
        ("mine:Shallow", "mine has no class Shallow that is derived from Intervention"),
    ],
)
def test_what_is_not_there_gets_one_line(mine, address, reason, capsys):
    with pytest.raises(ValueError, match=reason):
        class_at(address, Intervention)
    assert main(["reproduce", "first_look", "--methods", address, "--out", "run"]) == 2
    assert reason in capsys.readouterr().err
    assert not (mine / "run").exists()


STREAMS = """
from dataclasses import replace

import torch
from mine import Signs


class Unseeded(Signs):
    def _task(self, index):
        return replace(super()._task(int(torch.randint(1000, ()))), index=index)


class InOrder(Signs):
    calls = 0

    def _task(self, index):
        self.calls += 1
        task = super()._task(self.calls)
        return replace(task, index=index)


class Short(Signs):
    length = 3


class Vague(Signs):
    shape = [10]


class Pair(Signs):
    def _task(self, index):
        task = super()._task(index)
        return task.train_x, task.train_y


class First(Signs):
    def _task(self, index):
        return super()._task(0)


class Two(Signs):
    def __init__(self, seed, size):
        pass
"""


@pytest.mark.parametrize(
    ("stream", "reason"),
    {
        "Unseeded": "Unseeded: task 0 of seed 0 comes out another way when it is asked for again",
        "InOrder": "InOrder: task 0 of seed 0 comes out another way when it is asked for again",
        "Short": "tasks is 4, but Short has 3: ask for no more with --tasks",
        "Vague": "Vague does not say what its tasks are like: set shape = (10,) and outputs = 2",
        "Pair": "Pair gives a tuple for task 0; it must be a Task",
        "First": "First calls task 1 number 0: give Task the index asked for",
        "Two": "Two cannot be made of a seed alone",
    }.items(),
)
def test_a_stream_that_no_run_could_trust_is_refused_before_anything_is_written(stream, reason, mine, capsys):
    (mine / "streams.py").write_text(STREAMS)
    words = f"reproduce first_look --methods none --network mlp --stream streams:{stream} --seeds 1 --tasks 4"
    try:
        assert main([*words.split(), "--workers", "1", "--out", "run"]) == 2
    finally:
        sys.modules.pop("streams", None)
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1
    assert not (mine / "run").exists()


def test_a_network_that_does_not_go_with_the_stream_is_refused_before_anything_is_written(mine, capsys):
    words = "reproduce first_look --methods none --network smallconv --stream mine:Signs --out run"
    assert main(words.split()) == 2
    assert "smallconv cannot be made for inputs of shape (10,) and 2 outputs" in capsys.readouterr().err
    assert not (mine / "run").exists()


def test_help_lists_the_methods_with_their_settings(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["reproduce", "--help"]) == 0
    shown = capsys.readouterr().out
    assert " spectral strength=0.0001 power=2 iterations=1" in shown
    assert main(["bench", "ftle", "--help"]) == 0


def test_raw_ends_get_one_line_and_leave_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("x")
    for words, reason in {
        "--out file/x": "file is a file, and file/x would lie in it",
        "--tasks 999999999999": "'--tasks'",
        "--launcher ray": "Ray",
    }.items():
        assert (
            main(["reproduce", "first_look", *(["--out", "run"] if "--out" not in words else ()), *words.split()]) == 2
        )
        said = capsys.readouterr().err
        assert reason in said
        assert said.count("\n") == 1
        assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "encoding", ["cp932", *(pytest.param(name, marks=pytest.mark.product) for name in ("latin-1", "cp437", "ascii"))]
)
def test_a_console_that_lacks_a_dash_gets_its_table(encoding, tmp_path):
    told = "import sys; from lop_tutorial.cli import main; sys.exit(main(['reproduce', *sys.argv[1:]]))"
    words = "table1 --methods none --seeds 1 --tasks 2 --epochs 1 --workers 1 --out run"
    done = subprocess.run(
        [sys.executable, "-c", told, *words.split()],
        cwd=tmp_path,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "accuracy.png").exists()
    done.stdout.decode(encoding)


def test_a_clone_that_was_not_installed_has_a_version_or_says_how_to_install_it(tmp_path, monkeypatch):
    assert clone.version_of_clone().endswith("+clone")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nversion = "1"\ndependencies = ["numpy>=1", "no-such-package"]\n'
    )
    with pytest.raises(ImportError, match=r"no-such-package is missing; install all with: .* -m pip install -e"):
        clone.version_of_clone(tmp_path)
