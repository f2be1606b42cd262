"""The queue: what it reads, what it says, and that a process killed at any moment loses at most a task."""

import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lop_tutorial.cli import main
from lop_tutorial.running import Run
from lop_tutorial.running.crews import Parts
from lop_tutorial.running.folder import is_finished
from lop_tutorial.running.job_queue import JobQueue, read_jobs

SHORT = "--tasks 3 --epochs 1 --seeds 2"
JOBS = f"""# two runs, one of two methods
first: reproduce first_look {SHORT} --methods none

second: reproduce first_look --profile quick {SHORT} --methods none,layer_norm
"""
TOP = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path, monkeypatch):
    # the tests after this one are not to wait for everything else
    monkeypatch.setattr(importlib.import_module("lop_tutorial.commands.queue"), "stand_back", lambda: None)
    path = tmp_path / "short.txt"
    path.write_text(JOBS)
    return path


def test_it_carries_out_its_jobs_in_order_and_says_so(file, tmp_path, capsys):
    queue = JobQueue(file, tmp_path / "runs")
    assert queue.status() == "short: 0 of 2 jobs done; 2 waiting; nothing runs"
    assert main(["queue", str(file), "--runs", str(tmp_path / "runs")]) == 0
    shown = capsys.readouterr().out
    assert shown.index("first: done") < shown.index("second: done")
    assert queue.status() == "short: 2 of 2 jobs done; 0 waiting; nothing runs"
    run = Run.open(tmp_path / "runs" / "second")
    assert run.finished
    assert len(run.results.rows) == 2 * 2 * 3
    assert run.environment["command"].startswith("lop-tutorial reproduce first_look --profile quick")
    stamp = (tmp_path / "runs" / "first" / "metrics.csv").stat().st_mtime_ns
    assert main(["queue", str(file), "--runs", str(tmp_path / "runs")]) == 0  # there is nothing left to do
    assert (tmp_path / "runs" / "first" / "metrics.csv").stat().st_mtime_ns == stamp


def test_a_job_that_fails_is_told_and_passed_over_until_it_is_mended(file, tmp_path, capsys):
    runs = ["--runs", str(tmp_path / "runs")]
    file.write_text(f"wrong: reproduce first_look {SHORT} --methods nobody\nright: reproduce first_look {SHORT}\n")
    assert main(["queue", str(file), *runs]) == 0
    assert "wrong: failed ValueError: method is 'nobody'" in capsys.readouterr().out
    queue = JobQueue(file, tmp_path / "runs")
    assert [one.state for one in queue.statuses()] == ["failed", "done"]
    assert queue.status() == "short: 1 of 2 jobs done; 0 waiting; failed: wrong; nothing runs"
    file.write_text(f"wrong: reproduce first_look {SHORT} --methods none\n")
    assert [one.state for one in queue.statuses()] == ["waiting"]
    assert main(["queue", str(file), *runs]) == 0
    assert [one.state for one in queue.statuses()] == ["done"]


def test_again_is_no_error_where_nothing_has_begun(file, tmp_path, capsys):
    file.write_text("# no job yet\n")
    assert main(["queue", str(file), "--runs", str(tmp_path / "runs"), "--again"]) == 0
    assert "0 of 0 jobs done" in capsys.readouterr().out


def test_again_tries_what_failed(file, tmp_path):
    queue, tried = JobQueue(file, tmp_path / "runs"), []

    def fail(job, folder):
        tried.append(job.name)
        return "the disk is full"

    assert [one.state for one in queue.carry_on(fail)] == ["failed", "failed"]
    assert list(queue.carry_on(fail)) == []
    queue.again()
    assert [one.why for one in queue.carry_on(fail)] == ["the disk is full"] * 2
    assert tried == ["first", "second"] * 2


def test_a_line_that_is_added_while_it_runs_is_carried_out(file, tmp_path):
    queue, tried = JobQueue(file, tmp_path / "runs"), []

    def pretend(job, folder):
        if not tried:
            file.write_text("between: reproduce type1\n" + JOBS)
        tried.append(job.name)
        folder.mkdir()
        (folder / "environment.json").write_text('{"finished": true}')
        return ""

    list(queue.carry_on(pretend))
    assert tried == ["first", "between", "second"]


