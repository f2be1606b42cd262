"""The formats in which images come, one file each; a format is told by what lies at the path itself.

A format is a module with `TITLE`, `recognise(path) -> bool`, which looks at names only, and
`read(path) -> Contents`. They are asked in the order of `FORMATS`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from lop_tutorial.data.archives import SUFFIXES, is_archive, unpack
from lop_tutorial.data.formats import cifar100, class_arrays, class_folders, class_sheets, imagenet32, tiny_imagenet
from lop_tutorial.data.formats.contents import Block, Contents, Counts, SplitRule
from lop_tutorial.data.image_set import DataError

__all__ = ["FORMATS", "Block", "Contents", "Counts", "Format", "SplitRule", "recognise"]


class Format(Protocol):
    """What a module of this folder offers."""

    TITLE: str

    def recognise(self, path: Path) -> bool:
        """Whether the path holds this format."""
        ...

    def read(self, path: Path) -> Contents:
        """What the path holds; DataError if it is damaged or incomplete."""
        ...


FORMATS: tuple[Format, ...] = (
    cifar100,
    tiny_imagenet,
    imagenet32,
    class_arrays,
    class_sheets,
    class_folders,
)


def recognise(source: Path, unpacked: Path) -> Contents:
    """Find the format of `source` and read it; an archive is first unpacked into the new folder `unpacked`.

    A folder that holds one folder and nothing else stands for that one, as in most archives. DataError if no
    format fits.
    """
    path = source
    if source.is_file() and is_archive(source):
        unpack(source, unpacked)
        path = unpacked
    while path.is_dir():
        for format in FORMATS:
            if format.recognise(path):
                return format.read(path)
        inside = [entry for entry in os.scandir(path) if not entry.name.startswith((".", "__MACOSX"))]
        if len(inside) != 1 or not inside[0].is_dir():
            break
        path = Path(inside[0])
    reason = "an empty folder" if path.is_dir() and not any(path.iterdir()) else "not recognised"
    known = "; ".join(format.TITLE for format in FORMATS)
    raise DataError(f"{source}: {reason}. What is recognised: {known}; or an archive of one ({', '.join(SUFFIXES)})")
