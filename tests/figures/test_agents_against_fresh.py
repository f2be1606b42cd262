"""Figures of agents, on tables made up so that what must be seen is known."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from lop_tutorial.figures.agents_against_fresh import (
    COLOURS,
    methods_of_agents,
    probe_fits,
    probe_on_scales,
    return_and_probe,
)
from lop_tutorial.running.table import Table

RETURNS = {
    "none": (100.0, 120.0),
    "retrained": (80.0, 80.0),
    "injection": (130.0, 130.0),
    "redo:every=100": (60.0, 90.0),
}
TABLE = Table(
    tuple(
        {
            "method": method,
            "seed": seed,
            "return": [value] * 4,
            "probe": [np.nan, 10.0, 100.0, 1000.0],
            "probe_fresh": [np.nan, 0.1, 0.1, 0.1],
        }
        for method, values in RETURNS.items()
        for seed, value in enumerate(values)
    )
)


def drawn(ax, gid):
    return [list(map(float, line.get_ydata())) for line in ax.lines if line.get_gid() == gid]


def test_return_above_and_the_probe_s_powers_of_ten_below():
    figure = return_and_probe(TABLE)
    above, below = figure.axes
    assert drawn(above, "mean") == [[110.0] * 4, [80.0] * 4]
    assert len(drawn(above, "seed")) == 4
    old, fresh = drawn(below, "mean")
    assert old == pytest.approx([1, 2, 3])
    assert fresh == pytest.approx([-1, -1, -1])
    assert next(list(line.get_xdata()) for line in below.lines if line.get_gid() == "mean") == [2, 3, 4]
    assert {text.get_text(): text.get_color() for text in below.texts} == COLOURS
    plt.close(figure)


def test_a_fit_s_errors_are_drawn_as_powers_of_ten_over_their_steps():
    figure = probe_fits({"old": (1000.0, 10.0, 1.0), "fresh": (1.0, 0.1, 0.01)}, (0, 10, 100), COLOURS)
    (ax,) = figure.axes
    assert drawn(ax, "mean") == [pytest.approx([3, 1, 0]), pytest.approx([0, -1, -2])]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "10", "100"]
    assert "$10^{3}$" in [label.get_text() for label in ax.get_yticklabels()]
    plt.close(figure)


def test_sizes_stand_above_and_errors_of_every_scale_below_as_powers_of_ten():
    figure = probe_on_scales(
        (40.0, 90.0), {"old": (100.0, 1000.0), "size one": (0.1, 0.1), "fresh, size one": (0.01, 0.01)}
    )
    above, below = figure.axes
    assert drawn(above, "size") == [[40.0, 90.0]]
    assert drawn(below, "mean") == [pytest.approx([2, 3]), pytest.approx([-1, -1]), pytest.approx([-2, -2])]
    names = {text.get_text(): text.get_color() for text in below.texts}
    assert names["old"] == COLOURS["old"]
    assert names["fresh, size one"] == COLOURS["fresh"]
    plt.close(figure)


def test_methods_stand_in_rows_by_their_lead_over_no_intervention():
    figure = methods_of_agents(TABLE, ("retrained", "injection", "redo:every=100"))
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["Injection", "Retrained", "ReDo"]
    means = [float(line.get_xdata()[0]) for line in left.lines if line.get_marker() == "o"]
    assert means == [20, -30, -35]
    assert [float(line.get_xdata()[0]) for line in right.lines if line.get_marker() == "o"] == pytest.approx([3] * 3)
    plt.close(figure)
