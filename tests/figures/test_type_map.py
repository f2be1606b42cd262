"""The map of the two types."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures.type_map import Panel, Place, type_map
from lop_tutorial.report.loss_type import LossType
from lop_tutorial.running.results import Interval


def ends(mean, low, high):
    return Interval(*(np.float64(value) for value in (mean, low, high)))


SHARE = ends(1, 0.6, 1)
FAR = LossType(ends(-0.2, -0.3, -0.15), ends(0.04, 0.03, 0.06), SHARE, SHARE, 0, 8)
NEAR = LossType(ends(-0.05, -0.06, -0.04), ends(-0.02, -0.03, -0.01), SHARE, SHARE, 0, 8)


def names(ax):
    return [(text.get_text(), text.get_color()) for text in ax.texts if text.get_gid() != "region"]


def panel(runs):
    return Panel(runs, (-40, 4), (-10, 10))


def test_a_run_stands_at_its_two_differences_with_their_intervals():
    (ax,) = type_map({"d": panel({"a run": Place(FAR, "red")})}).axes
    (bars,) = ax.containers
    assert (bars[0].get_xdata(), bars[0].get_ydata()) == (pytest.approx([-20]), pytest.approx([4]))
    across, upwards = (bar.get_segments()[0] for bar in bars[2])
    np.testing.assert_allclose(across, [(-30, 4), (-15, 4)])
    np.testing.assert_allclose(upwards, [(-20, 3), (-20, 6)])
    assert names(ax) == [("a run", "red")]
    plt.close()


def test_a_hollow_mark_is_the_gap_at_equal_training_accuracy():
    run = Place(NEAR, "blue", "s", stopped=ends(0.03, 0.02, 0.05), across=0.5)
    (ax,) = type_map({"d": panel({"a run": run})}).axes
    hollow, whole = ax.containers
    assert [bars[0].get_markerfacecolor() for bars in (hollow, whole)] == ["white", "blue"]
    assert (hollow[0].get_xdata(), hollow[0].get_ydata()) == (pytest.approx([0.5]), pytest.approx([3]))
    (upwards,) = (bar.get_segments()[0] for bar in hollow[2])
    np.testing.assert_allclose(upwards, [(0.5, 2), (0.5, 5)])
    (lead,) = (line for line in ax.lines if line.get_gid() == "to equal")
    np.testing.assert_allclose(lead.get_xydata(), [(-5, -2), (0.5, 3)])
    plt.close()


def test_each_panel_has_its_own_runs_and_ends():
    panels = {"narrow": panel({"far": Place(FAR, "red")}), "wide": Panel({}, (-9, 2), (-5, 5))}
    upper, lower = type_map(panels).axes
    assert (upper.get_title(loc="left"), lower.get_title(loc="left")) == ("narrow", "wide")
    assert (names(upper), names(lower)) == ([("far", "red")], [])
    assert (lower.get_xlim(), lower.get_ylim()) == ((-9, 2), (-5, 5))
    plt.close()


def test_the_lines_are_those_of_the_rule():
    (ax,) = type_map({"d": panel({})}).axes
    left, up = ax.lines
    assert (left.get_xdata()[0], up.get_ydata()[0]) == (-1, 1)
    assert [text.get_text() for text in ax.texts] == ["Type-1", "both", "Type-2"]
    plt.close()
