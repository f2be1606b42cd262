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
    if _before_2_9():
        return [torch.get_float32_matmul_precision(), str(torch.backends.cudnn.allow_tf32)]
    return [switch.fp32_precision for switch in _switches()]


def set_fp32_precision(formats: list[str] | str) -> None:
    """One of FORMATS for all, or what `get_fp32_precision` gave. Out of the box cuDNN's convolutions round to tf32."""
    if _before_2_9():
        if isinstance(formats, str):
            formats = ["high", "True"] if formats == "tf32" else ["highest", "False"]
        torch.set_float32_matmul_precision(formats[0])
        torch.backends.cudnn.allow_tf32 = formats[1] == "True"
        return
    if isinstance(formats, str):
        formats = [formats, formats, "ieee", "ieee"]
    for switch, name in zip(_switches(), formats, strict=True):
        switch.fp32_precision = name


@contextmanager
def fp32_precision(name: str = "ieee") -> Iterator[None]:
    """Inside, float32 products are in one of FORMATS; afterwards as they were."""
    before = get_fp32_precision()
    try:
        set_fp32_precision(name)
        yield
    finally:
        set_fp32_precision(before)


def _before_2_9() -> bool:
    return not hasattr(torch.backends.cudnn, "conv")


def _switches() -> tuple[Any, ...]:
    """CUDA's matrices and convolutions, which may be rounded, and the CPU's, which never are."""
    backends: Any = torch.backends
    return backends.cuda.matmul, backends.cudnn.conv, backends.mkldnn.matmul, backends.mkldnn.conv
