"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

UNFINISHED = ".unfinished"


def must_take_files(folder: Path) -> None:
    """ValueError unless files can be made in the folder, or in the nearest one above it that is there."""
    for place in (*reversed(folder.absolute().parents), folder.absolute()):
        try:
            if not place.is_dir():
                break
        except PermissionError:
            break  # the one above may not be looked into
        there = place
    if not os.access(there, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ValueError(f"{there} may not be written to; choose another place")


def write_text(path: Path, text: str) -> None:
    """Writes text as UTF-8, with one line feed at the end of a line, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Writes beside `path` first, then renames into its place; whatever goes wrong, the old file is kept.

    A process that is killed half-way leaves what it had written beside it: see `is_left_over`.
    """
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            _write_all(file, data)
            os.fsync(file.fileno())
        os.chmod(beside, path.stat().st_mode if path.exists() else 0o644)
        os.replace(beside, path)
    except BaseException:  # also an interrupt that comes just after the renaming
        Path(beside).unlink(missing_ok=True)
        raise
    _sync(path.parent)


def is_left_over(path: Path) -> bool:
    """Whether a file is what `write_bytes` had written when its process was killed."""
    return path.name.startswith(".") and path.name.endswith(UNFINISHED)


def clear_left_over(folder: Path) -> None:
    """Removes what killed processes left; only while no other writes into the folder."""
    for path in filter(is_left_over, folder.iterdir()):
        path.unlink()


def append(file: BinaryIO, data: bytes) -> None:
    """Appends to an unbuffered file; if that fails half-way, as on a full disk, the half is taken back."""
    begin = file.seek(0, os.SEEK_END)
    try:
        _write_all(file, data)
    except BaseException:
        file.truncate(begin)
        raise


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Writes to an unbuffered file, which may take less than it is given at a time."""
    done = 0
    while done < len(data):
        done += file.write(data[done:])


def _sync(folder: Path) -> None:
    """Makes the names in a folder last through a power cut, so that a rename lasts before the next one is made."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def all_or_none(texts: Mapping[Path, str]) -> Iterator[None]:
    """Writes every file; if that fails, or what is done in the block, each of them is again as it was before."""
    before = {path: path.read_text(encoding="utf-8") if path.exists() else None for path in texts}
    try:
        for path, text in texts.items():
            write_text(path, text)
        yield
    except BaseException:
        for path, old in before.items():
            if old is None:
                path.unlink(missing_ok=True)
            else:
                write_text(path, old)
        raise
