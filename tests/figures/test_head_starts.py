"""Figures of warm starts, on numbers made up so that what must be seen is known."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from lop_tutorial.figures.head_starts import (
    COLOURS,
    HALVES,
    Compared,
    beside_fresh,
    halves_of_gradient,
    over_length,
    over_steps,
)
from lop_tutorial.running.results import Interval, interval


def test_the_gap_stands_over_the_length_and_what_was_known_below_it():
    figure = over_length(
        (0, 5, 30), np.array([0.1, 0.404, 0.99]), np.array([[0, 1.0, -1], [0, 2, -3]]), "test accuracy"
    )
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0\n10 %", "5\n40 %", "30\n99 %"]
    (mean,) = (line for line in ax.lines if line.get_marker() == "o")
    assert list(mean.get_ydata()) == [0, 1.5, -2]
    assert len([line for line in ax.lines if line.get_gid() == "seed"]) == 2
    assert ax.get_ylabel() == "test accuracy,\nminus fresh, points"
    plt.close(figure)


def test_bars_are_the_interval_of_their_own_seeds():
    gaps = np.array([[0, 1.0, -1], [0, 2, -3]])
    figure = over_length((0, 5, 30), np.array([0.1, 0.4, 0.99]), gaps, "test accuracy")
    (bars,) = figure.axes[0].containers
    (drawn,) = bars.lines[2]
    wanted = [interval(one) for one in gaps.T]
    assert [list(ends[:, 1]) for ends in drawn.get_segments()] == [pytest.approx([w.low, w.high]) for w in wanted]
    plt.close(figure)


def test_each_comparison_has_its_own_row_with_its_seeds_and_the_interval_given():
    rows = {
        "warm": Compared(np.array([1.0, 3.0]), Interval(2.0, -1.0, 5.0), "warm"),
        "longer": Compared(np.array([0.0]), Interval(0.0, -2.0, 2.0), "fresh"),
    }
    figure = beside_fresh({"training accuracy": rows, "test accuracy": rows})
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["training accuracy", "test accuracy"]
    for ax in figure.axes:
        seeds, bar, mean, *_, last = (line for line in ax.lines if line.get_linestyle() != ":")
        assert list(seeds.get_xdata()) == [1, 3]
        assert list(bar.get_xdata()) == [-1, 5]
        assert list(mean.get_xdata()) == [2]
        assert (mean.get_color(), last.get_color()) == (COLOURS["warm"], COLOURS["fresh"])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["warm", "longer"]
    plt.close(figure)


def test_norms_are_means_of_logarithms_old_above_new():
    norms = {
        "fresh": dict.fromkeys(HALVES, np.array([0.1, 0.1])),
        "warm": {"old half": np.array([0.1, 10]), "new half": np.array([100.0, 100])},
    }
    figure = halves_of_gradient(norms)
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["fresh", "warm"]
    old, new = (list(bars.lines[0].get_xdata()) for bars in ax.containers)
    assert old == pytest.approx([-1, 0])
    assert new == pytest.approx([-1, 2])
    assert "100" in [label.get_text() for label in ax.get_xticklabels()]
    plt.close(figure)


def test_lives_are_drawn_over_steps_and_marked_where_they_are_compared():
    lives = {
        "warm": (np.array([0.0, 0.5, 1.5]), np.array([[0.1, 0.3, 0.2], [0.1, 0.5, 0.2]])),
        "fresh": (np.array([0.0, 1.0]), np.array([[0.1, 0.6], [0.1, 0.8]])),
    }
    figure = over_steps(lives, {"warm": 1.5, "fresh": 1}, 0.5)
    (ax,) = figure.axes
    means = [list(line.get_ydata()) for line in ax.lines if line.get_gid() == "mean"]
    assert means == [pytest.approx([0.1, 0.4, 0.2]), pytest.approx([0.1, 0.7])]
    marked = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines if line.get_gid() == "compared"]
    assert marked == [pytest.approx((1.5, 0.2)), pytest.approx((1.0, 0.7))]
    assert {text.get_text(): text.get_color() for text in ax.texts if text.get_gid() == "name"} == COLOURS
    assert [text.get_text() for text in ax.texts if text.get_gid() == "apart"] == ["50 points"]
    plt.close(figure)
