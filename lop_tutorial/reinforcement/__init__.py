"""Agents that learn from reward: a plain DQN, worlds that change, and what is measured of its plasticity.

It needs gymnasium (`pip install lop-tutorial[reinforcement]`), and nothing else in the package does.
Games, `Game`, need minatar (`pip install lop-tutorial[games]`).
"""

from lop_tutorial.reinforcement.control_worlds import VARIED, World, changed
from lop_tutorial.reinforcement.dqn import Agent, Lived, Settings, live, must_be_cpu
from lop_tutorial.reinforcement.greedy_states import greedy_task
from lop_tutorial.reinforcement.injection import PlasticityInjection
from lop_tutorial.reinforcement.minatar_games import Game
from lop_tutorial.reinforcement.probe_task import probe_error, probe_targets, standardised
from lop_tutorial.reinforcement.replay import Replay, Transitions

__all__ = [
    "VARIED",
    "Agent",
    "Game",
    "Lived",
    "PlasticityInjection",
    "Replay",
    "Settings",
    "Transitions",
    "World",
    "changed",
    "greedy_task",
    "live",
    "must_be_cpu",
    "probe_error",
    "probe_targets",
    "standardised",
]
