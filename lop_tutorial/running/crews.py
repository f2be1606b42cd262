"""The checkpoints folder of a run in progress: each crew's rows and its checkpoint, from which the run can resume.

`checkpoints/` holds `crews.json` (who is trained with whom: that changes last digits, so a resumed run keeps it), and
for crew number n `crew-n.csv`, its rows; `crew-n.json`, its checkpoint, which says how many bytes of these rows it has
seen, and their SHA-256; and a file of tensors (see `training/checkpoint.py`). Rows that a killed process wrote after
its last checkpoint are cut off, and come again. A finished run has no such folder.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from filelock import BaseFileLock, Timeout

from lop_tutorial.atomic import append, write_text
from lop_tutorial.running.folder import lock
from lop_tutorial.running.results import Row
from lop_tutorial.training import Learner, checkpoint


class Crew(NamedTuple):
    """Learners, as (method, seed), that one process trains together; of one width, where the plan has several."""

    learners: list[tuple[str, int]]
    width: int | None = None


EVERY = 30.0
"""Seconds from one checkpoint of a crew to the next, if tasks are shorter; otherwise one after each task."""

STEP = "diverged_step"
"""A crew's rows have this column beside those of metrics.csv; empty where the learner did not diverge."""

WHOLE = ("width", "seed", "task")
"""Columns of whole numbers."""

PATIENCE = 60.0
"""Seconds that a crew waits for the rows of a process that is being killed."""


@dataclass(frozen=True)
class Parts:
    """The parts of one run; can be sent to another process."""

    run: Path
    columns: tuple[str, ...]
    every: float | int = EVERY

    @property
    def folder(self) -> Path:
        return self.run / "checkpoints"

    @property
    def stop(self) -> Path:
        """A file that asks every crew to end after its current task."""
        return self.folder / "stop"

    def crews(self) -> list[Crew] | None:
        """The crews with which this run began; None if it has not begun."""
        try:
            stored = json.loads((self.folder / "crews.json").read_bytes())
            return [
                Crew([(str(method), int(seed)) for method, seed in learners], None if width is None else int(width))
                for learners, width in stored
            ]
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, RecursionError) as error:
            path = self.folder / "crews.json"
            raise ValueError(f"{path} is damaged ({error}); begin the run anew in another folder") from error

    def begin(self, crews: Sequence[Crew]) -> None:
        """Writes crews.json."""
        write_text(self.folder / "crews.json", json.dumps(crews) + "\n")

    def part(self, number: int) -> Part:
        """Opens a crew's part; only one process can have it open."""
        return Part(self, f"crew-{number}")

    def lines(self, number: int, kept: bool = False) -> list[list[str]]:
        """The cells of a crew's complete rows, in the order of `columns` and then the step of divergence.

        `kept`: only those before its checkpoint, which will not come again.
        """
        facts = self.checked(f"crew-{number}") if kept else None
        try:
            text = (self.folder / f"crew-{number}.csv").read_bytes()
        except FileNotFoundError:
            return []
        if kept:
            text = text[: facts["rows_bytes"]] if facts else b""
        whole = text[: text.rfind(b"\n") + 1].decode()
        return list(csv.reader(io.StringIO(whole)))

    def checked(self, name: str) -> checkpoint.Facts | None:
        """A crew's checkpoint, None if there is none; ValueError where it, or the rows before it, are damaged."""
        path = self.folder / f"{name}.csv"
        try:
            facts = checkpoint.read(self.folder, name)
            if facts is not None:
                rows = path.read_bytes()[: facts["rows_bytes"]] if path.exists() else b""
                if hashlib.sha256(rows).hexdigest() != facts["rows_sha256"]:
                    raise checkpoint.Damaged(f"{path} is damaged (its rows are not those that were written)")
        except checkpoint.Damaged as error:
            way_out = f"remove {path.with_suffix('.*')}, and its learners begin anew"
            raise ValueError(f"{error}; nothing was changed. The way out: {way_out}") from error
        return facts

    def finished(self, number: int) -> bool:
        """Whether a crew has no task left."""
        facts = checkpoint.read(self.folder, f"crew-{number}")
        return facts is not None and facts["finished"]


