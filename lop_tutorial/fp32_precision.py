"""In what float32 matrices and convolutions are multiplied: PyTorch's own switches, whose names changed in 2.9."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

FORMATS = ("ieee", "tf32")
"""ieee: in float32, as it is written. tf32: factors are rounded to 10 bits, on CUDA's tensor cores from Ampere on."""


def get_fp32_precision() -> list[str]:
    """The formats in force, one for each of PyTorch's switches; what `set_fp32_precision` takes."""
    if _old():
        return [torch.get_float32_matmul_precision(), str(torch.backends.cudnn.allow_tf32)]
    return [kind.fp32_precision for kind in _kinds()]


def set_fp32_precision(formats: list[str] | str) -> None:
    """One of FORMATS for all, or what `get_fp32_precision` gave. Out of the box cuDNN's convolutions round to tf32."""
    if formats == "ieee":
        formats = ["highest", "False"] if _old() else ["ieee"] * 4
    elif formats == "tf32":
        formats = ["high", "True"] if _old() else ["tf32", "tf32", "ieee", "ieee"]
    if _old():
        torch.set_float32_matmul_precision(formats[0])
        torch.backends.cudnn.allow_tf32 = formats[1] == "True"
        return
    for kind, name in zip(_kinds(), formats, strict=True):
        kind.fp32_precision = name


@contextmanager
def fp32_precision(name: str = "ieee") -> Iterator[None]:
    """Inside, float32 products are in one of FORMATS; afterwards as they were."""
    before = get_fp32_precision()
    try:
        set_fp32_precision(name)
        yield
    finally:
        set_fp32_precision(before)


def _old() -> bool:
    return not hasattr(torch.backends.cudnn, "conv")


def _kinds() -> tuple[Any, ...]:
    backends: Any = torch.backends
    return backends.cuda.matmul, backends.cudnn.conv, backends.mkldnn.matmul, backends.mkldnn.conv
