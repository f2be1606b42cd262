"""Survival curves: a staircase a step size, a tick for each learner of which no more is known."""

import numpy as np
import pytest

pytest.importorskip("lifelines", reason="needs the extra analysis")

from matplotlib import pyplot as plt

from lop_tutorial.figures.survival_curves import survival_curves
from lop_tutorial.report.survival import Lifetimes


def test_the_staircase_and_the_ticks_are_those_of_the_lives():
    """Deaths after 2, 4 and 9 tasks, one network seen for 5 alone: 3/4, 1/2, then none."""
    lives = Lifetimes(0.1, np.array([2.0, 4.0, 5.0, 9.0]), np.array([True, True, False, True]))
    slower = Lifetimes(0.05, np.array([20.0, 20.0]), np.array([False, False]))
    figure = survival_curves({"pictures": [lives, slower]})
    (ax,) = figure.axes
    first, second = (line for line in ax.lines if line.get_gid() == "alive")
    assert list(map(float, first.get_ydata())) == pytest.approx([1, 0.75, 0.5, 0.5, 0])
    assert set(map(float, second.get_ydata())) == {1.0}
    ticks = [
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in ax.lines if line.get_gid() == "censored"
    ]
    assert ticks == [(5.0, 0.5), (20.0, 1.0), (20.0, 1.0)]
    assert {text.get_text() for text in ax.texts} == {"0.1: 3 of 4 died", "0.05: 0 of 2 died"}
    assert ax.get_xscale() == "log"
    plt.close(figure)
