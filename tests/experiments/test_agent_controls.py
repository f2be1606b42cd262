"""The controls of an agent's tests: scaled rewards reach the agent alone, and killed units stay dead."""

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

from lop_tutorial.experiments.agent_controls import EXPERIMENT, KilledUnits, controlled
from lop_tutorial.experiments.changing_control import SETTINGS, lives
from lop_tutorial.experiments.own import OWN
from lop_tutorial.experiments.probe_scales import COLUMNS, scales
from lop_tutorial.reinforcement import Agent, changed, live

TINY = replace(SETTINGS, steps=300, learning_starts=70, buffer=300, hidden=(10, 20), batch_size=16)


def test_rewards_of_one_give_the_agents_of_the_changing_world():
    (row,) = controlled("CartPole-v1", "none", 1, (2,), 2, base=TINY)
    (life,) = lives("CartPole-v1", "none", (2,), 2, base=TINY)
    (sizes,) = scales("CartPole-v1", (2,), 2, base=TINY)
    assert row["return"] == pytest.approx(life["return"])
    assert {name: row[name] for name in COLUMNS} == {name: sizes[name] for name in COLUMNS}


def test_a_scaled_reward_is_what_the_agent_replays():
    world = replace(changed("CartPole-v1", 1, 0), reward_scale=0.25)
    lived = live(Agent(4, 2, TINY, seed=1), world)
    assert lived.replay.sample(16, np.random.default_rng(0)).reward.unique().tolist() == [0.25]
    assert lived.returns[0] == pytest.approx(0.25 * (lived.ends[0] + 1))


def test_returns_are_told_in_rewards_of_one():
    """Before the first update all that an agent does is random: equal returns whatever the reward."""
    idle = replace(TINY, learning_starts=300, explore_last=1.0)
    (whole,), (small,) = (controlled("CartPole-v1", "none", reward, (0,), 1, base=idle) for reward in (1, 0.01))
    assert small["return"] == pytest.approx(whole["return"])


def test_killed_units_are_as_many_as_asked_for_and_never_come_back():
    agent = Agent(4, 2, TINY, KilledUnits(share=0.9), seed=0)
    first = live(agent, changed("CartPole-v1", 0, 0))
    states = first.replay.sample(64, np.random.default_rng(0)).before
    live(agent, changed("CartPole-v1", 0, 1, dynamics=1, sensors=True))
    below = torch.relu(agent.network.body[1](states))
    above = torch.relu(agent.network.body[3](below))
    assert (below[:, :9] == 0).all()
    assert (above[:, :18] == 0).all()
    assert (below[:, 9:] > 0).any()


def test_the_command_line_knows_it_and_it_runs_on_the_cpu_alone():
    assert OWN["agent_controls"] is EXPERIMENT
    with pytest.raises(ValueError, match="cpu alone"):
        next(controlled("CartPole-v1", "none", 1, (0,), 1, device="cuda"))
