"""A queue of long runs: one after the other, each from where it was left, however the last attempt ended.

A queue is a text file with a job a line, `NAME: reproduce ...`; empty lines and lines that begin with # are ignored.
Job NAME is carried out into the folder NAME of a folder of runs, whose files say how far it is. `QUEUE.queue.json`
beside it says which job was begun last, and which failed.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lop_tutorial.running.folder import alone, holder, is_finished
from lop_tutorial.running.forecast import duration
from lop_tutorial.running.run import write_json

COMMAND = "reproduce"
OWN = ("--out", "--resume", "--workers", "--launcher", "--every")
"""Options that the queue gives, and a job must not."""


@dataclass(frozen=True)
class Job:
    """A line of the queue: what the run is called, and the words of its command."""

    name: str
    words: tuple[str, ...]

    @property
    def command(self) -> str:
        return shlex.join(self.words)


@dataclass(frozen=True)
class JobStatus:
    """How far a job is.

    `state` is waiting, running, done or failed. `done` of `total` counts tasks of a run, learners of a sweep; `total`
    is 0 where the job has not begun. `seconds_left` is what the rest takes at the job's own pace, None where that is
    not known: an upper bound where learners may stop before their last task.
    """

    job: Job
    state: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    why: str = ""

    @property
    def progress(self) -> str:
        """As in "120 of 2,400, at most 3.5 h left"; empty where there is none."""
        if self.state == "failed":
            return self.why
        if not self.total or self.state == "done":
            return ""
        left = "" if self.seconds_left is None else f", at most {duration(self.seconds_left)} left"
        return f"{self.done:,} of {self.total:,}{left}"


def read_jobs(path: Path) -> list[Job]:
    """The jobs of a queue's file, in their order; ValueError names the line that is wrong."""
    jobs: list[Job] = []
    if not path.is_file():
        raise ValueError(f"{path} is no file; a queue has a job a line, NAME: {COMMAND} ...")
    try:
        lines = path.read_text(encoding="utf-8").removeprefix("\ufeff").splitlines()  # the mark that Windows makes
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no text in UTF-8 ({error}); a queue has a job a line") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, command = line.partition(":")
        place = f"{path}, line {number}"
        if not colon or not re.fullmatch(r"\w[\w.-]*", name):
            raise ValueError(f"{place} is {line!r}; write NAME: COMMAND, with a name of letters, digits, _, - and .")
        if name in {f"{path.stem}.queue.{end}" for end in ("json", "lock", "pid")}:
            raise ValueError(f"{place}: the queue keeps a file of that name beside the jobs' folders; choose another")
        if name in (job.name for job in jobs):
            raise ValueError(f"{place}: a job above is called {name!r} already; each needs a name of its own")
        try:
            words = tuple(shlex.split(command))
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        if words[:1] != (COMMAND,):
            raise ValueError(f"{place}: command is {command.strip()!r}; it must begin with {COMMAND}")
        for option in OWN:
            if any(word.partition("=")[0] == option for word in words):
                raise ValueError(f"{place}: the queue chooses {option} itself; take it away")
        jobs.append(Job(name, words))
    return jobs


