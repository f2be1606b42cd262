"""A folder to build a set in, so that a set is there whole or not at all.

The folder `<root>/.adding-<name>-<random>/` lies beside the sets, on the same disk, so that a finished set
is put in place by one rename. It goes when the work ends, however it ends. A killed process leaves it
behind, and the next one removes it. Whether its process lives is told by a lock on a file in it, which dies
with the process and, unlike a process number, means the same in every container.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from lop_tutorial.data.image_set import DataError

PREFIX = ".adding-"


@contextlib.contextmanager
def scratch_folder(root: Path, name: str) -> Iterator[Path]:
    """Sweep what dead processes left under `root`, then give an empty folder that is gone afterwards."""
    made = [folder for folder in (root, *root.parents) if not folder.exists()]
    try:
        root.mkdir(parents=True, exist_ok=True)
        sweep(root)
        folder, held = _create(root, name)
    except OSError as error:
        raise DataError(
            f"{root}: cannot write here ({error.strerror}); choose another folder with --root or LOP_DATA"
        ) from error
    try:
        yield folder
    finally:
        _restore(folder, root / name)
        held.release()  # before the folder goes: Windows removes no file that is held
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # not empty: a set is there now
            for each in made:
                each.rmdir()


def publish(scratch: Path, built: Path, target: Path) -> None:
    """Put the finished folder `built`, inside `scratch`, at `target`; a set already there gives way.

    Killed between the two renames, the old set is in the scratch folder, and `sweep` puts it back.
    """
    sync_folder(built)
    if target.exists():
        os.rename(target, scratch / "old")
    os.rename(built, target)
    sync_folder(target.parent)


def sweep(root: Path) -> None:
    """Remove the scratch folders whose process no longer lives."""
    for folder in root.glob(f"{PREFIX}*"):
        if not (folder / "lock").exists():
            continue  # just being made, or just being removed
        try:
            held = lock(folder / "lock")
        except OSError:
            continue  # at work, or nobody can tell
        _restore(folder, root / folder.name.removeprefix(PREFIX).rpartition("-")[0])
        shutil.rmtree(folder, ignore_errors=True)  # while held: or its maker, just about to hold it, would lose it
        held.release()
        if sys.platform == "win32":  # which kept the file that was held
            with contextlib.suppress(OSError):
                (folder / "lock").unlink()
                folder.rmdir()


def lock(path: Path) -> BaseFileLock:
    """The lock of that name, held until it is released or the process ends.

    Raises Timeout if it is held elsewhere, another OSError where there are no locks.
    """
    held = FileLock(path, timeout=0, thread_local=False)
    held.acquire()
    return held


def sync_folder(folder: Path) -> None:
    """Wait until the folder's entries are on the disk, where the system can say so."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _create(root: Path, name: str) -> tuple[Path, BaseFileLock]:
    while True:
        folder = root / f"{PREFIX}{name}-{secrets.token_hex(4)}"
        folder.mkdir()
        held = FileLock(folder / "lock", timeout=0, thread_local=False)
        (folder / "lock").touch()
        try:
            held.acquire()
        except (Timeout, FileNotFoundError):
            continue  # swept by another process, between the lines above
        except OSError:
            pass  # a file system without locks: left-overs are never swept, all else is the same
        if (folder / "lock").exists():
            return folder, held
        held.release()


def _restore(scratch: Path, target: Path) -> None:
    if (scratch / "old").exists() and not target.exists():
        os.rename(scratch / "old", target)
