"""An agent in a world that changes at fixed times, against a fresh agent in each phase.

`lop-tutorial reproduce changing_control` compares methods on CartPole; `replay_ratio` has two methods at a small step
size, at a larger one and with more updates a step; `changing_control_held_out` has two on Acrobot, on which nothing
was chosen. What was foretold, and what counts as a verdict, stands in `results/reinforcement.md`, written before.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace

import numpy as np
from torch import Tensor

from lop_tutorial.interventions import Intervention, intervention
from lop_tutorial.reinforcement import (
    Agent,
    Game,
    Lived,
    PlasticityInjection,
    Settings,
    World,
    changed,
    greedy_task,
    live,
    must_be_cpu,
    probe_error,
)
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.measures import COLUMNS_OF, measure
from lop_tutorial.running.table import TableRow
from lop_tutorial.seeds import numpy_generator

SETTINGS = Settings(
    steps=3000,
    step_size=0.01,
    hidden=(64, 64),
    buffer=3000,
    batch_size=64,
    learning_starts=300,
    learn_every=3,
    target_every=100,
    explore_share=0.3,
)
PHASES = 6
METHODS = (
    "none",
    "retrained",
    "head_reset",
    "shrink_and_perturb:shrink=0.4:noise=0.1",
    "l2_init:strength=0.001",
    "layer_norm",
    "cbp:replacement_rate=0.001",
    "redo:every=100",
    "injection",
)
INJECTED = 3
"""Plasticity is injected once, before this phase, counted from 0: half-way."""
STATES = 256
"""Replayed states at which a network is measured."""
COLUMNS = ("return", "probe", "probe_fresh", *COLUMNS_OF["health"], *COLUMNS_OF["exponents"])


def method_of(text: str) -> Intervention:
    """A registered method by its name, or "injection"."""
    return PlasticityInjection(at=INJECTED) if text == "injection" else intervention(text)


def second_half(lived: Lived, steps: int) -> float:
    """The mean return of the episodes that end in the second half of a phase; NaN where none does."""
    late = [value for value, end in zip(lived.returns, lived.ends, strict=True) if end >= steps // 2]
    return float(np.mean(late)) if late else math.nan


def lives(
    task: str,
    method: str,
    seeds: Sequence[int],
    tasks: int = PHASES,
    device: str = "cpu",
    step_size: float = SETTINGS.step_size,
    updates: int = SETTINGS.updates,
    base: Settings = SETTINGS,
) -> Iterator[TableRow]:
    """A row a seed, with lists over the phases.

    `return` is that of `second_half`. `probe` is the error on a probe task as the phase begins, after what the method
    does before it, and `probe_fresh` that of a network of the same kind with fresh weights, on the same states, those
    of the last phase; NaN in the first. Exponents and health are measured as the phase ends, on states replayed from
    it (`greedy_task`); exponents are NaN where one action is best in all of them.
    """
    must_be_cpu(device)
    settings = replace(base, step_size=step_size, updates=updates)
    for seed in seeds:
        running = changed(task, seed, 0).open(0)
        agent = Agent(running.observations, running.actions, settings, method_of(method), seed=seed)
        worlds = (changed(task, seed, phase, dynamics=1, sensors=True) for phase in range(tasks))
        yield measured_life(agent, worlds)


def measured_life(agent: Agent, worlds: Iterable[World | Game]) -> TableRow:
    """The row of an agent that goes through the worlds, a phase in each; `lives` says what is in it."""
    row: TableRow = {"seed": agent.seed} | {name: [] for name in COLUMNS}
    states: Tensor | None = None
    for phase, world in enumerate(worlds):
        probes = [math.nan, math.nan]

        def look(agent: Agent, states: Tensor | None = states, probes: list[float] = probes) -> None:
            if states is not None:
                fresh = agent.fresh_network("probe", agent.phases_learned)
                probes[:] = (probe_error(network, states[::2], seed=agent.seed) for network in (agent.network, fresh))

        lived = live(agent, world, look)
        states = lived.replay.sample(STATES, numpy_generator(agent.seed, "states", phase)).before
        examples = greedy_task(agent.network, states, phase)
        found = {"return": second_half(lived, agent.settings.steps), "probe": probes[0], "probe_fresh": probes[1]}
        found |= measure(("health", "exponents") if examples.train_y.any() else ("health",), agent.network, examples)
        for name in COLUMNS:
            row[name].append(float(found.get(name, math.nan)))
    return row


def _experiment(name: str, about: str, parts: tuple[TableRow, ...]) -> Experiment:
    return Experiment(
        name,
        about,
        lives,
        parts=parts,
        seeds=(0, 1, 2, 3, 4, 5),
        tasks=PHASES,
        settings={"settings": asdict(SETTINGS), "injected_before_phase": INJECTED, "states": STATES},
    )


CARTPOLE, ACROBOT = "CartPole-v1", "Acrobot-v1"
EXPERIMENT = _experiment(
    "changing_control",
    "CartPole with sensors and actions exchanged from phase to phase: an agent that goes on, and what helps it",
    tuple({"task": CARTPOLE, "method": method} for method in METHODS),
)
HELD_OUT = _experiment(
    "changing_control_held_out",
    "Acrobot with sensors and actions exchanged from phase to phase",
    tuple({"task": ACROBOT, "method": method} for method in METHODS[:2]),
)
REPLAY_RATIO = _experiment(
    "replay_ratio",
    "Changing CartPole at a small step size, with few updates a step and with more",
    tuple(
        {"task": CARTPOLE, "method": method, "step_size": 0.001, "updates": updates}
        for updates in (1, 4)
        for method in METHODS[:2]
    ),
)