def test_while_it_runs_it_is_alone_and_says_how_far_it_is(file, tmp_path):
    queue = JobQueue(file, tmp_path / "runs")

    def look(job, folder):
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"methods": ["none"], "seeds": [0, 1], "tasks": 40}))
        (folder / "environment.json").write_text(json.dumps({"finished": False, "wall_seconds": 50.0}))
        (folder / "metrics.csv").write_text("method,seed,task\n" + "none,0,0\n" * 20)
        pid = f"process {os.getpid()}"
        assert JobQueue(file, tmp_path / "runs").status() == (
            f"short: 0 of 2 jobs done; running first (20 of 80, at most 2.5 min left); 1 waiting; {pid}"
        )
        with pytest.raises(ValueError, match=rf"short.txt is in use by {pid}; end that first"):
            next(JobQueue(file, tmp_path / "runs").carry_on(look))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(queue.carry_on(look))
    assert [one.state for one in queue.statuses()] == ["waiting", "waiting"]
    assert queue.pid() is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("first: reproduce type1", "line 6: a job above is called 'first' already"),
        ("reproduce table1", "line 6 is 'reproduce table1'; write NAME: COMMAND"),
        ("../up: reproduce type1", "write NAME: COMMAND, with a name of letters"),
        ("third: book refresh", "command is 'book refresh'; it must begin with reproduce"),
        ("third: reproduce table1 --out=here", "the queue chooses --out itself; take it away"),
    ],
)
def test_a_wrong_line_is_named(file, line, told):
    file.write_text(JOBS + "\n" + line + "\n")
    with pytest.raises(ValueError, match=told):
        read_jobs(file)


def test_files_that_are_no_queues_are_refused_in_one_line(file, tmp_path, capsys):
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "marked.txt").write_bytes(b"\xef\xbb\xbf" + JOBS.replace("\n", "\r\n").encode())
    assert [job.name for job in read_jobs(tmp_path / "marked.txt")] == ["first", "second"]  # as Windows writes it
    runs = tmp_path / "runs"
    for words, told in (
        ([str(tmp_path / "binary.txt"), "--runs", str(runs)], "binary.txt is no text in UTF-8"),
        ([str(file), "--runs", str(file)], "short.txt is a file; name a folder with --runs"),
    ):
        assert main(["queue", *words]) == 2
        said = capsys.readouterr().err
        assert told in said
        assert said.count("\n") == 1
    assert not runs.exists()
    for facts in ("[]", '{"began": null, "failed": {"first": 5}}', '{"began": null, "failed": [1]}', "{"):
        runs.mkdir(exist_ok=True)
        (runs / "short.queue.json").write_text(facts)
        with pytest.raises(ValueError, match=r"short.queue.json is damaged; remove it"):
            JobQueue(file, runs).statuses()


KILLS = int(os.environ.get("LOP_KILLS", "2"))


@pytest.mark.product
def test_killed_at_random_moments_it_loses_at_most_a_task(file, tmp_path):
    """`LOP_KILLS=20 pytest -m product tests/running/test_job_queue.py -k killed` takes minutes."""
    file.write_text(JOBS.replace("--tasks 3", "--tasks 40"))
    moments, killed = random.Random(0), 0
    assert main(["queue", str(file), "--runs", str(tmp_path / "whole")]) == 0
    runs, longest = tmp_path / "runs", 1.0
    while killed < KILLS:
        process = begin(file, runs)
        while not any(rows_in(folder) for folder in runs.glob("*/checkpoints")) and process.poll() is None:
            time.sleep(0.05)
        time.sleep(moments.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            assert process.returncode == 0
            shutil.rmtree(runs)  # it was faster, as on a machine that has just been busy
            longest /= 2
            continue
        killed += 1
        for folder in runs.glob("*/checkpoints"):
            if is_finished(folder.parent):
                continue  # killed while it took its checkpoints away
            parts = Parts(folder.parent, tuple((tmp_path / "whole/first/metrics.csv").open().readline().split(",")))
            for number, crew in enumerate(parts.crews() or []):
                assert len(parts.lines(number)) - len(parts.lines(number, kept=True)) <= len(crew.learners)
    assert main(["queue", str(file), "--runs", str(runs)]) == 0
    for name in ("first", "second"):
        assert (runs / name / "metrics.csv").read_text() == (tmp_path / "whole" / name / "metrics.csv").read_text()


def begin(file, runs):
    words = [sys.executable, "-m", "lop_tutorial", "queue", str(file), "--runs", str(runs)]
    return subprocess.Popen(words, cwd=TOP, stdout=subprocess.DEVNULL)


def rows_in(folder):
    """In bytes; 0 where they are just being taken away."""
    try:
        return sum(path.stat().st_size for path in folder.glob("crew-*.csv"))
    except FileNotFoundError:
        return 0


def share():
    """What the system shares this session by; nothing where it does not share between sessions, or lets nobody say."""
    file = Path("/proc/self/autogroup")
    return file.read_text().split() if os.access(file, os.R_OK | os.W_OK) else []


@pytest.mark.skipif(not share(), reason="this system does not share between sessions")
@pytest.mark.parametrize("own", [True, False])
def test_a_session_of_its_own_stands_back_as_a_whole(own):
    code = (
        "import os; from lop_tutorial.commands.queue import stand_back; stand_back();"
        "print(os.nice(0), open('/proc/self/autogroup').read().split()[-1])"
    )
    before = share()[-1]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, start_new_session=own, cwd=TOP)
    assert shown.stdout.split() == ["19", "19" if own else before], shown.stderr
