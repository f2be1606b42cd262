"""Two controls for an agent's tests of plasticity: rewards of a hundredth, and units that are killed.

`lop-tutorial reproduce agent_controls` takes the agents of `changing_control`, No Intv. and Retrained, through the same
worlds with rewards of a hundredth, so that no value exceeds 1: is the size of values what the probe reports? And it
kills nine in ten units of an agent before each new phase: does its return show a loss that is there? Both were asked
for after `changing_control` was seen; `results/reinforcement.md` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

from torch import nn

from lop_tutorial.experiments.changing_control import CARTPOLE, PHASES, SETTINGS, STATES, method_of, second_half
from lop_tutorial.experiments.probe_scales import on_scales
from lop_tutorial.interventions import Intervention
from lop_tutorial.interventions.intervention import LearnerState
from lop_tutorial.interventions.replacement import optimiser_state
from lop_tutorial.reinforcement import Agent, Settings, changed, live, must_be_cpu
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.table import TableRow

REWARD = 0.01
KILLED = 0.9
FAR_BELOW = -1e3
"""The bias of a killed unit, further below zero than its weights can lift it."""


@dataclass(frozen=True)
class KilledUnits(Intervention):
    """Before each new task, the first units of every hidden layer, this share of them, give 0 for every input.

    Their biases are far below zero and what Adam has gathered for them is cleared: no gradient reaches them any more.
    """

    title: ClassVar[str] = "Units killed"
    share: float = KILLED

    def start_task(self, learner: LearnerState) -> None:
        for layer in learner.network.body.modules():
            if isinstance(layer, nn.Linear):
                dead = round(self.share * layer.out_features)
                layer.bias[:dead] = FAR_BELOW
                for weights in (layer.weight, layer.bias):
                    for moment in optimiser_state(learner.optimiser, weights):
                        moment[:dead] = 0


def controlled(
    task: str,
    method: str,
    reward: float | int,
    seeds: Sequence[int],
    tasks: int = PHASES,
    device: str = "cpu",
    base: Settings = SETTINGS,
) -> Iterator[TableRow]:
    """A row a seed, with lists over the phases: `return`, in rewards of 1, and what `on_scales` finds as each ends.

    `method` is a registered one, or "killed" (`KilledUnits`). Each reward of the task is multiplied by `reward`.
    """
    must_be_cpu(device)
    for seed in seeds:
        running = changed(task, seed, 0).open(0)
        acts = KilledUnits() if method == "killed" else method_of(method)
        agent = Agent(running.observations, running.actions, base, acts, seed=seed)
        phases = []
        for phase in range(tasks):
            world = replace(changed(task, seed, phase, dynamics=1, sensors=True), reward_scale=reward)
            lived = live(agent, world)
            phases.append({"return": second_half(lived, base.steps) / reward} | on_scales(agent, lived, phase))
        yield {"seed": seed} | {name: [found[name] for found in phases] for name in phases[0]}


EXPERIMENT = Experiment(
    "agent_controls",
    "Changing CartPole with rewards of a hundredth, and with nine in ten units killed: do probe and return tell",
    controlled,
    parts=(
        {"task": CARTPOLE, "method": "none", "reward": REWARD},
        {"task": CARTPOLE, "method": "retrained", "reward": REWARD},
        {"task": CARTPOLE, "method": "killed", "reward": 1.0},
    ),
    seeds=(0, 1, 2, 3, 4, 5),
    tasks=PHASES,
    settings={"settings": asdict(SETTINGS), "states": STATES, "killed": KILLED},
)
