"""Worlds to act in: gymnasium's classic control tasks, and versions of them that differ from phase to phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32

from lop_tutorial.seeds import derive, numpy_generator

Observation = Float32[np.ndarray, " sensor"]

VARIED: dict[str, tuple[str, ...]] = {
    "CartPole-v1": ("gravity", "length", "force_mag"),
    "Acrobot-v1": ("LINK_MASS_1", "LINK_MASS_2", "LINK_LENGTH_1"),
    "MountainCar-v0": ("force", "gravity"),
}
"""The constants of a task's dynamics that `changed` varies."""


def _made(task: str) -> Any:
    """The task as gymnasium has it; ValueError where gymnasium or the task is missing."""
    try:
        import gymnasium
    except ImportError:
        raise ValueError(
            "reinforcement learning needs gymnasium; install it with: pip install 'lop-tutorial[reinforcement]'"
        ) from None
    try:
        return gymnasium.make(task, disable_env_checker=True)
    except gymnasium.error.Error as error:
        raise ValueError(f"task is {task!r}, and gymnasium says: {error}") from None


@dataclass(frozen=True)
class World:
    """A task of gymnasium with constants of its dynamics, actions and sensors of its own.

    `constants` are attributes of the task by name, "CartPole-v1" has `gravity`, `length` (half the pole's) and
    `force_mag`. `actions` says which of the task's actions each of the agent's is; `sensors` and `signs` which of its
    observations each of the agent's is, and with which sign. Left empty, nothing is exchanged. Rewards are the task's
    times `reward_scale`.
    """

    task: str = "CartPole-v1"
    constants: Mapping[str, float] = field(default_factory=dict)
    actions: Sequence[int] = ()
    sensors: Sequence[int] = ()
    signs: Sequence[int] = ()
    reward_scale: float | int = 1

    def open(self, seed: int) -> Running:
        """The world at work; equal seeds give equal first states, episode after episode."""
        return Running(self, seed)


class Running:
    """A world at work: `reset` begins an episode, `step` acts in it."""

    def __init__(self, world: World, seed: int) -> None:
        self._task = _made(world.task)
        inner = self._task.unwrapped
        for name, value in world.constants.items():
            if not hasattr(inner, name):
                raise ValueError(f"{world.task} has no constant {name!r} to change")
            setattr(inner, name, value)
        if "length" in world.constants:
            inner.polemass_length = inner.masspole * inner.length
        self.observations = int(np.prod(self._task.observation_space.shape or ()))
        self.actions = int(self._task.action_space.n)
        self._action = tuple(_order("actions", world.actions, self.actions))
        sensors = _order("sensors", world.sensors, self.observations)
        self._sensors = None if list(sensors) == sorted(sensors) else np.array(sensors)
        self._signs = np.array(world.signs, dtype=np.float32) if any(sign < 0 for sign in world.signs) else None
        self._scale = world.reward_scale
        self._task.reset(seed=seed)

    def reset(self) -> Observation:
        """The first observation of a new episode."""
        return self._seen(self._task.reset()[0])

    def step(self, action: int) -> tuple[Observation, float, bool, bool]:
        """The next observation, the reward, whether the episode ended, and whether its time was up instead."""
        seen, reward, ended, cut, _ = self._task.step(self._action[action])
        return self._seen(seen), float(reward) * self._scale, ended, cut

    def _seen(self, observation: Any) -> Observation:
        if self._sensors is not None:
            observation = observation[self._sensors]
        return observation * self._signs if self._signs is not None else observation


def _order(name: str, order: Sequence[int], number: int) -> Sequence[int]:
    """The order, or the usual one; ValueError where it is none of that number."""
    if order and sorted(order) != list(range(number)):
        raise ValueError(f"{name} are {list(order)}; they must be 0 to {number - 1} in some order")
    return order or range(number)


def changed(
    task: str, seed: int, phase: int, *, dynamics: float | int = 2.0, actions: bool = True, sensors: bool = False
) -> World:
    """The world of a phase: the task as it is in phase 0, and drawn by seed and phase alone in all that follow.

    Each constant in `VARIED` is multiplied by a factor between 1 / `dynamics` and `dynamics`, even in its logarithm.
    With `actions` their meaning is reversed in every other phase; with `sensors` they come in another order and with
    other signs. ValueError for a task that is not in `VARIED` and factors below 1.
    """
    if task not in VARIED:
        raise ValueError(f"task is {task!r}; known are {', '.join(VARIED)}")
    if dynamics < 1:
        raise ValueError(f"dynamics is {dynamics}; it must be a factor of at least 1")
    if phase == 0:
        return World(task)
    draw = numpy_generator(seed, "world", phase)
    plain = _made(task)
    factors = dynamics ** draw.uniform(-1, 1, size=len(VARIED[task]))
    constants = {
        name: float(getattr(plain.unwrapped, name) * factor) for name, factor in zip(VARIED[task], factors, strict=True)
    }
    number = int(np.prod(plain.observation_space.shape or ()))
    order = [int(place) for place in draw.permutation(number)]
    signs = [int(sign) for sign in draw.choice([-1, 1], size=number)]
    reverse = tuple(reversed(range(int(plain.action_space.n))))
    return World(
        task,
        constants if dynamics > 1 else {},
        reverse if actions and phase % 2 else (),
        order if sensors else (),
        signs if sensors else (),
    )


def world_seed(seed: int, phase: int) -> int:
    """What a task of gymnasium is seeded with."""
    return derive(seed, "episodes", phase) % 2**31
