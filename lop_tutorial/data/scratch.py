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

from lop_tutorial.data.image_set import DataError

if sys.platform != "win32":
    import fcntl

PREFIX = ".adding-"


@contextlib.contextmanager
def scratch_folder(root: Path, name: str) -> Iterator[Path]:
    """Sweep what dead processes left under `root`, then give an empty folder that is gone afterwards."""
    made = [folder for folder in (root, *root.parents) if not folder.exists()]
    try:
        root.mkdir(parents=True, exist_ok=True)
        sweep(root)
        folder, handle = _create(root, name)
    except OSError as error:
        raise DataError(
            f"{root}: cannot write here ({error.strerror}); choose another folder with --root or LOP_DATA"
        ) from error
    try:
        yield folder
    finally:
        _restore(folder, root / name)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)
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
        try:
            handle = os.open(folder / "lock", os.O_RDWR)
        except OSError:
            continue  # just being made, or just being removed
        try:
            lock(handle)
        except OSError:
            continue  # at work, or nobody can tell
        else:
            _restore(folder, root / folder.name.removeprefix(PREFIX).rpartition("-")[0])
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(handle)


def lock(handle: int) -> None:
    """Lock an open file until it is closed or the process ends.

    Raises BlockingIOError if the lock is held elsewhere, another OSError where there are no locks.
    """
    if sys.platform == "win32":
        raise OSError("no locks that leave the file as it is")
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's entries are on the disk, where the system can say so."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _create(root: Path, name: str) -> tuple[Path, int]:
    while True:
        folder = root / f"{PREFIX}{name}-{secrets.token_hex(4)}"
        folder.mkdir()
        handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
        swept = False
        try:
            lock(handle)
        except BlockingIOError:
            swept = True  # by another process, between the two lines above
        except OSError:
            pass  # a file system without locks: left-overs are never swept, all else is the same
        if not swept and (folder / "lock").exists():
            return folder, handle
        os.close(handle)


def _restore(scratch: Path, target: Path) -> None:
    if (scratch / "old").exists() and not target.exists():
        os.rename(scratch / "old", target)
