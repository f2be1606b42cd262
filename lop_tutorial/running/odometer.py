"""How far a learner's weights travel while it learns a task."""

from __future__ import annotations

import torch
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook

from lop_tutorial.training import Learner


class Odometer:
    """Measures the path of a learner's weights below its head, as one vector, from now until `read`.

    What moves them does not matter: steps, an intervention, or new weights. The head is left out, since most plans set
    it to a fixed value at each task. Only for a learner that trains by itself: a fleet's steps are not its own.
    """

    def __init__(self, learner: Learner) -> None:
        self._learner, self._length = learner, torch.zeros((), dtype=torch.float64, device=learner.device)
        self._first = self._last = self._weights()
        self._hook = register_optimizer_step_post_hook(self._see)

    def read(self) -> dict[str, float]:
        """path_length, the sum of the distances from step to step; displacement, the distance from begin to end."""
        self._hook.remove()
        self._advance()
        return {"path_length": self._length.item(), "displacement": (self._last - self._first).norm().item()}

    def _see(self, optimiser: Optimizer, *_: object) -> None:
        if optimiser is self._learner.optimiser:
            self._advance()

    def _advance(self) -> None:
        now = self._weights()
        self._length += (now - self._last).norm()
        self._last = now

    def _weights(self) -> torch.Tensor:
        return torch.cat([weight.detach().flatten() for weight in self._learner.network.body.parameters()])
