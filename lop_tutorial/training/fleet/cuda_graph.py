"""A training step over tensors that stay where they are: taken as it is on a CPU, recorded and replayed on a GPU."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP = 3
"""Steps that a GPU takes unrecorded, on a stream of their own, so that everything is there before recording begins."""


class Step:
    """Calls `take`, which reads its input from tensors that its owner fills before each call, and gives the losses.

    With `capture`, on CUDA: after `WARM_UP` steps, which count like any other, one is recorded as a CUDA graph, and
    from then on replayed: a step costs the host one launch. What `take` gives is then the same tensor in every call.
    Where recording fails, a warning says why and steps go on as before.
    """

    def __init__(self, take: Callable[[], Tensor], device: torch.device, *, capture: bool) -> None:
        self.take, self.capture = take, capture and device.type == "cuda"
        self._taken = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._losses: Tensor | None = None
        self._side = torch.cuda.Stream(device) if self.capture else None

    @property
    def recorded(self) -> bool:
        return self._graph is not None

    def __call__(self) -> Tensor:
        self._taken += 1
        if self._graph is None and self._side is not None:
            return self._begin(self._side)
        if self._graph is None or self._losses is None:
            return self.take()
        self._graph.replay()
        return self._losses.clone()

    def _begin(self, side: torch.cuda.Stream) -> Tensor:
        if self._taken <= WARM_UP:
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                losses = self.take()
            torch.cuda.current_stream().wait_stream(side)
            return losses
        self._side = None
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph):
                self._losses = self.take()
        except RuntimeError as error:
            warnings.warn(f"this step cannot be recorded as a CUDA graph, and is taken as it is: {error}", stacklevel=2)
            self._losses = None
            return self.take()
        self._graph = graph
        graph.replay()
        return self._losses.clone()
