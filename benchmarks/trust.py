"""What survives what: runs that are killed, damaged, out of disk space, cut from power, or asked for twice.

    python benchmarks/trust.py                    # some ten minutes, one thread
    python benchmarks/trust.py --only damage      # one part: kills, damage, disk, power, twice, signals or memory
    python benchmarks/trust.py --page book/trust.md    # and write the page of the book

A tiny run (five methods, two seeds, twelve tasks) is carried out without a break. Then it is harmed, resumed, and its
metrics.csv compared, byte by byte, with that of the unbroken run. Three outcomes are counted:

- same: the resumed run ended in the same bytes;
- refused: it was refused with one line that says why, and nothing in the folder was changed;
- wrong: anything else. There must be none; the exit status is 1 if there is.

And one queue carries out many short jobs, another one job of as many tasks as eight hours carry, with looks at their
memory: it must not grow.

The last lines are a table in Markdown, and one JSON object.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import platform
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import Any
from unittest import mock

import torch
from queue_memory import A_NIGHT_S_TASKS, Growth, Life, growth, life
from two_signals import two_signals

from lop_tutorial import atomic
from lop_tutorial.running import Plan, carry_out
from lop_tutorial.running.origin import PACKAGE, commit
from lop_tutorial.training import Training

TINY = Plan(
    name="tiny",
    about="a tiny experiment",
    network="mlp",
    network_settings={"hidden": (6, 5)},
    procedural={"number": 4, "size": 4, "train": 20, "test": 10},
    training=Training(step_size=0.05, epochs=2, batch_size=10),
    methods=("none", "retrained", "cbp:maturity=1:replacement_rate=0.2", "g_mixup", "layer_norm"),
    seeds=(0, 3),
    tasks=12,
)
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda data: b"",
    "cut in half": lambda data: data[: len(data) // 2],
    "a byte short": lambda data: data[:-1],
    "a flipped bit": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "zeros at its end": lambda data: data[:-16] + bytes(16),
    "noise": lambda data: random.Random(0).randbytes(len(data)),
    "other JSON": lambda data: b'{"sha256": 1, "task": [], "finished": true}\n',
    "a list": lambda data: b"[1, 2, 3]\n",
    "not UTF-8": lambda data: data + b"\xff\xfe",
    "doubled": lambda data: data + data,
}


def run(folder: Path, resume: bool = True) -> str:
    """Carries the run out to its end; gives its metrics.csv."""
    for _ in carry_out(TINY, "quick", folder, resume=resume, every=0):
        pass
    return (folder / "metrics.csv").read_text(encoding="utf-8")


def half_done(folder: Path, tasks: int = 5) -> Path:
    """A run that was stopped after some tasks."""
    for row in carry_out(TINY, "quick", folder, every=0):
        if row["task"] == tasks - 1:
            (folder / "checkpoints/stop").touch()
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def outcome(folder: Path, unbroken: str) -> str:
    """Resumes a harmed run, and says how that went."""
    before = content(folder)
    try:
        return "same" if run(folder) == unbroken else "wrong: other numbers"
    except (ValueError, OSError) as error:
        if "\n" in str(error) or not str(error):
            return f"wrong: {type(error).__name__} says {str(error)!r}"
        changed = sorted(name for name, data in content(folder).items() if before.get(name, data) != data)
        return f"wrong: refused, but {', '.join(changed)} was changed" if changed else "refused"
    except Exception as error:
        return f"wrong: {type(error).__name__}: {error}"


@contextmanager
def folder() -> Iterator[Path]:
    """A path for a run, gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "run"


