"""Games to act in: those of MinAtar (Young and Tian 2019), pictures of 10 x 10 and six actions in every one.

MinAtar is under the GPL and is not part of this package; it is asked for where a game is opened, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lop_tutorial.reinforcement.control_worlds import Observation
from lop_tutorial.settings_given import must_be_whole

SIDE, ACTIONS = 10, 6


def _made(name: str) -> Any:
    """The game as MinAtar has it; ValueError where MinAtar or the game is missing."""
    try:
        from minatar import Environment
    except ImportError:
        raise ValueError("games need minatar; install it with: pip install 'lop-tutorial[games]'") from None
    try:
        return Environment(name)
    except ModuleNotFoundError:
        raise ValueError(f"game is {name!r}, and MinAtar has none of that name") from None


@dataclass(frozen=True)
class Game:
    """A game of MinAtar by its name, such as "breakout".

    `channels` is the number of channels of a picture. A game that has fewer gets empty ones behind its own, so that one
    network can play several games. Sticky actions (one in ten is the one before) and the difficulty that grows within
    an episode are MinAtar's defaults.
    """

    name: str
    channels: int = 10

    def __post_init__(self) -> None:
        must_be_whole(1, channels=self.channels)

    def open(self, seed: int) -> Playing:
        """The game at work; equal seeds and actions give equal episodes."""
        return Playing(self, seed)


class Playing:
    """A game at work: `reset` begins an episode, `step` acts in it.

    Observations are pictures of zeros and ones, flat: 10 * 10 * channels numbers.
    """

    def __init__(self, game: Game, seed: int) -> None:
        self._game = _made(game.name)
        self._own = int(self._game.state_shape()[2])
        if self._own > game.channels:
            raise ValueError(f"channels is {game.channels}, and {game.name} has {self._own}")
        self._shape = (SIDE, SIDE, game.channels)
        self.observations, self.actions = SIDE * SIDE * game.channels, ACTIONS
        self._game.seed(seed)

    def reset(self) -> Observation:
        """The first observation of a new episode."""
        self._game.reset()
        return self._seen()

    def step(self, action: int) -> tuple[Observation, float, bool, bool]:
        """The next observation, the reward, whether the episode ended, and whether its time was up instead: never."""
        reward, ended = self._game.act(action)
        return self._seen(), float(reward), bool(ended), False

    def _seen(self) -> Observation:
        picture = np.zeros(self._shape, dtype=np.float32)
        picture[:, :, : self._own] = self._game.state()
        return picture.reshape(-1)
