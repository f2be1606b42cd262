"""Runs that are killed, stopped, filled up, damaged: what is left, and that going on ends in the same bits."""

import errno
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from trust import TINY

from lop_tutorial import atomic
from lop_tutorial.cli import main
from lop_tutorial.report import bin_table
from lop_tutorial.running import Plan, Results, Run, carry_out
from lop_tutorial.running.origin import command

carrying = import_module("lop_tutorial.running.carry_out")  # its name in the package is the function's

CONV = replace(
    TINY,
    network="smallconv",
    network_settings={},
    procedural={"number": 4, "size": 16, "train": 20, "test": 10},
    methods=("none", "hare_and_tortoise"),
    tasks=5,
)
FEW_TASKS = replace(TINY, tasks=4)
PLANS = {"fleet": TINY, "each by itself": CONV}


@pytest.fixture(autouse=True)
def parts_stay(monkeypatch):
    """A finished run's last checkpoints are kept, so that all of a learner's bits can be compared."""
    monkeypatch.setattr(carrying, "rmtree", lambda folder, **_: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of each plan, carried out without a break."""
    folders = {name: tmp_path_factory.mktemp("whole") / "run" for name in PLANS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carrying, "rmtree", lambda folder, **_: None)
        for name, plan in PLANS.items():
            assert len(list(carry_out(plan, "quick", folders[name]))) == plan.steps
    return folders


def bits(folder: Path) -> dict[str, str]:
    """metrics.csv, and the SHA-256 of every crew's tensors, as a finished run leaves them."""
    assert Run.open(folder).finished
    found = {
        path.stem: json.loads(path.read_text())["tensors_sha256"] for path in folder.glob("checkpoints/crew-*.json")
    }
    assert found
    assert len(list(folder.glob("checkpoints/*.safetensors"))) == len(found)  # no older ones are left
    return found | {"metrics": (folder / "metrics.csv").read_text()}


def child(work) -> int:
    """Does something in a process of its own, whose number it gives."""
    process = os.fork()
    if not process:
        try:
            work()
        finally:
            os._exit(0)
    return process


def ended(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


KILLS = int(os.environ.get("LOP_KILLS", "3"))
"""For each plan; `LOP_KILLS=20 pytest tests/running/test_resume.py -k killed` takes minutes."""


@pytest.mark.parametrize("name", PLANS)
def test_killed_at_random_moments_it_ends_in_the_same_bits(name, whole, tmp_path):
    plan, moments = PLANS[name], random.Random(0)
    began = time.monotonic()
    rows_of(plan, folder=tmp_path / "timed", every=0)
    lasts = time.monotonic() - began
    killed = number = 0
    while killed < KILLS:
        folder = tmp_path / f"run {number}"
        process = child(lambda folder=folder: rows_of(plan, folder=folder, resume=True, every=0))
        time.sleep(moments.uniform(0, 0.4 * lasts))
        os.kill(process, signal.SIGKILL)
        killed += ended(process) == -signal.SIGKILL
        if (folder / "metrics.csv").exists():
            run = Run.open(folder)  # readable at any moment
            bin_table(run.results)
            number += run.finished
    for each in range(number + 1):  # all that became finished, and the one that did not yet
        rows_of(plan, folder=tmp_path / f"run {each}", resume=True)
        assert bits(tmp_path / f"run {each}") == bits(whole[name])


def rows_of(plan, **how):
    return list(carry_out(plan, "quick", **how))


def test_killed_while_the_first_file_is_written_the_next_one_begins(whole, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: os.kill(os.getpid(), signal.SIGKILL))
        assert ended(child(lambda: rows_of(TINY, folder=folder))) == -signal.SIGKILL
    left = {path.name for path in folder.iterdir()} - {"checkpoints"}
    assert len(left) == 1  # the settings, beside their place
    with pytest.raises(ValueError, match="is there already"):
        rows_of(TINY, folder=folder)  # a new run takes only what is empty
    rows_of(TINY, folder=folder, resume=True)
    assert bits(folder) == bits(whole["fleet"])
    assert not left & {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", PLANS)
def test_stopped_by_request_it_ends_after_the_task_with_a_checkpoint(name, whole, tmp_path):
    folder, plan = tmp_path / "run", PLANS[name]
    first = []
    for row in carry_out(plan, "quick", folder):
        first.append(row)
        if row["task"] == 2:
            (folder / "checkpoints/stop").touch()
    run = Run.open(folder)
    assert not run.finished
    assert {row["task"] for row in run.results.rows} == {0, 1, 2}
    rest = rows_of(plan, folder=folder, resume=True)
    assert len(first) + len(rest) == plan.steps  # nothing was done twice
    assert bits(folder) == bits(whole[name])
    assert len(Run.open(folder).environment["parts"]) == 2


def test_the_crews_are_kept_whatever_number_of_workers_goes_on(tmp_path):
    plan = replace(TINY, methods=("none", "retrained"), tasks=4)
    two, folder = tmp_path / "two", tmp_path / "run"
    rows_of(plan, folder=two, workers=2)
    going = carry_out(plan, "quick", folder, workers=2, every=0)
    next(going)
    going.close()
    assert len(json.loads((folder / "checkpoints/crews.json").read_text())) == 2
    rows_of(plan, folder=folder, workers=1, resume=True)
    assert bits(folder) == bits(two)


def test_a_finished_run_is_left_as_it_is(whole):
    before = {path: path.read_bytes() for path in whole["fleet"].iterdir() if path.is_file()}
    assert rows_of(TINY, folder=whole["fleet"], resume=True) == []
    assert {path: path.read_bytes() for path in before} == before


def test_two_processes_on_one_folder(tmp_path):
    going = carry_out(FEW_TASKS, "quick", tmp_path)
    next(going)
    with pytest.raises(ValueError, match="is in use"):
        rows_of(FEW_TASKS, folder=tmp_path, resume=True)
    going.close()
    assert len(rows_of(FEW_TASKS, folder=tmp_path, resume=True)) == FEW_TASKS.steps


def begun(folder: Path, plan: Plan = TINY, tasks: int = 3) -> dict[str, str]:
    """A run that was stopped after some tasks; gives its checkpoints' files."""
    for row in carry_out(plan, "quick", folder, every=0):
        if row["task"] == tasks - 1:
            (folder / "checkpoints/stop").touch()
    return checkpoints(folder)


def checkpoints(folder: Path) -> dict[str, str]:
    wanted = (path for path in folder.glob("checkpoints/crew-*"))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in wanted}


def test_changed_settings_are_named_with_both_values(tmp_path):
    before = begun(tmp_path)
    changed = replace(TINY, training=replace(TINY.training, step_size=0.1), tasks=20)
    with pytest.raises(ValueError, match=r"training\.step_size is 0\.1, was 0\.05; tasks is 20, was 12"):
        rows_of(changed, folder=tmp_path, resume=True)
    assert checkpoints(tmp_path) == before


@pytest.mark.parametrize("what", ["safetensors", "json", "csv"])
def test_a_flipped_bit_is_found_and_nothing_is_changed(what, tmp_path):
    begun(tmp_path)
    (path, *_) = tmp_path.glob(f"checkpoints/crew-0*.{what}")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    damaged = checkpoints(tmp_path)
    with pytest.raises(ValueError, match=r"crew-0.*damaged.*remove .*crew-0\.\*, and its learners"):
        rows_of(TINY, folder=tmp_path, resume=True)
    assert checkpoints(tmp_path) == damaged


def test_after_a_damage_the_way_out_works(whole, tmp_path):
    begun(tmp_path, CONV, tasks=2)
    for path in tmp_path.glob("checkpoints/crew-0.*"):
        path.unlink()
    rows_of(CONV, folder=tmp_path, resume=True)
    assert bits(tmp_path) == bits(whole["each by itself"])


@pytest.mark.parametrize("where", ["rows", "checkpoint"])
def test_a_full_disk_keeps_the_last_good_state(where, whole, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    going = carry_out(TINY, "quick", tmp_path, every=0)
    for _ in range(25):
        next(going)
    before = checkpoints(tmp_path)
    with monkeypatch.context() as patch:
        if where == "rows":
            patch.setattr("lop_tutorial.running.crews.append", full)
        else:
            patch.setattr(atomic.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            list(going)
    kept = checkpoints(tmp_path)
    assert kept["crew-0.json"] != before["crew-0.json"] or where == "checkpoint"
    Run.open(tmp_path)
    rows_of(TINY, folder=tmp_path, resume=True)
    assert bits(tmp_path) == bits(whole["fleet"])


def test_an_append_that_fails_half_way_is_taken_back(tmp_path):
    class Full:
        def __init__(self, file):
            self.file, self.left = file, 7

        def write(self, data):
            if not self.left:
                raise OSError(errno.ENOSPC, "full")
            done = self.file.write(data[: self.left])
            self.left -= done
            return done

        def __getattr__(self, name):
            return getattr(self.file, name)

    with open(tmp_path / "file", "ab", buffering=0) as file:
        atomic.append(file, b"whole\n")
        with pytest.raises(OSError, match="full"):
            atomic.append(Full(file), b"not this line\n")
        atomic.append(file, b"next\n")
    assert (tmp_path / "file").read_bytes() == b"whole\nnext\n"


def test_a_removed_folder_is_said(tmp_path):
    folder = tmp_path / "run"
    going = carry_out(TINY, "quick", folder, every=0)
    for _ in range(25):
        next(going)
    shutil.rmtree(folder)
    with pytest.raises(ValueError, match="was removed while the run went on"):
        list(going)


def test_a_folder_with_anything_else_is_refused(tmp_path):
    (tmp_path / "precious").write_text("x")
    with pytest.raises(ValueError, match="is there already"):
        rows_of(TINY, folder=tmp_path, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_learner_that_diverges_is_marked_and_the_others_go_on_undisturbed(tmp_path):
    wild = replace(FEW_TASKS, methods=("none", "l2:strength=1e30", *TINY.methods[1:]))
    rows_of(wild, folder=tmp_path / "run")
    run = Run.open(tmp_path / "run")
    assert {row["method"] for row in run.diverged} == {"l2:strength=1e30"}
    assert all(row["task"] == "0" and 0 <= int(row["step"]) <= 8 for row in run.diverged)
    # a fleet that differs only in having a tame method in that place: the others' rows are the same to the last digit
    tame = replace(wild, methods=("none", "l2:strength=0", *TINY.methods[1:]))
    rows_of(tame, folder=tmp_path / "tame")
    lines = [(tmp_path / name / "metrics.csv").read_text().splitlines() for name in ("run", "tame")]
    wild_lines, tame_lines = ([line for line in each if not line.startswith("l2")] for each in lines)
    assert len(wild_lines) == 1 + FEW_TASKS.steps
    assert wild_lines == tame_lines
    assert sum(line.startswith("l2") for line in lines[0]) == 2  # each seed's first task, and no more


def test_divergence_survives_an_interruption(tmp_path):
    wild = replace(TINY, methods=("none", "retrained", "l2:strength=1e30"), tasks=6)
    rows_of(wild, folder=tmp_path / "whole")
    begun(tmp_path / "run", wild, tasks=4)
    rows_of(wild, folder=tmp_path / "run", resume=True)
    assert bits(tmp_path / "run") == bits(tmp_path / "whole")
    assert [(tmp_path / name / "diverged.csv").read_text() for name in ("run", "whole")] == [
        "method,seed,task,step\nl2:strength=1e30,0,0,1\nl2:strength=1e30,3,0,1\n"
    ] * 2


def test_a_report_before_the_first_task_ended(tmp_path):
    begun(tmp_path, tasks=1)
    (tmp_path / "metrics.csv").write_text((tmp_path / "metrics.csv").read_text().splitlines()[0] + "\n")
    assert bin_table(Run.open(tmp_path).results).lines == ()
    assert Results(()).bin_edges() == []


FEW = ["reproduce", "first_look", "--seeds", "2", "--methods", "none", "--tasks", "400"]
HANGS = 600
"""Seconds after which a process hangs, on the busiest machine."""


def begun_by(words, folder, until):
    """The command line in a process of its own, which has got so far that `until()` holds."""
    command = [sys.executable, "-m", "lop_tutorial", *words]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(until, process)
    return process


def wait_until(condition, process):
    last = time.monotonic() + HANGS
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < last
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("number", "workers"),
    [
        pytest.param(signal.SIGINT, "2", marks=pytest.mark.product),
        (signal.SIGTERM, "1"),
    ],
)
def test_a_signal_ends_after_the_task_and_says_how_to_go_on(number, workers, tmp_path):
    metrics = tmp_path / "run/metrics.csv"
    words = [*FEW, "--workers", workers, "--out", "run"]
    process = begun_by(words, tmp_path, lambda: metrics.exists() and metrics.read_text().count("\n") > 2)
    process.send_signal(number)
    said, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert errors == "lop-tutorial: interrupted; what was written until then is kept\n"
    assert "Stopping after the current task" in said
    assert "--out run --resume" in said
    run = Run.open(tmp_path / "run")
    assert not run.finished
    lived = (~np.isnan(run.results.curves("none"))).sum(axis=1).max()
    assert lived < 400
    kept = [json.loads(path.read_text())["task"] for path in (tmp_path / "run/checkpoints").glob("crew-*.json")]
    assert max(kept) == lived


def test_rows_without_their_checkpoints_are_kept_and_refused(tmp_path):
    run, folder = carry_out(TINY, "quick", tmp_path / "run"), tmp_path / "run"
    for _ in range(30):
        next(run)
    run.close()
    shutil.rmtree(folder / "checkpoints")
    rows = (folder / "metrics.csv").read_text()
    with pytest.raises(ValueError, match=r"checkpoints is missing, and .*metrics\.csv has rows"):
        next(carry_out(TINY, "quick", folder, resume=True))
    assert (folder / "metrics.csv").read_text() == rows


def test_a_setting_younger_than_the_run_was_as_it_is_by_default(tmp_path):
    run, folder = carry_out(TINY, "quick", tmp_path / "run"), tmp_path / "run"
    next(run)
    run.close()
    config = json.loads((folder / "config.json").read_text())
    del config["reshuffle"], config["training"]["factor"]
    (folder / "config.json").write_text(json.dumps(config))
    assert carrying.begun(folder, TINY, "quick")
    with pytest.raises(ValueError, match="reshuffle is False, was True"):
        carrying.begun(folder, replace(TINY, reshuffle=False), "quick")


@pytest.mark.parametrize("value", [float("nan"), None, "x", [], [1], {"a": 1}, True, -1, 10**400])
@pytest.mark.parametrize("setting", ["methods", "edition", "seeds", "training"])
def test_settings_of_another_kind_are_refused_in_words(setting, value, tmp_path):
    kept = json.loads(json.dumps({"profile": "quick"} | TINY.as_config()))
    (tmp_path / "config.json").write_text(json.dumps(kept | {setting: value}))
    with pytest.raises(ValueError, match=rf"was begun with other settings: .*{setting}"):
        carrying.begun(tmp_path, TINY, "quick")


def test_a_run_goes_on_with_the_defaults_of_the_methods_that_it_was_begun_with(tmp_path):
    few = replace(TINY, methods=("cbp:maturity=1:replacement_rate=0.2",), tasks=3)
    then, folder = replace(few, edition=1), tmp_path / "run"
    list(carry_out(then, "quick", tmp_path / "then"))
    list(carry_out(few, "quick", tmp_path / "now"))
    run = carry_out(then, "quick", folder, every=0)
    next(run)
    run.close()
    config = json.loads((folder / "config.json").read_text())
    assert config.pop("edition") == 1
    (folder / "config.json").write_text(json.dumps(config))  # as runs were that are older than editions
    named = replace(few, methods=("cbp:maturity=1:replacement_rate=0.2:count=mature",))
    assert carrying.begun(folder, few, "quick")
    assert carrying.begun(folder, named, "quick")
    with pytest.raises(ValueError, match=r"methods is \['cbp:maturity=1'\]"):
        carrying.begun(folder, replace(few, methods=("cbp:maturity=1",)), "quick")
    list(carry_out(named, "quick", folder, resume=True))
    rows = [(place / "metrics.csv").read_text() for place in (folder, tmp_path / "then", tmp_path / "now")]
    assert rows[0] == rows[1] != rows[2]


def test_the_command_is_kept_without_the_places_of_this_machine():
    asked = ["reproduce", "x", "--methods", "none, cbp", "--root", "/my/images", "--out=/my/runs/x"]
    assert command(asked) == "lop-tutorial reproduce x --methods 'none, cbp' --out x"
    assert command(["reproduce", "x", "--out", "results/x"]) == "lop-tutorial reproduce x --out results/x"


LONG_TASKS = """
from pathlib import Path
import torch
from lop_tutorial.streams import Stream, Task

class Long(Stream):
    shape, outputs = (3,), 2

    def __init__(self, seed):
        pass

    def _task(self, index):
        if Path("run/metrics.csv").exists():
            Path("begun").touch()
        x, y = torch.linspace(-1, 1, 120).view(40, 3), torch.arange(40) % 2
        return Task(index, (0, 1), 2, x, y, x, y)
"""


def test_a_second_signal_ends_at_once(tmp_path):
    """In the midst of a task that would take minutes."""
    (tmp_path / "mine.py").write_text(LONG_TASKS)
    own = ["--network", "mlp", "--stream", "mine:Long", "--workers", "1", "--epochs", "1000000", "--out", "run"]
    process = begun_by([*FEW, *own], tmp_path, (tmp_path / "begun").exists)
    process.send_signal(signal.SIGINT)
    wait_until((tmp_path / "run/checkpoints/stop").exists, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=HANGS)
    assert process.returncode == 130
    assert errors == "lop-tutorial: interrupted; what was written until then is kept\n"
    assert not Run.open(tmp_path / "run").results.rows


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("code", [0, 130])
def test_a_signal_while_a_program_ends_changes_nothing(code, number):
    late = f"""
import atexit, os
from lop_tutorial import cli
atexit.register(lambda: os.kill(os.getpid(), {int(number)}))
cli.main = lambda: {code}
cli.program()
"""
    done = subprocess.run([sys.executable, "-c", late], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_the_command_line_goes_on_and_says_what_is_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    few = ["reproduce", "first_look", "--seeds", "1", "--methods", "none", "--tasks", "3", "--epochs", "1"]
    assert main([*few, "--workers", "1", "--resume", "--out", "run"]) == 0  # nothing there yet: it begins
    assert main([*few, "--workers", "1", "--resume", "--out", "run"]) == 0
    shown = capsys.readouterr().out
    assert "run is finished already" in shown
    assert shown.count("No Intv.") == 4  # the table, training and test, both times
    assert main([*few, "--out", "run"]) == 2
    assert "run is there already" in capsys.readouterr().err
    assert main([*few, "--resume"]) == 2
    assert "name its folder with --out" in capsys.readouterr().err
    assert main([*few, "--step-size", "0.5", "--resume", "--out", "run"]) == 2
    shown = capsys.readouterr()
    assert "training.step_size is 0.5, was 0.1" in shown.err
    assert "finished already" not in shown.out
