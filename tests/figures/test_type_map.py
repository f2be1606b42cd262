"""The map of the two types."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures.type_map import Place, type_map
from lop_tutorial.report.loss_type import LossType
from lop_tutorial.running.results import Interval


def ends(mean, low, high):
    return Interval(*(np.float64(value) for value in (mean, low, high)))


SHARE = ends(1, 0.6, 1)
FAR = LossType(ends(-0.2, -0.3, -0.15), ends(0.04, 0.03, 0.06), SHARE, SHARE, 0, 8)
NEAR = LossType(ends(-0.05, -0.06, -0.04), ends(-0.02, -0.03, -0.01), SHARE, SHARE, 0, 8)


def names(ax):
    return [(text.get_text(), text.get_color()) for text in ax.texts if text.get_gid() != "region"]


def test_a_run_stands_at_its_two_differences_with_their_intervals():
    (ax,) = type_map({"a run": Place(FAR, "red")}).axes
    (bars,) = ax.containers
    assert (bars[0].get_xdata(), bars[0].get_ydata()) == (pytest.approx([-20]), pytest.approx([4]))
    across, upwards = (bar.get_segments()[0] for bar in bars[2])
    np.testing.assert_allclose(across, [(-30, 4), (-15, 4)])
    np.testing.assert_allclose(upwards, [(-20, 3), (-20, 6)])
    assert names(ax) == [("a run", "red")]
    plt.close()


def test_what_lies_closer_is_enlarged_and_named_there_alone():
    runs = {"far": Place(FAR, "red"), "near": Place(NEAR, "blue", filled=False)}
    ax = type_map(runs, closer=((-10, 1), (-5, 5))).axes[0]
    (inset,) = ax.child_axes
    assert (names(ax), names(inset)) == ([("far", "red")], [("near", "blue")])
    assert (len(ax.containers), len(inset.containers)) == (2, 1)
    assert inset.containers[0][0].get_markerfacecolor() == "white"
    assert (inset.get_xlim(), inset.get_ylim()) == ((-10, 1), (-5, 5))
    plt.close()


def test_the_lines_are_those_of_the_rule():
    (ax,) = type_map({}).axes
    left, up = ax.lines
    assert (left.get_xdata()[0], up.get_ydata()[0]) == (-1, 1)
    assert [text.get_text() for text in ax.texts] == ["Type-1", "Type-2"]
    plt.close()
