"""Agents in changing worlds: what a row holds, and against what it is held."""

import math
from dataclasses import replace

import pytest

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

from lop_tutorial.experiments import cartpole_reference, changing_control
from lop_tutorial.experiments.cartpole_reference import trained
from lop_tutorial.experiments.changing_control import (
    COLUMNS,
    HELD_OUT,
    METHODS,
    REPLAY_RATIO,
    SETTINGS,
    lives,
    method_of,
    second_half,
)
from lop_tutorial.experiments.own import OWN
from lop_tutorial.reinforcement import Agent, Lived, Replay, Settings, World, live

TINY = replace(SETTINGS, steps=200, learning_starts=70, buffer=150, hidden=(8, 8), batch_size=16)


@pytest.fixture(autouse=True)
def measured_at_fewer_states(monkeypatch):
    monkeypatch.setattr(changing_control, "STATES", 48)


def test_a_row_has_every_quantity_of_every_phase():
    (row,) = lives("CartPole-v1", "none", (2,), 2, base=TINY)
    assert [len(row[name]) for name in COLUMNS] == [2] * len(COLUMNS)
    assert math.isnan(row["probe"][0])
    assert all(value > 0 for name in ("probe", "probe_fresh", "return") for value in row[name][1:])
    assert all(0 <= value <= 1 for value in row["dead_units"])


def test_all_methods_begin_alike_and_a_row_can_be_made_again():
    first = [next(lives("CartPole-v1", method, (1,), 1, base=TINY))["return"] for method in METHODS[:4]]
    assert first == [first[0]] * 4
    one, again = (list(lives("CartPole-v1", "none", (1,), 2, base=TINY)) for _ in range(2))
    assert str(one) == str(again), "nan is not itself"


def test_every_method_of_the_experiment_can_be_an_agents():
    for method in METHODS:
        Agent(4, 2, TINY, method_of(method))


def test_the_held_out_task_runs_too():
    (row,) = lives("Acrobot-v1", "retrained", (0,), 1, base=replace(TINY, steps=600))
    assert row["return"][0] == -500, "in so few steps its time is up before it swings"


def test_the_second_half_by_hand():
    lived = Lived(Replay(1, 1), returns=[1.0, 2.0, 3.0, 6.0], ends=[10, 49, 50, 99])
    assert second_half(lived, 100) == 4.5
    assert math.isnan(second_half(Lived(Replay(1, 1), returns=[1.0], ends=[10]), 100))


def test_the_parts_are_those_that_the_command_line_runs():
    assert OWN["changing_control_held_out"] is HELD_OUT
    assert {part["updates"] for part in REPLAY_RATIO.parts} == {1, 4}
    with pytest.raises(ValueError, match="cpu alone"):
        next(lives("CartPole-v1", "none", (0,), 1, device="cuda"))


def test_the_reference_takes_its_last_episodes(monkeypatch):
    """Against a life told by itself. With a step size of zero the policy stays what it was."""
    settings = Settings(steps=2000, step_size=0.0, learning_starts=100, learn_every=500)
    monkeypatch.setattr(cartpole_reference, "Settings", lambda: settings)
    monkeypatch.setattr(cartpole_reference, "LAST", 10)
    (row,) = trained("CartPole-v1", (1,))
    lived = live(Agent(4, 2, settings, seed=1), World())
    assert row["episodes"] == len(lived.returns)
    assert row["last"] == pytest.approx(sum(lived.returns[-10:]) / 10)
    last = [value for value, end in zip(lived.returns, lived.ends, strict=True) if end >= 1900]
    assert len(row["curve"]) == cartpole_reference.POINTS
    assert row["curve"][-1] == pytest.approx(sum(last) / len(last))
