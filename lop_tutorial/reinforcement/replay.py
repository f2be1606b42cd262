"""The replay buffer: the latest transitions, from which batches are drawn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from lop_tutorial.reinforcement.control_worlds import Observation


class Transitions(NamedTuple):
    """A batch: where the agent was, what it did, what it got, where that led, and whether the episode ended there.

    `ended` is 1 where the world ended the episode, and 0 where its time was up: there the value of `after` counts.
    """

    before: Float[Tensor, "batch sensor"]
    action: Int64[Tensor, "batch 1"]
    reward: Float[Tensor, " batch"]
    after: Float[Tensor, "batch sensor"]
    ended: Float[Tensor, " batch"]


class Replay:
    """Holds the latest `capacity` transitions; `sample` draws from them, each as often as any other."""

    def __init__(self, capacity: int, observations: int) -> None:
        if capacity < 1:
            raise ValueError(f"capacity is {capacity}; a replay buffer holds at least 1 transition")
        self.capacity, self.added = capacity, 0
        self._before, self._after = (np.zeros((capacity, observations), dtype=np.float32) for _ in range(2))
        self._action = np.zeros((capacity, 1), dtype=np.int64)
        self._reward, self._ended = (np.zeros(capacity, dtype=np.float32) for _ in range(2))

    def __len__(self) -> int:
        return min(self.added, self.capacity)

    def add(self, before: Observation, action: int, reward: float, after: Observation, ended: bool) -> None:
        """Takes the place of the oldest transition where the buffer is full."""
        place = self.added % self.capacity
        self._before[place], self._after[place] = before, after
        self._action[place, 0], self._reward[place], self._ended[place] = action, reward, ended
        self.added += 1

    def sample(self, number: int, draw: np.random.Generator) -> Transitions:
        """`number` transitions, drawn with replacement. ValueError from an empty buffer."""
        if not self.added:
            raise ValueError("the replay buffer is empty: act before you learn")
        places = draw.integers(0, len(self), size=number)
        kept = (self._before, self._action, self._reward, self._after, self._ended)
        return Transitions(*(torch.from_numpy(values[places]) for values in kept))
