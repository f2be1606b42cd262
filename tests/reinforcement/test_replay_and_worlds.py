"""The replay buffer, and worlds that differ from phase to phase."""

import builtins

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

from lop_tutorial.reinforcement import Replay, World, changed


def test_a_full_buffer_loses_its_oldest():
    replay = Replay(3, 1)
    for number in range(5):
        replay.add(np.array([number], "f4"), number % 2, number / 10, np.array([number + 1], "f4"), number == 4)
    batch = replay.sample(200, np.random.default_rng(0))
    assert len(replay) == 3
    assert set(batch.before[:, 0].tolist()) == {2, 3, 4}
    assert (batch.after - batch.before == 1).all()
    assert (batch.action[:, 0] == batch.before[:, 0].long() % 2).all()
    assert ((batch.ended == 1) == (batch.before[:, 0] == 4)).all()


def test_a_buffer_draws_each_transition_as_often():
    replay = Replay(10, 1)
    for number in range(4):
        replay.add(np.array([number], "f4"), 0, 0.0, np.array([0], "f4"), False)
    drawn = replay.sample(8000, np.random.default_rng(1)).before[:, 0].long().bincount(minlength=4)
    assert (abs(drawn - 2000) < 200).all()


def test_an_empty_buffer_says_so():
    with pytest.raises(ValueError, match="empty"):
        Replay(3, 1).sample(1, np.random.default_rng(0))
    with pytest.raises(ValueError, match="capacity is 0"):
        Replay(0, 1)


def walk(world, seed=0, steps=60):
    running = world.open(seed)
    seen = [running.reset()]
    for step in range(steps):
        after, _, ended, cut = running.step(step % 2)
        seen.append(running.reset() if ended or cut else after)
    return np.array(seen)


def test_an_unchanged_world_is_gymnasiums():
    import gymnasium

    task = gymnasium.make("CartPole-v1")
    task.reset(seed=0)
    seen = [task.reset()[0]]
    for step in range(60):
        after, _, ended, cut, _ = task.step(step % 2)
        seen.append(task.reset()[0] if ended or cut else after)
    assert np.array_equal(walk(World()), np.array(seen))


def test_sensors_and_actions_are_exchanged():
    plain, other = World().open(4), World(sensors=(2, 3, 0, 1), signs=(1, -1, 1, 1), actions=(1, 0)).open(4)
    seen, exchanged = plain.reset(), other.reset()
    assert np.array_equal(exchanged, seen[[2, 3, 0, 1]] * np.array([1, -1, 1, 1], "f4"))
    assert np.array_equal(other.step(0)[0], plain.step(1)[0][[2, 3, 0, 1]] * np.array([1, -1, 1, 1], "f4"))


def test_a_longer_pole_by_hand():
    """One step of Euler from rest at an angle: g sin - cos push, over l (4/3 - m cos^2 / M)."""
    world = World(constants={"length": 1.0}).open(0)
    inner = world._task.unwrapped
    assert inner.polemass_length == pytest.approx(0.1 * 1.0)
    world.reset()
    inner.state = np.array([0, 0, 0.1, 0])
    seen = world.step(1)[0]
    push = 10 / 1.1
    angular = (9.8 * np.sin(0.1) - np.cos(0.1) * push) / (4 / 3 - 0.1 * np.cos(0.1) ** 2 / 1.1)
    assert seen[3] == pytest.approx(0.02 * angular, rel=1e-5)


def test_a_changed_world_depends_on_seed_and_phase_alone():
    assert changed("CartPole-v1", 1, 0) == World("CartPole-v1")
    assert changed("CartPole-v1", 1, 3, sensors=True) == changed("CartPole-v1", 1, 3, sensors=True)
    assert changed("CartPole-v1", 1, 3).constants != changed("CartPole-v1", 2, 3).constants
    for phase in range(1, 20):
        world = changed("CartPole-v1", 0, phase, dynamics=1.5)
        assert 9.8 / 1.5 <= world.constants["gravity"] <= 9.8 * 1.5
        assert world.actions == ((1, 0) if phase % 2 else ())


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: changed("Pong", 0, 1), "task is 'Pong'; known are CartPole-v1"),
        (lambda: changed("CartPole-v1", 0, 1, dynamics=0.5), "dynamics is 0.5"),
        (lambda: World(constants={"wind": 1.0}).open(0), "no constant 'wind'"),
        (lambda: World(actions=(0, 0)).open(0), r"actions are \[0, 0\]"),
        (lambda: World("NoSuch-v0").open(0), "task is 'NoSuch-v0'"),
    ],
)
def test_worlds_that_make_no_sense(make, told):
    with pytest.raises(ValueError, match=told):
        make()


def test_without_gymnasium_one_line_says_what_to_install(monkeypatch):
    known = builtins.__import__

    def missing(name, *rest):
        if name == "gymnasium":
            raise ImportError(name)
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ValueError, match=r"pip install 'lop-tutorial\[reinforcement\]'") as told:
        World().open(0)
    assert "\n" not in str(told.value)
