"""Read pickles from strangers: arrays and plain containers, nothing that could run code.

CIFAR and ImageNet-32 are published as pickles, and a pickle is a program that may call any function that it
names. Here it may name only those below.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

from lop_tutorial.data.image_set import DataError

_EMPTY = np.empty(0, np.uint8)


def _latin1(text: str, encoding: str) -> bytes:
    """How Python 3 writes bytes in the older protocols: as `_codecs.encode(text, "latin1")`."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"encoding {encoding!r}")
    return text.encode("latin1")


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
    ("collections", "OrderedDict"): OrderedDict,
}
for _core in ("numpy.core", "numpy._core"):  # before and since NumPy 2
    _ADMITTED[f"{_core}.multiarray", "_reconstruct"] = _EMPTY.__reduce__()[0]
    _ADMITTED[f"{_core}.multiarray", "scalar"] = np.float64(0).__reduce__()[0]
    _ADMITTED[f"{_core}.numeric", "_frombuffer"] = _EMPTY.__reduce_ex__(5)[0]


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise DataError(f"names {module}.{name}, which is not an array or a plain container") from None


def read_pickle(path: Path) -> dict[str, Any]:
    """The dictionary pickled in the file, by Python 2 or 3; its keys become text.

    Raises DataError if the pickle names anything but arrays and plain containers (nothing of it is run), is
    truncated or damaged, or holds no dictionary.
    """
    try:
        with open(path, "rb") as file:
            content = _Unpickler(file, encoding="latin1").load()
    except DataError as error:
        raise DataError(f"{path}: the pickle {error}; do not trust this file, fetch it anew") from error
    except OSError:
        raise
    except Exception as error:  # a damaged pickle can raise anything
        raise DataError(f"{path}: truncated, or not a pickle ({error}); fetch it anew") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: a pickle of {type(content).__name__}, not of a dictionary; fetch it anew")
    return {key.decode("latin1") if isinstance(key, bytes) else str(key): value for key, value in content.items()}
