"""Verdicts of the controls, on losses whose verdict is plain."""

import math

import numpy as np
import pytest

from lop_tutorial.experiments.controls import FRESH
from lop_tutorial.report.control_verdicts import Beside, beside, difference, of_change, of_kind, of_time
from lop_tutorial.running.table import Table

NOISE = np.array([-0.004, 0.001, 0.003, 0.0])
FRESH_ONES = 0.9 + np.array([0.01, -0.02, 0.0, 0.01])


def losing(points, noise=NOISE):
    return Beside(FRESH_ONES - points / 100 + noise, FRESH_ONES)


def test_a_loss_is_paired_and_needs_a_point():
    assert losing(5, 0 * NOISE).loss == pytest.approx([5] * 4)
    assert losing(5).loses
    assert not losing(0.9, 0 * NOISE + 1e-9).loses
    assert not losing(5, 20 * NOISE).loses
    assert not losing(-5).loses


def test_a_network_that_diverged_is_left_out():
    pair = Beside(np.array([0.5, math.nan, 0.6, 0.5]), np.array([0.7, 0.8, 0.8, 0.7]))
    assert difference(pair, losing(0, 0 * NOISE)) == pytest.approx((20, 20, 20))
    assert pair.loses


@pytest.mark.parametrize(
    ("gradual", "abrupt", "verdict"),
    [
        (0, 5, "keeps"),
        (-2, 5, "keeps"),
        (2, 5, "eases"),
        (5, 5, "no difference seen"),
        (8, 5, "makes it worse"),
        (5, 0, "nothing to keep"),
    ],
)
def test_gradual_change(gradual, abrupt, verdict):
    assert of_change(losing(gradual, NOISE[::-1]), losing(abrupt)) == verdict


@pytest.mark.parametrize(
    ("one", "other", "costs", "transfers"),
    [
        (0, 5, "no cost, less", "does not transfer, less"),
        (3, 5, "costs, less", "transfers, less"),
        (5, 5, "costs", "transfers"),
        (8, 5, "costs, more", "transfers, more"),
        (0, 0, "no cost", "does not transfer"),
    ],
)
def test_time_and_kind(one, other, costs, transfers):
    pair = losing(one, NOISE[::-1]), losing(other)
    assert (of_time(*pair), of_kind(*pair)) == (costs, transfers)


def test_which_accuracy_decides():
    def row(setting, world, seed, head="keep"):
        place = {"setting": setting, "world": world, "head": head, "seed": seed}
        level = 0.1 * (world == FRESH) + 0.01 * seed
        parts = {"same_train": 0.1, "same_test": 0.2, "labels_train": 0.3, "labels_test": 0.4}
        return place | {name: value + level for name, value in parts.items()}

    table = Table(tuple(row(s, w, n) for s in ("type1", "type2") for w in (FRESH, "abrupt") for n in (0, 1)))
    assert beside(table, "type1", "abrupt").own == pytest.approx([0.1, 0.11])
    assert beside(table, "type2", "abrupt").own == pytest.approx([0.2, 0.21])
    assert beside(table, "type2", "abrupt", trial="labels").own == pytest.approx([0.3, 0.31])
    assert beside(table, "type2", "abrupt", part="train").fresh == pytest.approx([0.2, 0.21])
    assert beside(table, "type2", "abrupt").loss == pytest.approx([10, 10])