def kills(unbroken: str, number: int) -> Iterator[tuple[str, str]]:
    """The process is killed at a random moment, and so is the one that resumes the run."""
    moments, began = random.Random(0), time.monotonic()
    with folder() as timed:
        run(timed, resume=False)
    lasts, killed = time.monotonic() - began, 0
    while killed < number:
        with folder() as where:
            times = 0
            while True:
                process = os.fork()
                if not process:
                    try:
                        run(where)
                    finally:
                        os._exit(0)
                time.sleep(moments.uniform(0, 0.4 * lasts))
                os.kill(process, signal.SIGKILL)
                if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) != -signal.SIGKILL:
                    break
                times += 1
                if killed + times == number:
                    break
            found = outcome(where, unbroken)
            yield from (("SIGKILL", found) for _ in range(times))
            killed += times


def damage(unbroken: str, number: int) -> Iterator[tuple[str, str]]:
    """A file of a half-done run is damaged, taken away, or replaced by a folder: every file, in every way."""
    with folder() as where:
        good = half_done(where)
        files = sorted(path.relative_to(good) for path in good.rglob("*") if path.is_file() and path.stat().st_size)
        for name in files:
            for kind, harm in {**DAMAGES, "taken away": None, "a folder": None}.items():
                with folder() as copy:
                    path = shutil.copytree(good, copy) / name
                    data = path.read_bytes()
                    path.unlink()
                    if harm:
                        path.write_bytes(harm(data))
                    elif kind == "a folder":
                        path.mkdir()
                    yield f"{name.name}: {kind}", outcome(copy, unbroken)


def disk(unbroken: str, number: int) -> Iterator[tuple[str, str]]:
    """The disk is full halfway through a write, chosen at random."""
    real, count, full_at = atomic._write_all, 0, -1

    def counted(file: Any, data: bytes) -> None:
        nonlocal count
        count += 1
        if count == full_at:
            real(file, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file, data)

    with mock.patch.object(atomic, "_write_all", counted):
        with folder() as where:
            run(where, resume=False)
        writes = range(1, count + 1)
        for full_at in random.Random(0).sample(writes, min(number, len(writes))):
            with folder() as where:
                count = 0
                try:
                    run(where, resume=False)
                    said = "wrong: went on"
                except OSError as error:
                    said = "" if error.errno == errno.ENOSPC else f"wrong: {error}"
                except Exception as error:
                    said = f"wrong: {type(error).__name__}: {error}"
                yield f"write {full_at} of {len(writes)}", said or outcome(where, unbroken)


class Platter:
    """What would be on a disk after a power cut.

    The content of a file is what it was at its last fsync. A name made, changed or removed in a folder lasts from the
    next fsync of that folder on; before, each of them may have reached the disk or not. Kept are the states in which
    none has, all have, or one of the last three has.
    """

    def __init__(self, top: Path) -> None:
        self.top, self.files, self.names = top, dict[int, bytes](), dict[Path, int]()
        self.pending: list[tuple[Path, int | None]] = []
        self.moments: list[list[dict[Path, bytes]]] = []

    def fsync(self, handle: int) -> None:
        real_fsync(handle)
        path = Path(os.readlink(f"/proc/self/fd/{handle}"))
        if path != self.top and self.top not in path.parents:
            return
        if path.is_dir():
            self._note(path)
            self.names = self._after([each for each in self.pending if each[0].parent == path])
            self.pending = [each for each in self.pending if each[0].parent != path]
        else:
            self.files[path.stat().st_ino] = path.read_bytes()
            self._note(path.parent)
        self._keep()

    def _note(self, folder: Path) -> None:
        """Names of a folder that differ from what is known of it: they wait for its fsync."""
        known = self._after(self.pending)
        now = {path: path.stat().st_ino for path in folder.iterdir() if path.is_file()}
        self.pending += [(path, inode) for path, inode in now.items() if known.get(path) != inode]
        self.pending += [(path, None) for path in known if path.parent == folder and path not in now]

    def _after(self, changes: list[tuple[Path, int | None]]) -> dict[Path, int]:
        names = dict(self.names)
        for path, inode in changes:
            if inode is None:
                names.pop(path, None)
            else:
                names[path] = inode
        return names

    def _keep(self) -> None:
        subsets = [[], self.pending, *([each] for each in self.pending[-3:])]
        seen = [{path: self.files.get(inode, b"") for path, inode in self._after(some).items()} for some in subsets]
        self.moments.append([each for place, each in enumerate(seen) if each not in seen[:place]])