@dataclass
class Part:
    """One crew's rows and checkpoint."""

    parts: Parts
    name: str
    ended: list[bool] = field(default_factory=list)
    """For each learner, whether it diverged or is dead: what it does afterwards is no part of the run."""
    at_chance: list[int] = field(default_factory=list)
    """For each learner, how many tasks running it was at chance."""
    finished: bool = False

    def __post_init__(self) -> None:
        self._path = self.parts.folder / f"{self.name}.csv"
        self._rows: BinaryIO = self._guarded(lambda: open(self._path, "ab+", buffering=0))  # noqa: SIM115
        self._lock: BaseFileLock | None = None
        self._hash, self._written = hashlib.sha256(), time.monotonic()

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        self._rows.close()
        if self._lock:
            self._lock.release()

    def restore(self, learners: Sequence[Learner]) -> int:
        """Makes new learners those of the checkpoint; gives the number of the next task, 0 without a checkpoint."""
        try:
            self._lock = lock(self._path.with_suffix(".lock"), PATIENCE)
        except Timeout:
            raise ValueError(f"{self._path} is in use by another process of this run; end that first") from None
        facts = self.parts.checked(self.name)
        valid = 0 if facts is None else facts["rows_bytes"]
        self.ended = [False] * len(learners) if facts is None else facts["diverged"]
        self.at_chance = (facts or {}).get("at_chance", [0] * len(learners))
        self.finished = facts is not None and facts["finished"]
        if facts is not None and not self.finished:
            checkpoint.restore_all(self.parts.folder, facts, learners)
        self._rows.truncate(valid)
        self._rows.seek(0)
        self._hash = hashlib.sha256(self._rows.read())
        checkpoint.tidy(self.parts.folder, self.name, keep=None if facts is None else facts["tensors"])
        return 0 if facts is None else facts["task"]

    def add(self, rows: Iterable[Row]) -> None:
        """Appends rows, all of them or none."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([cell(row.get(name, "")) for name in (*self.parts.columns, STEP)] for row in rows)
        data = text.getvalue().encode()
        if os.fstat(self._rows.fileno()).st_nlink == 0:
            raise self._gone()
        append(self._rows, data)
        self._hash.update(data)

    def due(self) -> bool:
        """Whether a checkpoint is due: by the clock, or because the run was asked to stop."""
        return time.monotonic() - self._written >= self.parts.every or self.stopping()

    def stopping(self) -> bool:
        """Whether the run was asked to stop after the current task."""
        return self.parts.stop.exists()

    def keep(self, learners: Sequence[Learner], task: int, finished: bool = False) -> None:
        """Writes a checkpoint: the state before task `task`, and whether it is the last."""
        os.fsync(self._rows.fileno())
        facts = {
            "task": task,
            "finished": finished,
            "diverged": self.ended,
            "at_chance": self.at_chance,
            "rows_bytes": self._rows.seek(0, os.SEEK_END),
            "rows_sha256": self._hash.hexdigest(),
        }
        self._guarded(lambda: checkpoint.write(self.parts.folder, self.name, learners, facts))
        self._written = time.monotonic()

    def _guarded(self, what: Any) -> Any:
        try:
            return what()
        except FileNotFoundError as error:
            raise self._gone() from error

    def _gone(self) -> ValueError:
        return ValueError(f"{self.parts.folder} was removed while the run went on; what was in it is lost")


def cell(value: str | int | float) -> str:
    """A value as it is written in metrics.csv."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def read_cells(parts: Parts, cells: Sequence[str]) -> Row:
    """A row from its cells."""
    row: Row = dict(zip(parts.columns, cells, strict=False))
    row |= {
        name: value if name == "method" else int(value) if name in WHOLE else float(value)
        for name, value in row.items()
    }
    return row | ({STEP: int(cells[-1])} if cells[-1] else {})
