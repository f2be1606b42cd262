"""Unpack archives from strangers: plain files and folders only, and only below the folder meant for them."""

from __future__ import annotations

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from lop_tutorial.data.image_set import DataError

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def is_archive(path: Path) -> bool:
    """Whether the name is an archive's."""
    return path.name.lower().endswith(SUFFIXES)


def unpack(path: Path, into: Path) -> None:
    """Unpack a zip or tar archive into the new folder `into`.

    Raises DataError if the archive is damaged or truncated, if a member's place is outside of `into`, or if a
    member is neither a plain file nor a folder (a link could lead outside). OSError if the disk is full.
    """
    into.mkdir()
    try:
        with ExitStack() as stack:
            members = _zip_members(path, stack) if path.name.lower().endswith(".zip") else _tar_members(path, stack)
            for name, file in members:
                target = into / _inside(name, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                with file, open(target, "wb") as out:
                    shutil.copyfileobj(file, out, 1 << 20)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError) as error:
        raise _damaged(path, error) from error
    except (NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path}: {error}; unpack it yourself and give the folder") from error
    except OSError as error:
        if error.errno is None:  # gzip and bzip2 call damage an OSError
            raise _damaged(path, error) from error
        raise


def _zip_members(path: Path, stack: ExitStack) -> Iterator[tuple[str, IO[bytes]]]:
    archive = stack.enter_context(zipfile.ZipFile(path))
    for info in archive.infolist():
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _odd(path, info.filename)
        if not info.is_dir():
            yield info.filename, archive.open(info)


def _tar_members(path: Path, stack: ExitStack) -> Iterator[tuple[str, IO[bytes]]]:
    archive = stack.enter_context(tarfile.TarFile.open(path))
    for member in archive:
        if member.isdir():
            continue
        file = archive.extractfile(member) if member.isreg() else None
        if file is None:
            raise _odd(path, member.name)
        yield member.name, file


def _inside(name: str, archive: Path) -> PurePosixPath:
    """The member's relative place, if it is one on every system."""
    place, windows = PurePosixPath(name), PureWindowsPath(name)
    if place.is_absolute() or windows.anchor or ".." in windows.parts:
        raise DataError(f"{archive}: member {name!r} would lie outside; do not trust this archive, fetch it anew")
    return place


def _odd(archive: Path, member: str) -> DataError:
    return DataError(
        f"{archive}: member {member!r} is neither a plain file nor a folder; do not trust this archive, fetch it anew"
    )


def _damaged(archive: Path, error: Exception) -> DataError:
    return DataError(f"{archive}: truncated or damaged ({error}); fetch it anew")
