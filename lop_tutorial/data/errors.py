"""Errors of the disk, told in the words of the one who waits for the images."""

from __future__ import annotations

import errno
from pathlib import Path

from lop_tutorial.data.image_set import DataError

FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""The disk, the quota or the largest file allowed is used up."""


def explained(error: OSError, root: Path, source: Path) -> DataError:
    """What an OSError means while `source` is read and the set written under `root`."""
    if error.errno in FULL:
        return DataError(
            f"{root}: no space left for this set ({error.strerror}); "
            "free some, or choose another folder with --root or LOP_DATA"
        )
    return DataError(
        f"{error.filename or source}: {error.strerror or error}; check that the path is whole and may be read"
    )
