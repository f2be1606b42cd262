"""The probe on several scales, against the experiment whose agents it takes."""

from dataclasses import replace

import pytest

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

from lop_tutorial.experiments.changing_control import SETTINGS, lives
from lop_tutorial.experiments.own import OWN
from lop_tutorial.experiments.probe_scales import COLUMNS, EXPERIMENT, SMALL_REWARDS, scales
from lop_tutorial.reinforcement import World

TINY = replace(SETTINGS, steps=300, learning_starts=70, buffer=300, hidden=(8, 8), batch_size=16)


def test_the_agents_and_the_probe_are_those_of_the_changing_world():
    (row,) = scales("CartPole-v1", (2,), 2, base=TINY)
    (life,) = lives("CartPole-v1", "none", (2,), 3, base=TINY)
    assert [len(row[name]) for name in COLUMNS] == [2] * len(COLUMNS)
    assert row["probe"] == pytest.approx(life["probe"][1:], rel=1e-6)
    assert row["fresh"] == pytest.approx(life["probe_fresh"][1:], rel=1e-6)


def test_an_agent_whose_outputs_grow_has_its_error_in_their_size():
    """Values of a learner that never stops: before a step the error is their mean square and 1, after some, less."""
    (row,) = scales("CartPole-v1", (0,), 1, base=replace(TINY, steps=1500))
    assert row["size"][0] > 2
    assert row["probe"][0] < row["size"][0] ** 2 + 1
    assert row["size_one"][0] < 2


def test_small_rewards_change_what_is_learned_and_not_the_unit_of_the_return():
    usual, small = (
        next(scales("CartPole-v1", (0,), 1, base=replace(TINY, steps=1500), reward_scale=scale)) for scale in (1, 0.01)
    )
    assert small["size"][0] < usual["size"][0] / 3
    assert small["fresh"][0] == pytest.approx(usual["fresh"][0], rel=0.5)
    assert 5 < small["return"][0] < 500
    running = World(reward_scale=0.01).open(0)
    running.reset()
    assert running.step(0)[1] == 0.01


def test_the_command_line_knows_it_and_it_runs_on_the_cpu_alone():
    assert (OWN["probe_scales"], OWN["small_rewards"]) == (EXPERIMENT, SMALL_REWARDS)
    with pytest.raises(ValueError, match="cpu alone"):
        next(scales("CartPole-v1", (0,), 1, device="cuda"))