class JobQueue:
    """The jobs of a file, carried out into the folders below `runs`."""

    def __init__(self, path: Path, runs: Path) -> None:
        self.path, self.runs = path, runs
        self._facts = runs / f"{path.stem}.queue.json"
        self._lock = runs / f"{path.stem}.queue.lock"

    def folder(self, job: Job) -> Path:
        return self.runs / job.name

    def statuses(self) -> list[JobStatus]:
        """How far each job is, in the file's order."""
        if self.runs.exists() and not self.runs.is_dir():
            raise ValueError(f"{self.runs} is a file; name a folder with --runs")
        facts, alive = self._read(), self.pid() is not None
        return [self._status_of(job, facts, alive) for job in read_jobs(self.path)]

    def status(self) -> str:
        """One line: how many jobs are done, what is running, what is left, which failed."""
        statuses, pid = self.statuses(), self.pid()
        parts = [f"{sum(each.state == 'done' for each in statuses)} of {len(statuses)} jobs done"]
        parts += [
            f"running {each.job.name} ({each.progress or 'beginning'})" for each in statuses if each.state == "running"
        ]
        parts.append(f"{sum(each.state == 'waiting' for each in statuses)} waiting")
        failed = [each.job.name for each in statuses if each.state == "failed"]
        parts += [f"failed: {', '.join(failed)}"] if failed else []
        return f"{self.path.stem}: {'; '.join(parts)}; {'nothing runs' if pid is None else f'process {pid}'}"

    def carry_on(self, run: Callable[[Job, Path], str]) -> Iterator[JobStatus]:
        """Carries out every job that is neither done nor failed; gives how each ended. The file is read before each.

        `run(job, folder)` carries out a job, or goes on with it, and gives why it failed, or nothing; a
        KeyboardInterrupt ends the queue, and the job is waiting again. ValueError where another process has the queue.
        """
        read_jobs(self.path)  # what is no queue leaves no folder
        if self.runs.exists() and not self.runs.is_dir():
            raise ValueError(f"{self.runs} is a file; name a folder with --runs")
        with alone(self._lock, str(self.path)):
            while job := next((each.job for each in self.statuses() if each.state in ("waiting", "running")), None):
                self._note(began=job.name)
                why = run(job, self.folder(job))
                if not why and not is_finished(self.folder(job)):
                    why = "it ended, but its run is not finished"
                if why:
                    self._note(failed=self._read()["failed"] | {job.name: {"command": job.command, "why": why}})
                yield self._status_of(job, self._read(), alive=True)
            self._note(began=None)

    def again(self) -> None:
        """Forgets which jobs failed; a queue that has not begun has none."""
        if self._facts.exists():
            self._note(failed={})

    def pid(self) -> int | None:
        """The process that carries out this queue; None if there is none."""
        return holder(self._lock)

    def _status_of(self, job: Job, facts: dict[str, Any], alive: bool) -> JobStatus:
        folder = self.folder(job)
        if is_finished(folder):
            return JobStatus(job, "done")
        failure = facts["failed"].get(job.name)
        if failure and failure["command"] == job.command:  # one that was mended is tried again
            return JobStatus(job, "failed", why=failure["why"])
        state = "running" if alive and facts["began"] == job.name else "waiting"
        done, total, seconds = progress_of(folder)
        return JobStatus(job, state, done, total, seconds / done * (total - done) if done and seconds else None)

    def _read(self) -> dict[str, Any]:
        try:
            facts = json.loads(self._facts.read_text(encoding="utf-8"))
            failed = {job: {"command": one["command"], "why": str(one["why"])} for job, one in facts["failed"].items()}
            return {"began": facts["began"], "failed": failed}
        except FileNotFoundError:
            return {"began": None, "failed": {}}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise ValueError(f"{self._facts} is damaged; remove it, and jobs that failed are tried again") from None

    def _note(self, **facts: Any) -> None:
        write_json(self._facts, self._read() | facts)


def progress_of(folder: Path) -> tuple[int, int, float]:
    """Rows that stand in a run's or a sweep's folder, rows it will have at the most, and the seconds they took."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        seconds = json.loads((folder / "environment.json").read_text(encoding="utf-8"))["wall_seconds"]
        table = next(path for path in (folder / "table.csv", folder / "metrics.csv") if path.exists())
        done = table.read_bytes().count(b"\n") - 1
        return max(0, done), _rows(config), float(seconds)
    except (OSError, StopIteration, ValueError, ArithmeticError, KeyError, TypeError, RecursionError):
        return 0, 0, 0.0  # missing, or damaged


def _rows(config: dict[str, Any]) -> int:
    if "base" in config:
        varied: Sequence[str] = ("step_sizes", "losses", "data")
        number = len(config["base"]["methods"]) * len(config["base"]["seeds"])
    else:
        varied = ("methods", "seeds")
        number = config["tasks"] * max(1, len(config.get("widths") or ()))
    for name in varied:
        number *= len(config[name])
    return int(number)
