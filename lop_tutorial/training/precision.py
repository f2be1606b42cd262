"""The precision of a step's products by name, and float32 as it is written for all that is measured."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from lop_tutorial.fp32_precision import fp32_precision

PRECISIONS = ("fp32", "tf32", "bf16")


@dataclass(frozen=True)
class Precision:
    """How a step multiplies on a device.

    fp32: in float32. tf32: float32 numbers whose products of matrices and convolutions round their factors to 10 bits
    on CUDA's tensor cores. bf16: the forward pass, and so its backward pass, in bfloat16 where that is safe (PyTorch's
    autocast); weights, the optimiser, the loss and the interventions' hooks stay in float32.

    Raises a ValueError for an unknown name, and where the device cannot.
    """

    name: str
    device: torch.device

    def __post_init__(self) -> None:
        if self.name not in PRECISIONS:
            raise ValueError(f"precision is {self.name!r}; it must be one of {', '.join(PRECISIONS)}")
        if self.name != "fp32" and self.on_cuda and torch.cuda.get_device_capability(self.device) < (8, 0):
            raise ValueError(f"{self.name} needs a CUDA device from Ampere (8.0) on; {self.device} is older: use fp32")
        if self.name == "tf32" and not self.on_cuda:
            raise ValueError(f"tf32 needs a CUDA device from Ampere (8.0) on, not {self.device}; use fp32 or bf16")
        # there torch would go on in float32 with no more than a warning
        if self.name == "bf16" and self.device.type == "mps" and not torch.backends.mps.is_macos_or_newer(14, 0):
            raise ValueError("bf16 on Apple's GPU needs macOS 14 or later; use fp32")

    @property
    def on_cuda(self) -> bool:
        return self.device.type == "cuda"

    def step(self) -> AbstractContextManager[None]:
        """Around forward and backward passes."""
        return fp32_precision("tf32" if self.name == "tf32" else "ieee") if self.on_cuda else nullcontext()

    def forward(self) -> AbstractContextManager[Any]:
        """Around the network's forward pass alone."""
        if self.name != "bf16":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16, cache_enabled=False)


def strict(device: torch.device) -> AbstractContextManager[None]:
    """Around what is measured: float32 products in float32."""
    return Precision("fp32", device).step()
