"""The probe on several scales: how much of its error is the size of a network's outputs.

`lop-tutorial reproduce probe_scales` takes the agents of `changing_control` to which nothing is done, and asks their
networks after each phase. `small_rewards` does so with every reward a hundredth as large as well. Both were made after
`changing_control` was seen; `results/reinforcement.md` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

import torch

from lop_tutorial.experiments.changing_control import CARTPOLE, PHASES, SETTINGS, STATES, second_half
from lop_tutorial.reinforcement import Agent, Lived, Settings, changed, live, must_be_cpu, probe_error, standardised
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.table import TableRow
from lop_tutorial.seeds import numpy_generator

COLUMNS = ("size", "probe", "own_scale", "size_one", "fresh", "fresh_size_one", "return")


def scales(
    task: str,
    seeds: Sequence[int],
    tasks: int = PHASES,
    device: str = "cpu",
    base: Settings = SETTINGS,
    reward_scale: float | int = 1,
) -> Iterator[TableRow]:
    """A row a seed, with lists over the phases: what is found as each ends, at states replayed from it.

    `size` is the root mean square of the network's outputs. `probe` is its error on a probe task, `own_scale` that
    against targets of its outputs' mean and variance, and `size_one` that once its outputs have mean 0 and variance 1.
    `fresh` and `fresh_size_one` are `probe` and `size_one` of a network with fresh weights. States, targets and fresh
    weights are those of `changing_control`, so that `probe` is what it has as the next phase begins. `return` is that
    of `second_half`, in the task's own rewards.
    """
    must_be_cpu(device)
    for seed in seeds:
        running = changed(task, seed, 0).open(0)
        agent = Agent(running.observations, running.actions, base, seed=seed)
        phases = []
        for phase in range(tasks):
            world = changed(task, seed, phase, dynamics=1, sensors=True)
            lived = live(agent, replace(world, reward_scale=reward_scale))
            phases.append(on_scales(agent, lived, phase) | {"return": second_half(lived, base.steps) / reward_scale})
        yield {"seed": seed} | {name: [found[name] for found in phases] for name in COLUMNS}


def on_scales(agent: Agent, lived: Lived, phase: int) -> dict[str, float]:
    """What `scales` asks of a network after one phase, which is the last that the agent has lived."""
    seed = agent.seed
    x = lived.replay.sample(STATES, numpy_generator(seed, "states", phase)).before[::2]
    network, fresh = agent.network, agent.fresh_network("probe", agent.phases_learned)
    with torch.no_grad():
        size = network(x).square().mean().sqrt().item()
    return {
        "size": size,
        "probe": probe_error(network, x, seed=seed),
        "own_scale": probe_error(network, x, seed=seed, own_scale=True),
        "size_one": probe_error(standardised(network, x), x, seed=seed),
        "fresh": probe_error(fresh, x, seed=seed),
        "fresh_size_one": probe_error(standardised(fresh, x), x, seed=seed),
    }


EXPERIMENT = Experiment(
    "probe_scales",
    "The probe of changing_control's agents with its targets' size, and with its outputs', after each phase",
    scales,
    parts=({"task": CARTPOLE},),
    seeds=(0, 1, 2, 3, 4, 5),
    tasks=PHASES,
    settings={"settings": asdict(SETTINGS), "states": STATES},
)
SMALL_REWARDS = Experiment(
    "small_rewards",
    "The same with rewards as they are, and with each a hundredth as large",
    scales,
    parts=tuple({"task": CARTPOLE, "reward_scale": scale} for scale in (1.0, 0.01)),
    seeds=(0, 1, 2, 3, 4, 5),
    tasks=PHASES,
    settings={"settings": asdict(SETTINGS), "states": STATES},
)
