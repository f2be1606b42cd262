"""`lop-tutorial queue`: long runs one after the other, in the background, day after day."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lop_tutorial.commands import INTERRUPTED
from lop_tutorial.commands.reproduce import reproduce
from lop_tutorial.own_classes import own_code_told

if TYPE_CHECKING:
    from lop_tutorial.running.job_queue import Job

console = Console()
EVERY_TASK = "0"


def queue(
    file: Annotated[Path, typer.Argument(help="The queue: a job a line, `NAME: reproduce ...`.")],
    runs: Annotated[Path, typer.Option(help="Where the jobs' folders are, each of its job's name.")] = Path("runs"),
    status: Annotated[bool, typer.Option("--status", help="Say in one line how far the queue is.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the jobs, with state and progress.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Try jobs that failed once more.")] = False,
) -> None:
    """Carry out a queue of long runs, one after the other, on one core, behind everything else on the machine.

    Killed, stopped or after a reboot, the same command goes on: at most the task in progress is lost. The file is read
    again before each job, so lines can be added or moved while it runs. To leave it to itself:
    `setsid nohup lop-tutorial queue FILE > queue.log &`
    """
    from lop_tutorial.running.job_queue import JobQueue

    jobs = JobQueue(file, runs)
    if status:
        console.print(jobs.status(), highlight=False, soft_wrap=True)
    if listed:
        table = Table("job", "state", box=SIMPLE_HEAD)
        table.add_column("progress", overflow="fold")
        for each in jobs.statuses():
            table.add_row(each.job.name, each.state, each.progress)
        console.print(table)
    if status or listed:
        return
    if again:
        jobs.again()
    stand_back()
    for each in jobs.carry_on(_run):
        console.print(f"{each.job.name}: {each.state} {each.progress}".rstrip(), highlight=False, soft_wrap=True)
    console.print(jobs.status(), highlight=False, soft_wrap=True)


def stand_back() -> None:
    """Lets everything else on the machine go first, where the system can.

    Linux shares a machine between sessions before it looks at niceness, so a session of one's own stands back as a
    whole; one that others may be in does not.
    """
    if hasattr(os, "nice"):
        os.nice(19)
    if hasattr(os, "getsid") and os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text("19")


def _run(job: Job, folder: Path) -> str:
    """Carries out a job in this process; why it failed, or nothing."""
    words = [*job.words, "--out", str(folder.absolute()), "--resume", "--workers", "1", "--every", EVERY_TASK]
    only = typer.Typer(add_completion=False)
    only.command()(reproduce)
    before, sys.argv = sys.argv, ["lop-tutorial", *words]  # a run's origin names the command
    try:
        with own_code_told():
            code = typer.main.get_command(only).main(args=words[1:], standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        sys.argv = before
        gc.collect()  # a job's learners lie in reference cycles, and the next job needs their memory
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return f"exit code {code}" if code else ""
