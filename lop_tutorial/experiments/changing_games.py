"""An agent that plays two small games in turn, time and again, against an agent that is fresh in each phase.

`lop-tutorial reproduce changing_games` needs minatar. The setting is that of Abbas et al. (2023), a cycle of Atari
games, made small. What was foretold stands in `results/reinforcement.md`, written before; verdicts are by its rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from lop_tutorial.experiments.changing_control import STATES, measured_life, method_of
from lop_tutorial.reinforcement import Agent, Game, Settings, must_be_cpu
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.table import TableRow

TASK = "breakout+space_invaders"
"""The games of a cycle."""
CHANNELS = 6
"""As many as space_invaders has; breakout has four."""
SETTINGS = Settings(
    steps=15_000,
    step_size=0.001,
    hidden=(64, 64),
    buffer=15_000,
    batch_size=32,
    learning_starts=1000,
    learn_every=4,
    target_every=500,
    explore_share=0.3,
)
PHASES = 8
METHODS = ("none", "retrained", "shrink_and_perturb:shrink=0.4:noise=0.1", "redo:every=100", "l2_init:strength=0.001")


def game_of(task: str, phase: int, channels: int = CHANNELS) -> Game:
    """What is played in a phase: of the games, whose names are joined by "+", one after the other, and again."""
    games = task.split("+")
    return Game(games[phase % len(games)], channels)


def game_lives(
    task: str,
    method: str,
    seeds: Sequence[int],
    tasks: int = PHASES,
    device: str = "cpu",
    base: Settings = SETTINGS,
) -> Iterator[TableRow]:
    """A row a seed, as `changing_control.lives` has it, of an agent that plays a game in each phase."""
    must_be_cpu(device)
    playing = game_of(task, 0).open(0)
    for seed in seeds:
        agent = Agent(playing.observations, playing.actions, base, method_of(method), seed=seed)
        yield measured_life(agent, (game_of(task, phase) for phase in range(tasks)))


EXPERIMENT = Experiment(
    "changing_games",
    "Two of MinAtar's games in turn: an agent that goes on, one that is fresh in each phase, and what helps",
    game_lives,
    parts=tuple({"task": TASK, "method": method} for method in METHODS),
    seeds=(0, 1, 2, 3, 4, 5),
    tasks=PHASES,
    settings={"settings": asdict(SETTINGS), "channels": CHANNELS, "states": STATES},
)
