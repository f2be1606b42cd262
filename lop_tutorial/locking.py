"""One process at a time: a lock that goes when its process goes, however that ends."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class Taken(ValueError):
    """Another process holds the lock."""


def lock(file: BinaryIO, patience: float = 0) -> None:
    """Locks an open file until it is closed or the process ends; `Taken` if another holds it for `patience` seconds.

    Where the system or the file system has no such locks (Windows, some network file systems), it warns and goes on:
    there, nothing but care keeps two processes apart.
    """
    until = time.monotonic() + patience
    while fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Taken(f"{file.name} is locked by another process") from None
            time.sleep(0.05)
        except OSError as error:
            warnings.warn(f"{file.name} cannot be locked ({os.strerror(error.errno or 0)})", stacklevel=2)
            return
    with contextlib.suppress(OSError):
        warnings.warn(f"this system cannot lock {file.name}: see that no other process uses it", stacklevel=2)
