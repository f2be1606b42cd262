"""A second signal while the first is being handled, at random moments, on `reproduce` and on `queue`.

Part of `benchmarks/trust.py`. Each case is the command line in a process of its own, which is forked once all that it
needs has been imported. SIGINT or SIGTERM comes at a random moment, and another one up to a tenth of a second later.
Then the same command is given again, undisturbed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from lop_tutorial import cli
from lop_tutorial.atomic import is_left_over
from lop_tutorial.commands import INTERRUPTED

ASKED = "reproduce first_look --methods none,cbp --seeds 2 --tasks 6 --epochs 1"
RUNS = {"reproduce": ("run",), "queue": ("runs/first", "runs/second")}
"""The commands, and the folders that they fill."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
TOLD = "lop-tutorial: interrupted; what was written until then is kept"
BESIDE = 25
"""Every so many cases of `reproduce`, two worker processes share the run."""


class Ended(NamedTuple):
    """How a process ended: its exit code, minus the signal's number where one killed it; and its stderr."""

    code: int
    errors: str


def words_of(command: str, workers: int = 1) -> list[str]:
    if command == "queue":
        return ["queue", "jobs.txt", "--runs", "runs"]
    return [*ASKED.split(), "--workers", str(workers), "--every", "0", "--out", "run", "--resume"]


@contextmanager
def place() -> Iterator[Path]:
    """A folder with a queue's file."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "jobs.txt").write_text(f"first: {ASKED}\nsecond: {ASKED.replace('cbp', 'l2')}\n")
        yield Path(name)


def started(words: list[str], where: Path) -> int:
    """The command line in a forked process, which hears signals from when its program has begun; its number."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    process = os.fork()
    if process:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return process
    code = 1
    try:
        os.chdir(where)
        sys.argv = ["lop-tutorial", *words]
        sys.stdout = open("said.txt", "w", buffering=1)  # noqa: SIM115
        sys.stderr = open("errors.txt", "w", buffering=1)  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        main = cli.main

        def heard() -> int:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            return main()

        cli.main = heard  # type: ignore[assignment]
        cli.program()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # as the interpreter would show it
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def ended(process: int, where: Path) -> Ended:
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    return Ended(code, (where / "errors.txt").read_text(encoding="utf-8").strip())


def raw(end: Ended) -> str:
    """What is wrong with how a process that got signals ended; empty where nothing is."""
    allowed = {0: ("",), INTERRUPTED: ("", TOLD), -signal.SIGTERM: ("",)}
    if end.errors in allowed.get(end.code, ()):
        return ""
    return f"exit code {end.code}, {end.errors[-300:]!r}"


def content(where: Path, command: str) -> dict[str, bytes]:
    return {name: (where / name / "metrics.csv").read_bytes() for name in RUNS[command]}


def gone_on_with(command: str, workers: int, where: Path, unbroken: dict[str, bytes]) -> str:
    """Gives the command once more; how that went."""
    end = ended(started(words_of(command, workers), where), where)
    if end != (0, ""):
        return f"wrong: the next one ends with exit code {end.code}, {end.errors[-300:]!r}"
    if content(where, command) != unbroken:
        return "wrong: other numbers"
    left = [path.name for path in where.rglob("*") if is_left_over(path) or path.name == "checkpoints"]
    return f"wrong: {', '.join(left)} is left" if left else "same"


def two_signals(_: str, number: int) -> Iterator[tuple[str, str]]:
    """A second signal (SIGINT, SIGTERM) while `reproduce` or `queue` handles the first, at random moments."""
    moments = random.Random(0)
    with place() as where, chdir(where), redirect_stdout(StringIO()):
        cli.main(words_of("reproduce"))  # so that all is imported before processes are forked
    for command in RUNS:
        began = time.monotonic()
        with place() as where:
            ended(started(words_of(command), where), where)
            lasts, unbroken = time.monotonic() - began, content(where, command)
        for case in range(number // len(RUNS)):
            workers = 2 if command == "reproduce" and case % BESIDE == BESIDE - 1 else 1
            with place() as where:
                process = started(words_of(command, workers), where)
                time.sleep(moments.uniform(0, lasts))
                numbers = [moments.choice(SIGNALS) for _ in range(2)]
                for signal_number in numbers:
                    os.kill(process, signal_number)
                    time.sleep(10 ** moments.uniform(-5, -1))
                complaint = raw(ended(process, where))
                found = f"wrong: {complaint}" if complaint else gone_on_with(command, workers, where, unbroken)
            yield f"{command}, {' and '.join(each.name for each in numbers)}", found
