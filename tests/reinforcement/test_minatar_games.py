"""Games: pictures as MinAtar has them, padded and flat; with a stand-in of its interface where it is missing."""

import builtins
import sys

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

import stand_in_game

from lop_tutorial.interventions import intervention
from lop_tutorial.reinforcement import Agent, Game, Settings, live

SMALL = Settings(
    steps=260, learning_starts=60, learn_every=4, target_every=40, batch_size=16, buffer=260, hidden=(16, 12)
)


@pytest.fixture
def lights(monkeypatch):
    monkeypatch.setitem(sys.modules, "minatar", stand_in_game)


def test_a_picture_is_flat_and_has_its_channels_first(lights):
    playing = Game("lights", channels=4).open(3)
    assert (playing.observations, playing.actions) == (400, 6)
    seen = playing.reset().reshape(10, 10, 4)
    assert seen.dtype == np.float32
    light = 1 + np.random.RandomState(3).randint(6)
    expected = np.zeros((10, 10, 4))
    expected[0, light, 0] = expected[0, 0, 1] = 1
    assert np.array_equal(seen, expected)


def test_a_step_gives_reward_and_end_and_never_runs_out_of_time(lights):
    playing = Game("lights", channels=2).open(0)
    playing.reset()
    light = 1 + np.random.RandomState(0).randint(6)
    outcomes = [playing.step(int(turn < light))[1:] for turn in range(30)]
    assert outcomes == [(float(turn == light - 1), turn == 29, False) for turn in range(30)]


def test_equal_seeds_give_equal_games_and_others_do_not(lights):
    first, again, other = (Game("lights", 2).open(seed) for seed in (1, 1, 2))
    seen = [np.stack([playing.reset() for _ in range(5)]) for playing in (first, again, other)]
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])


def test_an_agent_learns_to_walk_on(lights):
    """At random a player meets one or two lights in an episode, and one that always walks on eight or nine."""
    settings = Settings(
        2000, step_size=0.003, hidden=(32, 32), discount=0.8, buffer=2000, batch_size=32, learning_starts=60,
        learn_every=2, target_every=40, explore_share=0.3,
    )  # fmt: skip
    returns = live(Agent(200, 6, settings, seed=0), Game("lights", 2)).returns
    assert np.mean(returns[:5]) < 3
    assert np.mean(returns[-10:]) > 5


def test_one_network_plays_games_of_different_channels_and_methods_act_on_it(lights):
    ends = {}
    for method in ("none", "l2_init:strength=0.1", "redo:every=5", "shrink_and_perturb", "retrained"):
        agent = Agent(300, 6, SMALL, intervention(method), seed=1)
        for name in ("lights", "dim_lights"):
            live(agent, Game(name, 3))
        ends[method] = agent.network.head.weight.detach().clone()
        assert ends[method].isfinite().all()
    assert not any(ends[method].equal(ends["none"]) for method in ends if method != "none")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Game("chess").open(0), "game is 'chess'"),
        (lambda: Game("dim_lights", 2).open(0), "channels is 2, and dim_lights has 3"),
        (lambda: Game("lights", 0), "channels is 0"),
    ],
)
def test_games_that_make_no_sense(make, told, lights):
    with pytest.raises(ValueError, match=told):
        make()


def test_without_minatar_one_line_says_what_to_install(monkeypatch):
    known = builtins.__import__

    def missing(name, *rest):
        if name == "minatar":
            raise ImportError(name)
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ValueError, match=r"pip install 'lop-tutorial\[games\]'") as told:
        Game("breakout").open(0)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("name", "own"), [("breakout", 4), ("space_invaders", 6), ("seaquest", 10)])
def test_minatar_has_the_interface_that_the_stand_in_has(name, own):
    minatar = pytest.importorskip("minatar", reason="needs the extra games")
    playing, theirs = Game(name, 10).open(4), minatar.Environment(name)
    theirs.seed(4)
    theirs.reset()
    seen = [playing.reset()]
    expected = [theirs.state()]
    for turn in range(60):
        after, reward, ended, cut = playing.step(turn % 6)
        assert (reward, ended) == theirs.act(turn % 6)
        assert not cut
        if ended:
            theirs.reset()
        seen.append(playing.reset() if ended else after)
        expected.append(theirs.state())
    pictures = np.stack(seen).reshape(-1, 10, 10, 10)
    assert np.array_equal(pictures[..., :own], np.stack(expected))
    assert not pictures[..., own:].any()
    assert pictures[..., :own].any(axis=(0, 1, 2)).sum() >= 3
