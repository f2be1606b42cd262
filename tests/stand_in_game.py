"""A game with MinAtar's interface and no more: a light that runs ahead."""

import numpy as np


class Environment:
    """Channel 0 has a light, channel 1 the player, on squares counted line by line.

    Action 1 takes the player on by a square, any other does nothing. Where the player meets the light there is a reward
    of 1, and the light jumps ahead by one to six squares. An episode ends after `LIMIT` steps.
    """

    LIMIT = 30

    def __init__(self, name):
        channels = {"lights": 2, "dim_lights": 3}
        if name not in channels:
            raise ModuleNotFoundError(f"No module named 'minatar.environments.{name}'")
        self.channels, self.random = channels[name], np.random.RandomState()

    def seed(self, seed):
        self.random = np.random.RandomState(seed)

    def reset(self):
        self.player = self.steps = 0
        self.jump()

    def jump(self):
        self.light = (self.player + 1 + self.random.randint(6)) % 100

    def act(self, action):
        self.player = (self.player + (action == 1)) % 100
        self.steps += 1
        reward = int(self.player == self.light)
        if reward:
            self.jump()
        return reward, self.steps == self.LIMIT

    def state(self):
        seen = np.zeros((100, self.channels), dtype=bool)
        seen[self.light, 0] = seen[self.player, 1] = True
        return seen.reshape(10, 10, self.channels)

    def state_shape(self):
        return [10, 10, self.channels]
