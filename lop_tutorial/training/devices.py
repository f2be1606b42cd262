"""Devices by name: which one is taken, what it can do, and what is wrong where torch cannot use it."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from lop_tutorial.training.precision import PRECISIONS, Precision

NAMES = "auto, cpu, cuda, cuda:N or mps"


def choose(name: str, precision: str = "fp32") -> str:
    """The device that a name stands for: "auto" is CUDA where torch can use it, and otherwise the CPU.

    Raises a ValueError for a name that is none of NAMES, for a device that torch cannot use, and for a precision that
    it lacks.
    """
    if name == "auto":
        name = "cuda" if cuda_trouble() is None else "cpu"
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", name):
        raise ValueError(f"device is {name!r}; it must be {NAMES}")
    trouble = None
    if name == "mps" and not torch.backends.mps.is_available():
        trouble = "torch finds no Apple GPU here"
    elif name.startswith("cuda"):
        trouble = cuda_trouble(int(name.partition(":")[2] or 0))
    if trouble:
        raise ValueError(f"device is {name!r}, but {trouble}; use --device cpu")
    Precision(precision, torch.device(name))
    return name


def cuda_trouble(number: int = 0) -> str | None:
    """Why torch cannot use CUDA device `number` here; None where it can."""
    if torch.version.cuda is None:
        return "torch sees 0 CUDA devices here, for it is built without CUDA"
    if not torch.cuda.is_available():
        seen = torch.cuda.device_count()  # as the driver's library counts: also what torch cannot use
        try:
            torch.cuda.init()
            why = "it says no more"
        except (RuntimeError, AssertionError) as error:
            why = str(error).strip().splitlines()[0]
        if seen:
            return f"torch (CUDA {torch.version.cuda}) cannot use the {seen} that the driver counts: {why}"
        return "torch sees 0 CUDA devices here"
    if number >= torch.cuda.device_count():
        return f"torch sees {torch.cuda.device_count()} CUDA devices here"
    major, minor = torch.cuda.get_device_capability(number)
    built = [(int(digits[:-1]), int(digits[-1])) for digits in re.findall(r"sm_(\d+)", " ".join(_built_for()))]
    if built and not any(own == major and of <= minor for own, of in built):
        return f"torch has no kernels for its generation {major}.{minor}: install one built for it"
    return None


def precisions(device: str) -> list[str]:
    """Those of PRECISIONS that a device can multiply in."""
    usable = []
    for name in PRECISIONS:
        try:
            usable.append(Precision(name, torch.device(device)).name)
        except ValueError:
            continue
    return usable


def driver() -> str | None:
    """The version of NVIDIA's driver, where Linux tells it."""
    try:
        match = re.search(r"Module\D*([\d.]+)", Path("/proc/driver/nvidia/version").read_text(encoding="utf-8"))
    except OSError:
        return None
    return match and match.group(1)


def _built_for() -> list[str]:
    return [name for name in torch.cuda.get_arch_list() if name.startswith("sm_")]
