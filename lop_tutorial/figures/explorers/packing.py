"""Arrays in few bytes: values rounded to 8 or 16 bits between their smallest and largest, as the page reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

BITS: dict[int, np.dtype[Any]] = {8: np.dtype("u1"), 16: np.dtype("<u2")}
SPECIAL = 3
"""The three highest codes of either width stand for minus infinity, plus infinity and NaN."""


def pack(arrays: Mapping[str, np.ndarray], bits: int = 8) -> tuple[dict[str, dict[str, Any]], bytes]:
    """All arrays one after the other in a string of bytes, and for each how to read it back.

    Finite values become the nearest of 253 (8 bits) or 65,533 (16 bits) evenly spaced levels between the array's
    smallest and largest finite value, so the error is at most half of that range over 252 or 65,532. Infinities and
    NaN come back as they were.
    """
    if bits not in BITS:
        raise ValueError(f"bits is {bits}; it must be 8 or 16")
    index: dict[str, dict[str, Any]] = {}
    packed = bytearray()
    for name, array in arrays.items():
        values = np.asarray(array, dtype=np.float64)
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        top = 2**bits - 1 - SPECIAL
        with np.errstate(invalid="ignore"):
            codes = np.rint((values - low) / (high - low if high > low else 1.0) * top)
        codes = np.where(values == -np.inf, top + 1, np.where(values == np.inf, top + 2, codes))
        codes = np.where(np.isnan(values), top + 3, codes).astype(BITS[bits])
        index[name] = {"shape": list(values.shape), "offset": len(packed), "bits": bits, "low": low, "high": high}
        packed += codes.tobytes()
    return index, bytes(packed)


def unpack(index: Mapping[str, Mapping[str, Any]], packed: bytes) -> dict[str, np.ndarray]:
    """What `pack` put away, to half a level."""
    arrays = {}
    for name, entry in index.items():
        bits, low, high = entry["bits"], entry["low"], entry["high"]
        top = 2**bits - 1 - SPECIAL
        codes = np.frombuffer(packed, BITS[bits], int(np.prod(entry["shape"], dtype=int)), int(entry["offset"]))
        special = np.select([codes == top + 1, codes == top + 2], [-np.inf, np.inf], np.nan)
        values = np.where(codes > top, special, low + (high - low) * codes.astype(np.float64) / top)
        arrays[name] = values.reshape(entry["shape"])
    return arrays
