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
    Where recording fails, a warning says why, steps go on as before, and `capture` is False from then on.
    """

    def __init__(self, take: Callable[[], Tensor], device: torch.device, *, capture: bool) -> None:
        self.take, self.device, self.capture = take, device, capture and device.type == "cuda"
        self._taken = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._losses: Tensor | None = None
        self._side = torch.cuda.Stream(device) if self.capture else None

    @property
    def recorded(self) -> bool:
        return self._graph is not None

    def __call__(self) -> Tensor:
        if self._graph is None and self.capture:
            self._taken += 1
            with torch.cuda.device(self.device):
                if self._taken <= WARM_UP:
                    return self._aside()
                self._record()
        if self._graph is None or self._losses is None:
            return self.take()
        self._graph.replay()
        return self._losses.clone()

    def _aside(self) -> Tensor:
        main, side = torch.cuda.current_stream(), self._side
        side.wait_stream(main)  # type: ignore[union-attr]
        with torch.cuda.stream(side):
            losses = self.take()
        main.wait_stream(side)  # type: ignore[arg-type]
        return losses

    def _record(self) -> None:
        graph = torch.cuda.CUDAGraph()
        try:
            # the outer one: a recording that fails would leave its stream the current one
            with torch.cuda.stream(self._side), torch.cuda.graph(graph, stream=self._side):
                self._losses = self.take()
            self._graph = graph
        except RuntimeError as error:
            cause = error.__context__ or error  # what broke the recording, not that it is broken
            self._losses, self.capture = None, False
            message = f"this step cannot be recorded as a CUDA graph, and is taken as it is: {cause}"
        if not self.capture:
            warnings.warn(message, stacklevel=3)
