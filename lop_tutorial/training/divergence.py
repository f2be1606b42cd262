"""In which step of a task a learner's loss first was not finite, without asking the device before the task ends."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

BLOCK = 64  # losses gathered before they are looked at together


class Soundness:
    """Counts a task's steps up to the first whose loss is not finite, for one learner or for many side by side.

    `see` takes the losses of a step as they are, and keeps them: a step costs no operation on the device. Every `BLOCK`
    steps a few operations fold them into the count, and only `first_bad` copies it to the host.
    """

    def __init__(self) -> None:
        self._recent: list[Tensor] = []
        self._folded = 0
        self._sound: Tensor | None = None

    def see(self, losses: Float[Tensor, "*learner"]) -> None:
        """The losses of the next step, one a learner; they must not be overwritten afterwards."""
        self._recent.append(losses.detach())
        if len(self._recent) == BLOCK:
            self._fold()

    def _fold(self) -> None:
        finite = torch.stack(self._recent).isfinite()
        in_a_row = finite.long().cumprod(0).sum(0)
        before = torch.zeros_like(in_a_row) if self._sound is None else self._sound
        self._sound = before + in_a_row * (before == self._folded)
        self._folded += len(self._recent)
        self._recent = []

    def settle(self) -> None:
        """Copies the count to the host, once for all learners; after a task's last step."""
        if self._recent:
            self._fold()
        if self._sound is not None:
            self._sound = self._sound.cpu()

    def of(self, place: int) -> Soundness:
        """One learner's own, of many."""
        if self._recent:
            self._fold()
        one = Soundness()
        one._folded, one._sound = self._folded, None if self._sound is None else self._sound[place]
        return one

    def first_bad(self) -> int | None:
        """The step, counted from 0, whose loss was the first that was NaN or infinite; None if all were finite."""
        if self._recent:
            self._fold()
        if self._sound is None:
            return None
        sound = int(self._sound)
        return None if sound == self._folded else sound

    @property
    def steps(self) -> int:
        """How many steps were seen."""
        return self._folded + len(self._recent)
