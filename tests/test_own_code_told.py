"""What a user's own class raises, wherever it is called, ends in a line that names its function, file and line."""

import sys

import pytest

from lop_tutorial.cli import main
from lop_tutorial.own_classes import class_at, own_code_told, where_own_code_failed
from lop_tutorial.running.job_queue import read_jobs

METHOD = """
from dataclasses import dataclass
from typing import ClassVar

from lop_tutorial.interventions import Intervention


@dataclass(frozen=True)
class Mine(Intervention):
    title: ClassVar[str] = "Mine"
    strength: float = 0.1

    def {hook}(self, {arguments}):
        {does}
"""
NETWORK = """
from torch import nn

from lop_tutorial.networks import Network


class Mine(Network):
    def __init__(self, shape, outputs):
        {made}
        super().__init__(nn.Sequential(nn.Flatten(), nn.Linear(20, 8), nn.ReLU()), 8, outputs)

    def forward(self, x):
        {does}
        return super().forward(x)
"""
STREAM = """
import torch

from lop_tutorial.streams import Stream, Task


class Mine(Stream):
    shape, outputs = (20,), 2

    def __init__(self, seed):
        self.seed = seed

    def _task(self, index):
        {does}
        x, y = torch.randn(20, 20, generator=torch.Generator().manual_seed(index)), torch.arange(20) % 2
        return Task(index, (0, 1), 2, x, y, x, y)
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Writes a user's module, in the folder in which the command line is called."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])

    def write(name, text, **parts):
        (tmp_path / f"{name}.py").write_text(text.format(**parts))
        written.append(name)

    written = []
    yield write
    for name in written:
        sys.modules.pop(name, None)


def told(capsys, words, folder):
    """The line on stderr of a command that is refused and leaves no folder."""
    small = f"{words} --seeds 1 --tasks 3 --epochs 1 --workers 1 --out {folder}"
    assert main(small.split()) == 2
    assert not folder.exists()
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    ("hook", "arguments", "does", "expected"),
    [
        ("penalty", "learner", "return {}['weights']", "KeyError: 'weights' (in penalty, told_penalty.py, line 14)"),
        (
            "after_step",
            "learner",
            "learner.nothing",
            "has no attribute 'nothing' (in after_step, told_after_step.py, line 14)",
        ),
        (
            "start_task",
            "learner",
            "raise ZeroDivisionError",
            "ZeroDivisionError: (in start_task, told_start_task.py, line 14)",
        ),
        ("end_task", "learner", "exit(3)", "SystemExit: 3 (in end_task, told_end_task.py, line 14)"),
        (
            "before_step",
            "learner",
            "raise ValueError('no')",
            "lop-tutorial: no (in before_step, told_before_step.py, line 14)",
        ),
    ],
)
def test_a_method_that_fails_at_any_moment_of_a_task_leaves_no_folder(
    mine, capsys, tmp_path, hook, arguments, does, expected
):
    mine(f"told_{hook}", METHOD, hook=hook, arguments=arguments, does=does)
    assert expected in told(capsys, f"reproduce first_look --methods none,told_{hook}:Mine", tmp_path / "run")


def test_a_network_that_fails_when_it_is_made_or_called(mine, capsys, tmp_path):
    mine("told_2", NETWORK, made="raise KeyError('x')", does="pass")
    line = told(capsys, "reproduce first_look --methods none --network told_2:Mine", tmp_path / "run")
    assert "KeyError: 'x' (in __init__, told_2.py, line 9)" in line
    mine("told_3", NETWORK, made="pass", does="raise KeyError('y')")
    line = told(capsys, "reproduce first_look --methods none --network told_3:Mine", tmp_path / "run")
    assert "KeyError: 'y' (in forward, told_3.py, line 13)" in line


def test_a_stream_that_fails_and_a_module_that_ends_the_process(mine, capsys, tmp_path):
    mine("told_4", STREAM, does="index == 1 and {}[index]")
    line = told(capsys, "reproduce first_look --methods none --stream told_4:Mine", tmp_path / "run")
    assert "KeyError: 1 (in _task, told_4.py, line 14)" in line
    mine("told_5", "import sys\nsys.exit(0)\n")
    line = told(capsys, "reproduce first_look --methods none --stream told_5:Mine", tmp_path / "run")
    assert "told_5 cannot be imported (SystemExit: 0)" in line


def test_a_failure_in_a_later_task_of_a_worker_is_a_line_and_the_mended_run_goes_on(mine, capfd, tmp_path):
    late = "index == 2 and self.seed == 1 and {}[index]"
    mine("told_6", STREAM, does=late)
    words = "reproduce first_look --methods none --stream told_6:Mine --seeds 2 --tasks 3 --epochs 1 --workers 2"
    command = [*words.split(), "--out", "run"]
    assert main(command) == 2
    assert capfd.readouterr().err.splitlines() == ["lop-tutorial: KeyError: 2 (in _task, told_6.py, line 14)"]
    del sys.modules["told_6"]  # begun anew, a process reads it anew
    mine("told_6", STREAM, does=late.replace("self.seed == 1", "False"))
    assert main([*command, "--resume"]) == 0, capfd.readouterr().err
    assert len((tmp_path / "run" / "metrics.csv").read_text().splitlines()) == 1 + 2 * 3


def test_a_queue_goes_on_after_a_job_whose_class_ends_the_process(mine, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("lop_tutorial.commands.queue.stand_back", lambda: None)  # for it is this process here
    mine("told_7", METHOD, hook="penalty", arguments="learner", does="exit()")
    small = "--seeds 1 --tasks 1 --epochs 1"
    jobs = (
        f"bad: reproduce first_look --methods told_7:Mine {small}\ngood: reproduce first_look --methods none {small}\n"
    )
    (tmp_path / "q.txt").write_text(jobs)
    assert main(["queue", "q.txt"]) == 0
    out = capsys.readouterr().out
    assert "SystemExit: None (in penalty, told_7.py, line 14)" in out
    assert "1 of 2 jobs done; 0 waiting; failed: bad" in out


def test_what_no_class_of_a_user_raised_stays_as_it_is(mine):
    mine("told_8", METHOD, hook="penalty", arguments="learner", does="raise OSError(28, 'full')")
    from lop_tutorial.interventions import Intervention

    own = class_at("told_8:Mine", Intervention)
    with pytest.raises(KeyError) as ours, own_code_told():
        raise KeyError("ours")
    assert where_own_code_failed(ours.value) is None
    with pytest.raises(OSError, match="full"), own_code_told():  # the reason for a full disk is told elsewhere
        own().penalty(None)


def test_a_job_may_not_be_called_as_a_file_of_its_queue(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("long.queue.json: reproduce table1\n")
    with pytest.raises(ValueError, match="line 1: the queue keeps a file of that name"):
        read_jobs(path)
    path.write_text("other.queue.json: reproduce table1\n")
    assert [job.name for job in read_jobs(path)] == ["other.queue.json"]
