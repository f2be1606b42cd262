"""A last phase three times as long: is an old agent's lead over a fresh one only a head start?

`lop-tutorial reproduce long_phase` takes the agents of `changing_control` to which nothing is done, and those that are
fresh in each phase, through a long sixth phase. It was made after `changing_control` was seen;
`results/reinforcement.md` says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

import numpy as np

from lop_tutorial.experiments.changing_control import CARTPOLE, PHASES, SETTINGS
from lop_tutorial.reinforcement import Agent, Lived, Settings, changed, live, must_be_cpu
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.table import TableRow

TIMES = 3
"""How many times as long as the others the last phase is. Exploration falls over as many steps as in the others."""
BLOCKS = 9
"""Parts of the last phase, equally long, in which the mean return is taken."""


def block_means(lived: Lived, steps: int, blocks: int = BLOCKS) -> list[float]:
    """The mean return of the episodes that end in each of the blocks of a phase; NaN where none does."""
    block = np.array(lived.ends, dtype=int) * blocks // steps
    returns = np.array(lived.returns)
    return [float(returns[block == k].mean()) if (block == k).any() else math.nan for k in range(blocks)]


def long_lives(
    task: str, agent: str, seeds: Sequence[int], tasks: int = PHASES, device: str = "cpu", base: Settings = SETTINGS
) -> Iterator[TableRow]:
    """A row a seed; `return` has the mean return in each block of the last phase.

    `agent` is "old", which has lived the phases before, or "fresh", which begins in the last with the weights that
    Retrained has there.
    """
    must_be_cpu(device)
    if agent not in ("old", "fresh"):
        raise ValueError(f"agent is {agent!r}; it must be old or fresh")
    longer = replace(base, steps=TIMES * base.steps, explore_share=base.explore_share / TIMES)
    for seed in seeds:
        running = changed(task, seed, 0).open(0)
        learner = Agent(running.observations, running.actions, base, seed=seed)
        if agent == "fresh":
            learner.phases_learned = tasks - 1
            learner.restart()
        for phase in range(learner.phases_learned, tasks - 1):
            live(learner, changed(task, seed, phase, dynamics=1, sensors=True))
        learner.settings = longer
        lived = live(learner, changed(task, seed, tasks - 1, dynamics=1, sensors=True))
        yield {"seed": seed, "return": block_means(lived, longer.steps)}


EXPERIMENT = Experiment(
    "long_phase",
    "Changing CartPole with a last phase three times as long: the return of an old agent and of a fresh one over it",
    long_lives,
    parts=({"task": CARTPOLE, "agent": "old"}, {"task": CARTPOLE, "agent": "fresh"}),
    seeds=(0, 1, 2, 3, 4, 5),
    tasks=PHASES,
    settings={"settings": asdict(SETTINGS), "times": TIMES, "blocks": BLOCKS},
)
