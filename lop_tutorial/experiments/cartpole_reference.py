"""Our DQN with CleanRL's settings on CartPole-v1, held against the return that CleanRL publishes.

`lop-tutorial reproduce cartpole_reference` takes a minute or two a seed on one core, and needs gymnasium.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import numpy as np

from lop_tutorial.reinforcement import Agent, Settings, World, live, must_be_cpu
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.table import TableRow

PUBLISHED = {"CartPole-v1": (488.69, 16.11), "Acrobot-v1": (-91.54, 7.20)}
"""Mean and standard deviation of the return over 3 seeds, from CleanRL's documentation of `dqn.py`
(docs/rl-algorithms/dqn.md). A seed's return is the mean of its last `LAST` training episodes, as its tools take it."""
PUBLISHED_SEEDS = 3
LAST = 100
POINTS = 20
"""How many means over equal parts of the training make the learning curve."""


def trained(task: str, seeds: Sequence[int], device: str = "cpu") -> Iterator[TableRow]:
    """A row a seed: the mean return of the last episodes, and those that ended in each twentieth of the training.

    ValueError for another device than the CPU.
    """
    must_be_cpu(device)
    settings, world = Settings(), World(task)
    for seed in seeds:
        running = world.open(seed)
        agent = Agent(running.observations, running.actions, settings, seed=seed)
        lived = live(agent, world)
        returns, ends = np.array(lived.returns), np.array(lived.ends)
        part = ends * POINTS // settings.steps
        curve = [float(returns[part == place].mean()) if (part == place).any() else math.nan for place in range(POINTS)]
        yield {"seed": seed, "episodes": len(returns), "last": float(returns[-LAST:].mean()), "curve": curve}


EXPERIMENT = Experiment(
    "cartpole_reference",
    "A plain DQN on CartPole-v1 with CleanRL's settings, and the return that CleanRL publishes",
    trained,
    parts=({"task": "CartPole-v1"},),
    seeds=(0, 1, 2, 3, 4),
    settings={"settings": asdict(Settings()), "published": PUBLISHED, "last": LAST},
)
