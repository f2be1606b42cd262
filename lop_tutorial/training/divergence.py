"""In which step of a task a learner's loss first was not finite, without asking the device before the task ends."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

BLOCK = 64  # losses gathered before they are looked at together


class Divergence:
    """Counts a task's steps up to the first whose loss is not finite, for one learner or for many side by side.

    `see` takes the losses of a step as they are, and keeps them: a step costs no operation on the device. Every `BLOCK`
    steps a few operations fold them into the count, and only `first_step` copies it to the host.
    """

    def __init__(self) -> None:
        self._recent: list[Tensor] = []
        self._folded = 0
        self._finite_steps: Tensor | None = None

    def see(self, losses: Float[Tensor, "*learner"]) -> None:
        """The losses of the next step, one a learner; they must not be overwritten afterwards."""
        self._recent.append(losses.detach())
        if len(self._recent) == BLOCK:
            self._fold()

    def _fold(self) -> None:
        finite = torch.stack(self._recent).isfinite()
        in_a_row = finite.long().cumprod(0).sum(0)
        before = torch.zeros_like(in_a_row) if self._finite_steps is None else self._finite_steps
        self._finite_steps = before + in_a_row * (before == self._folded)
        self._folded += len(self._recent)
        self._recent = []

    def settle(self) -> None:
        """Copies the count to the host, once for all learners; after a task's last step."""
        if self._recent:
            self._fold()
        if self._finite_steps is not None:
            self._finite_steps = self._finite_steps.cpu()

    def of(self, place: int) -> Divergence:
        """One learner's own, of many."""
        if self._recent:
            self._fold()
        own = Divergence()
        own._folded, own._finite_steps = self._folded, None if self._finite_steps is None else self._finite_steps[place]
        return own

    def first_step(self) -> int | None:
        """The step, counted from 0, whose loss was the first that was NaN or infinite; None if all were finite."""
        if self._recent:
            self._fold()
        if self._finite_steps is None:
            return None
        finite_steps = int(self._finite_steps)
        return None if finite_steps == self._folded else finite_steps

    @property
    def steps(self) -> int:
        """How many steps were seen."""
        return self._folded + len(self._recent)