real_fsync = os.fsync


def power(unbroken: str, number: int) -> Iterator[tuple[str, str]]:
    """The power fails (simulated) right after an fsync, chosen at random."""
    with folder() as where:
        where.mkdir()
        platter = Platter(where)
        with mock.patch.object(os, "fsync", platter.fsync):
            run(where)
        states = [(moment, state) for moment, some in enumerate(platter.moments) for state in some]
        for moment, state in random.Random(0).sample(states, min(number, len(states))):
            with folder() as copy:
                (copy / "checkpoints").mkdir(parents=True)
                for path, data in state.items():
                    (copy / path.relative_to(where)).write_bytes(data)
                yield f"after fsync {moment} of {len(platter.moments)}", outcome(copy, unbroken)


def twice(unbroken: str, number: int) -> Iterator[tuple[str, str]]:
    """Three pairs of processes on one folder: in each the first must go on and the second be refused."""
    for rows in (1, 25, 60):
        with folder() as where:
            going = carry_out(TINY, "quick", where, every=0)
            for _ in range(rows):
                next(going)
            try:
                run(where)
                second = "wrong: both went on"
            except ValueError as error:
                second = "refused" if "is in use" in str(error) else f"wrong: {error}"
            yield "the second", second
            for _ in going:
                pass
            yield (
                "the first",
                "same" if (where / "metrics.csv").read_text(encoding="utf-8") == unbroken else "wrong: other numbers",
            )


PARTS = {
    "kills": (kills, 100),
    "damage": (damage, 0),
    "disk": (disk, 60),
    "power": (power, 100),
    "twice": (twice, 0),
    "signals": (two_signals, 100),
}
"""Each with how many cases are drawn; 0 for all there are."""
WRITTEN_ANEW = ("metrics.csv", "environment.json")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*PARTS, "memory"])
    parser.add_argument("--cases", type=int, help="how many cases of each part are drawn, instead of its usual number")
    parser.add_argument("--page", type=Path, help="where to write the page of the book")
    options = parser.parse_args()
    if options.page and options.only:
        parser.error("--page takes all parts: leave out --only")
    torch.set_num_threads(1)
    with folder() as where:
        unbroken = run(where, resume=False)
    counts: dict[str, Counter[str]] = {}
    unharmed = Counter[str]()
    for name, (part, usual) in PARTS.items():
        if options.only in (None, name):
            counts[name] = Counter()
            for case, found in part(unbroken, options.cases or usual):
                counts[name][found.split(":")[0]] += 1
                unharmed[case.split(":")[0]] += name == "damage" and found == "same"
                if found.startswith("wrong"):
                    print(f"{name}, {case}: {found}", flush=True)
    grown: list[Growth | Life] = []
    if options.only in (None, "memory"):
        grown = [growth(max(8, options.cases or 60)), life(100 * options.cases if options.cases else A_NIGHT_S_TASKS)]
        print(*grown, sep="\n\n")
    versions = {"python": platform.python_version(), "torch": torch.__version__, "system": platform.system()}
    rows = "\n".join(table(counts))
    print(rows)
    if options.page:
        at = f"at commit {str(commit(PACKAGE))[:10]}"
        on = ", ".join(f"{name} {version}" for name, version in versions.items())
        made = "`python benchmarks/trust.py --page book/trust.md` made this page"
        origin = f"{made} on {time.strftime('%Y-%m-%d')}, {at}; {on}."
        atomic.write_text(
            options.page,
            PAGE.format(
                verdict=verdict(counts),
                limit=fill(limit(counts), 120),
                harmless=fill(harmless(unharmed), 120),
                rows=rows,
                memory="\n\n".join(fill(str(each), 120) for each in grown),
                origin=origin,
            ),
        )
    print(json.dumps({"counts": counts, "memory": [each._asdict() for each in grown]} | versions))
    return int(any(count["wrong"] for count in counts.values()) or any(each.wrong for each in grown))


