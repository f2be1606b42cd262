"""Games in turn: which comes when, and what a row holds. The stand-in game takes MinAtar's place."""

import math
import sys
from dataclasses import replace

import pytest

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

import stand_in_game

from lop_tutorial.experiments import changing_control
from lop_tutorial.experiments.changing_control import COLUMNS, method_of
from lop_tutorial.experiments.changing_games import CHANNELS, EXPERIMENT, METHODS, SETTINGS, TASK, game_lives, game_of
from lop_tutorial.experiments.own import OWN
from lop_tutorial.reinforcement import Agent, Game

TINY = replace(SETTINGS, steps=200, learning_starts=70, buffer=200, hidden=(8, 8), batch_size=16)
LIGHTS = "lights+dim_lights"


@pytest.fixture(autouse=True)
def played_with_the_stand_in(monkeypatch):
    monkeypatch.setitem(sys.modules, "minatar", stand_in_game)
    monkeypatch.setattr(changing_control, "STATES", 48)


def test_games_come_in_turn():
    assert [game_of("a+b+c", phase, 7).name for phase in range(5)] == ["a", "b", "c", "a", "b"]
    assert game_of(TASK, 1) == Game("space_invaders", CHANNELS)


def test_a_row_has_every_quantity_of_every_phase_and_can_be_made_again():
    (row,), (again,) = (list(game_lives(LIGHTS, "none", (2,), 3, base=TINY)) for _ in range(2))
    assert [len(row[name]) for name in COLUMNS] == [3] * len(COLUMNS)
    assert math.isnan(row["probe"][0])
    assert all(value > 0 for name in ("probe", "probe_fresh") for value in row[name][1:])
    assert str(row) == str(again), "nan is not itself"


def test_a_fresh_agent_is_the_old_one_in_the_first_phase_alone():
    old, fresh = (next(game_lives(LIGHTS, method, (1,), 2, base=TINY)) for method in ("none", "retrained"))
    assert old["weight_norm"][0] == fresh["weight_norm"][0]
    assert old["weight_norm"][1] != fresh["weight_norm"][1]


def test_every_method_of_the_experiment_can_be_an_agents():
    for method in METHODS:
        Agent(600, 6, TINY, method_of(method))


def test_the_command_line_knows_it_and_words_are_checked():
    assert OWN["changing_games"] is EXPERIMENT
    assert {part["task"] for part in EXPERIMENT.parts} == {TASK}
    with pytest.raises(ValueError, match="cpu alone"):
        next(game_lives(TASK, "none", (0,), 1, device="cuda"))
