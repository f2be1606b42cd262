"""What a queue's process holds in memory: over many short jobs, and over one job of as many tasks as a night carries.

Part of `benchmarks/trust.py`. The queue is a process of its own, and what is read of it is what it cannot share or be
made to give back: resident memory without the pages of files that are mapped, among which are the libraries and, on
real pictures, the image set.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from scipy.stats import linregress, t

ENOUGH_JOBS = 40
ENOUGH_TASKS = 5_000
NIGHT = 8 * 3600
SECONDS_A_TASK = 0.7
"""Of the long runs behind the book, about."""
A_NIGHT_S_TASKS = 2 * round(NIGHT / SECONDS_A_TASK / 2)
MOST = 256
"""MiB that eight hours may add."""
SMALL = """
import torch
from torch import nn

from lop_tutorial.networks import Network
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams import Stream, Task


class Net(Network):
    def __init__(self, shape, outputs):
        super().__init__(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), 4, outputs)


class Points(Stream):
    shape, outputs = (3,), 2

    def __init__(self, seed):
        self.seed = seed

    def _task(self, index):
        x = torch.randn(20, 3, generator=torch_generator(self.seed, "points", index))
        y = (x[:, 0] > 0).long()
        return Task(index, (0, 1), 2, x[:10], y[:10], x[10:], y[10:])
"""
"""A network of 26 numbers and tasks of ten points: all but the training is as in any other run."""


class Line(NamedTuple):
    """A line through what was held, from a start on: MiB a job or task, and half of its 95 % interval.

    The interval takes readings as independent. They follow one another, so it is too narrow; the page leaves it out.
    """

    slope: float
    error: float

    @classmethod
    def through(cls, at: Sequence[float], held: Sequence[float]) -> Line:
        """By least squares."""
        line = linregress(at, held)
        return cls(float(line.slope), float(t.ppf(0.975, len(held) - 2) * line.stderr))

    def told(self, what: str) -> str:
        """The slope in KiB."""
        return f"{1024 * self.slope:.2g} KiB a {what}"


class Growth(NamedTuple):
    """What a queue's process held in memory, job after job."""

    jobs: int
    seconds: float
    first: float
    """MiB after the jobs that are taken as a start, a quarter of them."""
    last: float
    line: Line

    @property
    def wrong(self) -> bool:
        """Whether eight hours would surely take more than `MOST`. Few jobs cannot tell: they fill what later ones use
        again.
        """
        in_a_night = round(NIGHT / self.seconds * self.jobs)
        return self.jobs >= ENOUGH_JOBS and (self.line.slope - self.line.error) * in_a_night > MOST

    def __str__(self) -> str:
        return (
            f"One queue carried out {self.jobs} jobs, of a task each, in {self.seconds:.0f} s. Its process held "
            f"{self.first:.1f} MiB after a quarter of them and {self.last:.1f} MiB after the last. A line through what "
            f"it held after each job in between rises by {self.line.told('job')} (without an interval: readings follow "
            "one another). If it went on so, eight hours of jobs of a minute each would add "
            f"{NIGHT / 60 * self.line.slope:.1f} MiB, and of jobs of a second each "
            f"{NIGHT * self.line.slope:.0f} MiB. That is an extrapolation: no queue of many jobs was watched for eight "
            "hours."
        )


class Life(NamedTuple):
    """What a queue's process held in memory, task after task of one job."""

    tasks: int
    seconds: float
    first: float
    """MiB after a quarter of the tasks."""
    last: float
    """MiB after the last task."""
    most: float
    """MiB at most, from the last task to the end of the job: its rows are read and shown."""
    line: Line

    @property
    def wrong(self) -> bool:
        """Whether a night's tasks would surely take more than `MOST`."""
        rises = (self.line.slope - self.line.error) * A_NIGHT_S_TASKS > MOST
        return self.tasks >= ENOUGH_TASKS and (rises or self.most - self.last > MOST)

    def __str__(self) -> str:
        night = f", as many as eight hours carry where a task takes {SECONDS_A_TASK} s,"
        return (
            f"One job of two learners had {self.tasks:,} tasks{night * (self.tasks >= A_NIGHT_S_TASKS)} with a tiny "
            f"network and tiny tasks: it took {self.seconds:.0f} s. The process held {self.first:.1f} MiB after a "
            f"quarter of the tasks and {self.last:.1f} MiB after the last; in between it rises by "
            f"{self.line.told('task')}. In the end, when all rows are read for the table and the figure, it held "
            f"{self.most - self.last:.0f} MiB more."
        )


@contextmanager
def queue(jobs: str) -> Iterator[subprocess.Popen[str]]:
    """A queue of these jobs at work, in a folder that is gone afterwards; RuntimeError where one of them failed."""
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        (where / "jobs.txt").write_text(jobs, encoding="utf-8")
        (where / "small.py").write_text(SMALL, encoding="utf-8")
        command = [sys.executable, "-m", "lop_tutorial", "queue", "jobs.txt", "--runs", "runs"]
        env = os.environ | {"PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, cwd=where, stdout=subprocess.PIPE, env=env, text=True) as process:
            try:
                yield process
            finally:
                process.kill()


def held_by(pid: int) -> float | None:
    """MiB of anonymous memory of a process; None once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))
    except (OSError, StopIteration):
        return None


def growth(jobs: int) -> Growth:
    """Short jobs one after the other; memory is read each time the queue says that one is done."""
    words = "reproduce first_look --methods none,cbp --seeds 1 --tasks 1 --epochs 1"
    held, began = [], time.monotonic()
    with queue("".join(f"job{number}: {words}\n" for number in range(jobs))) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("job") and ": done" in line and (now := held_by(process.pid)) is not None:
                held.append(now)
    if len(held) < jobs:
        raise RuntimeError(f"{jobs - len(held)} of {jobs} jobs did not end well")
    later = held[jobs // 4 :]
    return Growth(jobs, time.monotonic() - began, later[0], held[-1], Line.through(range(len(later)), later))


def life(tasks: int) -> Life:
    """One job of two learners, with this many tasks together; memory is read ten times a second."""
    words = "reproduce first_look --stream small:Points --network small:Net --methods none,cbp --seeds 1 --epochs 1"
    looks: list[tuple[int, float]] = []
    began = time.monotonic()
    with queue(f"job: {words} --tasks {tasks // 2}\n") as process:
        table = Path(f"/proc/{process.pid}/cwd").resolve() / "runs/job/metrics.csv"
        while process.poll() is None:
            rows = table.read_bytes().count(b"\n") - 1 if table.exists() else 0
            if rows > 0 and (now := held_by(process.pid)) is not None:
                looks.append((rows, now))
            time.sleep(0.1)
        assert process.stdout is not None
        said = process.stdout.read()
    if not looks or looks[-1][0] < tasks or "1 of 1 jobs done" not in said:
        raise RuntimeError(f"the job did not end well:\n{said[-2000:]}")
    on_its_way = [look for look in looks if tasks // 4 <= look[0] < tasks]
    rows, held = zip(*on_its_way, strict=True)
    after = [now for done, now in looks if done >= tasks]
    return Life(tasks, time.monotonic() - began, held[0], held[-1], max(after), Line.through(rows, held))
