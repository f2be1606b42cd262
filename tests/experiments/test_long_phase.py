"""A long last phase: its first third is the ordinary one, and blocks are counted as by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

from lop_tutorial.experiments.changing_control import SETTINGS
from lop_tutorial.experiments.long_phase import EXPERIMENT, block_means, long_lives
from lop_tutorial.experiments.own import OWN
from lop_tutorial.interventions import intervention
from lop_tutorial.reinforcement import Agent, Lived, Replay, changed, live

TINY = replace(SETTINGS, steps=300, learning_starts=70, buffer=300, hidden=(8, 8), batch_size=16)


@pytest.mark.parametrize(("agent", "method"), [("old", "none"), ("fresh", "retrained")])
def test_the_first_third_is_the_ordinary_last_phase(agent, method):
    (row,) = long_lives("CartPole-v1", agent, (3,), 2, base=TINY)
    usual = Agent(4, 2, TINY, intervention(method), seed=3)
    for phase in range(2):
        lived = live(usual, changed("CartPole-v1", 3, phase, dynamics=1, sensors=True))
    expected = block_means(lived, TINY.steps, 3)
    assert not np.isnan(expected).all()
    assert row["return"][:3] == pytest.approx(expected, nan_ok=True)


def test_blocks_by_hand():
    lived = Lived(Replay(1, 1), returns=[1.0, 2.0, 3.0, 6.0], ends=[0, 29, 30, 89])
    assert block_means(lived, 90, 3)[:2] == [1.5, 3.0]
    assert block_means(lived, 90, 3)[2] == 6.0
    assert math.isnan(block_means(lived, 180, 3)[2])


def test_the_command_line_knows_it_and_words_are_checked():
    assert OWN["long_phase"] is EXPERIMENT
    with pytest.raises(ValueError, match="must be old or fresh"):
        next(long_lives("CartPole-v1", "new", (0,)))
    with pytest.raises(ValueError, match="cpu alone"):
        next(long_lives("CartPole-v1", "old", (0,), device="cuda"))
