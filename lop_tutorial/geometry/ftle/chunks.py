"""Many samples in bounded memory: a few at a time, and fewer where those do not fit."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Shaped
from torch import Tensor

from lop_tutorial.geometry.ftle.linearised import Function, Linearised

_ON_A_CPU = 32 * 2**20  # bytes; a CPU's caches hold less, so that more at once is no faster
_OF_A_GPU = 0.5  # of the memory that is free


def room(device: torch.device) -> int:
    """Bytes that a chunk may take."""
    return int(_OF_A_GPU * torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else _ON_A_CPU


def bytes_linearised(function: Function, x: Shaped[Tensor, "batch *shape"], *, both_ways: bool) -> int:
    """What `Linearised` keeps for each sample: what it keeps for two, less what for one."""

    def kept(x: Tensor) -> int:
        storages: dict[int, int] = {}

        def note(tensor: Tensor) -> Tensor:
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor.detach()

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            linear = Linearised(function, x, both_ways=both_ways)
            linear.vjp(x.new_zeros(len(x), linear.outputs))
        return sum(storages.values())

    return max(1, kept(x[:1].repeat_interleave(2, dim=0)) - kept(x[:1]))


def in_chunks(work: Callable[[slice], tuple[Tensor, ...]], samples: int, chunk: int) -> tuple[Tensor, ...]:
    """What `work` makes of all samples, at most `chunk` at a time; where memory runs out, half as many and again."""
    _keep_pages()
    chunk = math.ceil(samples / math.ceil(samples / chunk))  # as many rounds, but equal ones
    parts, first = [], 0
    while first < samples:
        try:
            parts.append(work(slice(first, first + chunk)))
        except (torch.OutOfMemoryError, RuntimeError) as error:
            if chunk == 1 or not _out_of_memory(error):
                raise
            chunk = math.ceil(min(chunk, samples - first) / 2)
        else:
            first += chunk
    return tuple(torch.cat(part) for part in zip(*parts, strict=True))


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)


def _keep_pages() -> None:
    """Frees one large block. From then on glibc keeps blocks up to that size for the next one who asks.

    Otherwise it hands each layer's output back to the system and gets it again page by page at the next pass, which
    takes longer than a small convolution.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)
