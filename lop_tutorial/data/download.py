"""Fetch the sets that may be fetched without signing anything, and convert them."""

from __future__ import annotations

import hashlib
import http
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from filelock import Timeout

from lop_tutorial.data.convert import add
from lop_tutorial.data.errors import FULL, explained
from lop_tutorial.data.image_set import DataError, ImageSet
from lop_tutorial.data.progress import Progress, silent
from lop_tutorial.data.scratch import lock
from lop_tutorial.data.store import data_root

CHUNK = 1 << 18
TIMEOUT = 30.0  # seconds without a byte


@dataclass(frozen=True)
class Archive:
    """Where a published archive lies, and its MD5 in hexadecimal digits."""

    url: str
    md5: str


PUBLISHED = {
    # as torchvision.datasets.CIFAR100 has them (a test compares; importing torchvision takes seconds)
    "cifar100": Archive("https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85"),
    "tinyimagenet": Archive("http://cs231n.stanford.edu/tiny-imagenet-200.zip", "90528d7ca1a48142e341f4ef8d21d0de"),
}


def get(
    which: str,
    *,
    root: str | Path | None = None,
    url: str | None = None,
    md5: str | None = None,
    replace: bool = False,
    progress: Progress | None = None,
) -> ImageSet:
    """Download cifar100 or tinyimagenet and convert it; a broken download goes on where it stopped.

    `url` and `md5` stand in for the published address and checksum (a mirror, say). The archive is kept in
    `<root>/.downloads` until it has been converted. Raises DataError if the network, the checksum, the disk
    or the conversion fails, and says what can be done by hand.
    """
    if which not in PUBLISHED:
        raise DataError(
            f"{which!r} cannot be downloaded, only {' and '.join(PUBLISHED)} can; convert files that you have "
            f"with `lop-tutorial data add {which} --from PATH`"
        )
    archive = Archive(url or PUBLISHED[which].url, md5 or PUBLISHED[which].md5)
    base = data_root(root)
    if (base / which).exists() and not replace:
        raise DataError(f"{base / which}: this set is already there; --replace it to have it anew")
    file = base / ".downloads" / PurePosixPath(PUBLISHED[which].url).name
    try:
        download(archive, file, progress or silent, f"`lop-tutorial data add {which} --from FILE`")
    except OSError as error:
        raise explained(error, base, file) from error
    image_set = add(which, file, root=base, replace=replace, progress=progress)
    file.unlink()
    return image_set


def download(archive: Archive, file: Path, report: Progress, by_hand: str, attempts: int = 4) -> None:
    """Fetch the archive to `file`, by way of `file` + `.part`, which stays until it is whole.

    Raises DataError if the network fails `attempts` times without a byte in between, or the checksum differs;
    `by_hand` is the command for those who fetch the file themselves. OSError if the disk fails.
    """
    part = file.with_name(file.name + ".part")
    remedy = f"try again later (it goes on where it stopped), or fetch it by hand and run {by_hand}"
    file.parent.mkdir(parents=True, exist_ok=True)
    with _alone(part):
        if file.exists():
            os.replace(file, part)  # kept from a conversion that failed: checked like any other
        _fetch_all(archive, part, report, file.name, attempts, remedy)
        os.replace(part, file)


@contextmanager
def _alone(part: Path) -> Iterator[None]:
    """While no other process fetches this file; where the file system has no locks, nobody can tell."""
    place = part.with_name(part.name + ".lock")
    held = None
    try:
        held = lock(place)
    except Timeout as error:
        raise DataError(f"{part}: another process is downloading it; wait for that one") from error
    except OSError as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is held
            place.unlink()
        if held is not None:
            held.release()


def _fetch_all(archive: Archive, part: Path, report: Progress, what: str, attempts: int, remedy: str) -> None:
    """Fetch what `part` lacks, until its checksum is the archive's."""
    with open(part, "ab") as out:
        failures = 0
        while _md5(part) != archive.md5:
            before = out.tell()
            try:
                _fetch(archive.url, out, report, what)
            except urllib.error.HTTPError as error:
                raise DataError(f"{archive.url}: {error}; {remedy}") from error
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, OSError) and error.errno in FULL:
                    raise
                failures = failures + 1 if out.tell() == before else 1
                if failures == attempts:
                    raise DataError(f"{archive.url}: {error}; {remedy}") from error
                time.sleep(0.1 * 4**failures)
            else:
                if (found := _md5(part)) != archive.md5:
                    _empty(out)
                    raise DataError(
                        f"{archive.url}: MD5 {found} instead of {archive.md5}, so it was damaged on its way "
                        f"or changed by its publisher; {remedy}"
                    )


def _fetch(url: str, out: BinaryIO, report: Progress, what: str) -> None:
    """Append the rest of the file; ConnectionError if the connection ends before the file does."""
    request = urllib.request.Request(url, headers={"User-Agent": "lop-tutorial"})
    if have := out.tell():
        request.add_header("Range", f"bytes={have}-")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return  # nothing is left to fetch: the checksum will tell
        raise
    with response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            _empty(out)  # a server that cannot go on sends all of it
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else 0
        try:
            while chunk := response.read(CHUNK):
                out.write(chunk)
                have += len(chunk)
                report(f"downloading {what}", have, total)
        finally:
            out.flush()
    if have < total:
        raise ConnectionError(f"the connection ended after {have:,} of {total:,} bytes")


def _empty(out: BinaryIO) -> None:
    out.seek(0)
    out.truncate()


def _md5(file: Path) -> str:
    with open(file, "rb") as data:
        return hashlib.file_digest(data, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
