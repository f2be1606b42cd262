"""Names that stand beside what they name."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lop_tutorial.figures.named import Curve, Dots, dot_rows, named_curves, spread_out
from lop_tutorial.running.results import Interval


@given(st.lists(st.floats(-0.2, 1.2), min_size=1, max_size=8))
def test_names_are_apart_in_their_order_and_inside(places):
    found = spread_out(np.array(places), 0.1)
    ordered = found[np.argsort(places, kind="stable")]
    assert (np.diff(ordered) > 0.1 - 1e-9).all()
    assert ordered[-1] <= 1


def test_names_that_are_far_apart_stay_where_they_are():
    np.testing.assert_allclose(spread_out(np.array([0.9, 0.1, 0.5]), 0.1), [0.9, 0.1, 0.5])
    np.testing.assert_allclose(spread_out(np.array([0.5, 0.5]), 0.1), [0.5, 0.6])


def level(height):
    return Interval(*(np.full(3, height + by) for by in (0, -0.1, 0.1)))


def test_a_curve_ends_in_its_name():
    _, ax = plt.subplots()
    ax.set_ylim(0, 2)
    named_curves(ax, (1, 2, 3), {"low": Curve(level(0.5), "red"), "high": Curve(level(1.5), "blue", "--")})
    names = {text.get_text(): (text.get_position(), text.get_color()) for text in ax.texts}
    assert names == {"low": ((1.02, 0.25), "red"), "high": ((1.02, 0.75), "blue")}
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.5] * 3, [1.5] * 3]
    plt.close()


def test_a_row_has_a_dot_for_each_group_with_its_interval():
    _, ax = plt.subplots()
    found = [Interval(*(np.float64(end) for end in ends)) for ends in ((1, 0, 3), (5, 4, 6))]
    dot_rows(ax, ("first", "second"), {"here": Dots(found, "red"), "there": Dots(found, "blue", filled=False)})
    here, there = ax.containers
    np.testing.assert_allclose(here[0].get_xdata(), [1, 5])
    np.testing.assert_allclose(here[0].get_ydata(), [0.23, -0.77])
    np.testing.assert_allclose(there[0].get_ydata(), [-0.23, -1.23])
    (bars,) = here[2]
    assert [(bar[0, 0], bar[1, 0]) for bar in bars.get_segments()] == [(0, 3), (4, 6)]
    assert there[0].get_markerfacecolor() == "white"
    assert [label.get_text() for label in ax.get_yticklabels()] == ["first", "second"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["here", "there"]
    plt.close()


def test_one_group_needs_no_name():
    _, ax = plt.subplots()
    dot_rows(ax, ("only",), {"it": Dots([Interval(np.float64(1), np.float64(0), np.float64(2))], "red")})
    assert ax.get_legend() is None
    assert ax.lines[0].get_ydata() == pytest.approx([0])
    plt.close()
