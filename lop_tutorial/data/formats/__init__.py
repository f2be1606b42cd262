"""The formats in which images come, one file each; a format is told by what lies at the path itself.

A format is a module with `TITLE`, `recognise(path) -> bool`, which looks at names only, and
`read(path) -> Contents`. The order below is the order in which they are asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..image_set import DataError
from . import class_sheets
from .contents import Block, Contents, Counts, SplitRule

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


FORMATS: tuple[Format, ...] = (class_sheets,)


def recognise(source: Path, scratch: Path) -> Contents:
    """Find the format of `source` and read it.

    Raises DataError if no format fits.
    """
    for format in FORMATS:
        if format.recognise(source):
            return format.read(source)
    known = "\n".join(f"  - {format.TITLE}" for format in FORMATS)
    raise DataError(f"{source}: not recognised. Formats that are:\n{known}")
