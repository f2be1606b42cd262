"""How much of an agent's error on the probe task goes with the size of its outputs.

`lop-tutorial reproduce probe_scale` lives the lives of `changing_control` again, with the same seeds, and gives each
network the probe four times: as it is, with its outputs brought to the targets' mean and size, with a new last layer,
and against targets that have the outputs' own mean and size. A fresh network gets the first two.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import torch
from torch import Tensor

from lop_tutorial.experiments.changing_control import CARTPOLE, PHASES, SETTINGS, STATES, method_of
from lop_tutorial.networks import Network
from lop_tutorial.reinforcement import Agent, Settings, changed, live, probe_error, standardised
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.table import TableRow
from lop_tutorial.seeds import numpy_generator

COLUMNS = ("size", "probe", "probe_fresh", "sized", "fresh_sized", "new_head", "own_scale")


def errors(network: Network, fresh: Network, x: Tensor, seed: int) -> dict[str, float]:
    """The root mean square of what a network says of states, and errors on the probe.

    `own_scale` is in units of the outputs' variance, so that 1 is again the error of the best constant.
    """
    with torch.no_grad():
        size = float(network(x).square().mean().sqrt())
    new_head = copy.deepcopy(network)
    new_head.head = copy.deepcopy(fresh.head)
    networks = {"probe": network, "probe_fresh": fresh, "new_head": new_head}
    networks |= {"sized": standardised(network, x), "fresh_sized": standardised(fresh, x)}
    found = {name: probe_error(each, x, seed=seed) for name, each in networks.items()}
    return {"size": size, **found, "own_scale": probe_error(network, x, seed=seed, own_scale=True)}


def scales(
    task: str,
    method: str,
    seeds: Sequence[int],
    tasks: int = PHASES,
    device: str = "cpu",
    base: Settings = SETTINGS,
) -> Iterator[TableRow]:
    """A row a seed, with lists over the phases of what `errors` finds as each begins; NaN in the first.

    States, targets and the fresh network are those of `changing_control`'s probe.
    """
    if device != "cpu":
        raise ValueError(f"device is {device!r}; an agent of this size learns on the cpu alone")
    for seed in seeds:
        running = changed(task, seed, 0).open(0)
        agent = Agent(running.observations, running.actions, base, method_of(method), seed=seed)
        row: TableRow = {"seed": seed} | {name: [math.nan] for name in COLUMNS}
        states: Tensor | None = None
        for phase in range(tasks):

            def look(agent: Agent, states: Tensor | None = states, row: TableRow = row) -> None:
                if states is not None:
                    fresh = agent.fresh_network("probe", agent.phases_learned)
                    for name, value in errors(agent.network, fresh, states[::2], agent.seed).items():
                        row[name].append(value)

            lived = live(agent, changed(task, seed, phase, dynamics=1, sensors=True), look)
            states = lived.replay.sample(STATES, numpy_generator(seed, "states", phase)).before
        yield row


EXPERIMENT = Experiment(
    "probe_scale",
    "The probe's error by the size of an agent's outputs, on the changing CartPole",
    scales,
    parts=({"task": CARTPOLE, "method": "none"},),
    seeds=(0, 1, 2, 3, 4, 5),
    tasks=PHASES,
    settings={"settings": asdict(SETTINGS), "states": STATES},
)
