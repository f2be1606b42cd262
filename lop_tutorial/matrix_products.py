"""Products of many small matrices that depend on each matrix alone, not on how many stand beside it."""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from pathlib import Path

CBWR = "MKL_CBWR"
"""MKL's variable for conditional numerical reproducibility. It is read at the first product: torch may be there."""


def each_by_itself() -> None:
    """Lets MKL multiply a matrix in the same way whatever the size of its batch, where it would not by itself.

    On processors that are not Intel's, `torch.bmm` of narrow matrices (three rows, say) rounds differently in batches
    of two and of ten, so that a learner's bits would depend on its company; with the variable set to AUTO they do not.
    Where it is set already, it stays as it is.
    """
    if not _intel():
        os.environ.setdefault(CBWR, "AUTO")


def _intel() -> bool:
    with suppress(OSError):
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    return "Intel" in platform.processor()
