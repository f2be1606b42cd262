"""The map of the two types."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures.type_map import Place, type_map
from lop_tutorial.report.loss_type import LossType
from lop_tutorial.running.results import Interval


def ends(mean, low, high):
    return Interval(*(np.float64(value) for value in (mean, low, high)))


def test_a_run_stands_at_its_two_differences_with_their_intervals():
    share = ends(1, 0.6, 1)
    found = LossType(ends(-0.2, -0.3, -0.15), ends(0.04, 0.03, 0.06), share, share, 0, 8)
    (ax,) = type_map({"a run": Place(found, "red")}).axes
    (bars,) = ax.containers
    assert (bars[0].get_xdata(), bars[0].get_ydata()) == (pytest.approx([-20]), pytest.approx([4]))
    across, upwards = (bar.get_segments()[0] for bar in bars[2])
    np.testing.assert_allclose(across, [(-30, 4), (-15, 4)])
    np.testing.assert_allclose(upwards, [(-20, 3), (-20, 6)])
    assert [(text.get_text(), text.get_color()) for text in ax.texts] == [("a run", "red")]
    plt.close()


def test_the_lines_are_those_of_the_rule():
    (ax,) = type_map({}).axes
    left, up = ax.lines
    assert (left.get_xdata()[0], up.get_ydata()[0]) == (-1, 1)
    plt.close()