PAGE = """\
# Interrupted runs

*If a run is interrupted, is what it ends with still what it would have been?*

Experiments with this book's package can run for days. They meet killed processes, full disks, power cuts and damaged
files.
{verdict}

If your run is refused, the message names the file and mostly the way out: remove that checkpoint, so that its learners
begin anew, or start the run in another folder with `--out`.

The run was tiny (five methods, two seeds, twelve tasks), and first carried out without a break. The same run was then
harmed and resumed, and its `metrics.csv` compared, byte by byte, with that of the unbroken run. Either it must end in
the same bytes (*same*), or it must be *refused* in one line that says why, with nothing in its folder changed. Anything
else is wrong. Signals were sent to the command line itself, in shorter runs of two methods; it may print one line that
says it was interrupted.

{rows}

{limit}

{harmless}

Not tested here are other systems than Linux, disks shared over a network, and resuming on a GPU, where sums may be
taken in another order.

## Power cuts are simulated

After an `fsync` (the call that asks the disk to keep what was written), files hold what was synchronised last. Of the
changes made since then (files created, renamed, deleted) we keep none, all, or one of the last three.

## Memory in long queues

Does a queue that works for days take more and more memory? We watched for minutes, and extrapolate. We count memory
that belongs to its process alone: what is resident, without the pages of mapped files, such as image sets.

{memory}

## When it was measured

{origin}
"""


def verdict(counts: dict[str, Counter[str]]) -> str:
    """All parts in a sentence."""
    total = sum(counts.values(), Counter[str]())
    wrong = f"**{total['wrong']} times it went wrong**" if total["wrong"] else "**never did it go wrong**"
    return fill(
        f"We interrupted or harmed a small run {total.total()} times: {total['same']} times it ended in the same "
        f"bytes, {total['refused']} times it refused to go on and said why, and {wrong}.",
        120,
    )


def limit(counts: dict[str, Counter[str]]) -> str:
    """How often the whole, and each part of which cases are drawn, may go wrong where none did; "" if one did."""
    total = sum(counts.values(), Counter[str]())
    if total["wrong"]:
        return ""
    drawn = max((count.total() for name, count in counts.items() if PARTS[name][1]), default=0)
    most, of_one = (f"{100 * (1 - 0.025 ** (1 / number)):.1f} %" for number in (total.total(), max(drawn, 1)))
    return (
        f"That none of {total.total()} went wrong excludes a rate above {most} (95 % interval), if all cases were "
        f"alike, which they are not. For kills alone, or power cuts alone, none of {drawn} excludes a rate above "
        f"{of_one}."
    )


def harmless(unharmed: Counter[str]) -> str:
    """Which damage changed nothing, from how often it did so to which file."""
    anew = sum(unharmed[name] for name in WRITTEN_ANEW)
    names = " and ".join(f"`{name}`" for name in WRITTEN_ANEW)
    return (
        f"Of the {unharmed.total()} damaged files after which the run ended in the same bytes, {anew} were the two "
        f"that it writes anew ({names}); the other {unharmed.total() - anew} "
        "had lost nothing that it needs. Refused is damage to the plan or to a checkpoint, and a folder in a file's "
        "place."
    )


def table(counts: dict[str, Counter[str]]) -> Iterator[str]:
    """The outcomes of all parts, as Markdown."""
    yield "| what happens | cases | same | refused |"
    yield "|:---|--:|--:|--:|"
    for name, count in counts.items():
        about = str(PARTS[name][0].__doc__).split(".\n")[0].rstrip(".")
        yield f"| {about} | {count.total()} | {count['same']} | {count['refused']} |"


if __name__ == "__main__":
    sys.exit(main())
