"""The figure of whole lives: a line a network, and a dot where it failed."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures.lives import lives
from lop_tutorial.running import Results


def results(*curves):
    return Results(
        tuple(
            {"method": "none", "seed": seed, "task": task, "train_accuracy": value, "test_accuracy": value}
            for seed, curve in enumerate(curves)
            for task, value in enumerate(curve)
        )
    )


GOES_ON, FAILS, DIES = [0.95] * 30, [0.95] * 10 + [0.7] * 20, [0.95] * 4 + [0.5] * 5


def drawn(ax, gid):
    return [line for line in ax.lines if line.get_gid() == gid]


def test_a_line_a_network_as_long_as_its_life():
    (ax,) = lives({"a": results(GOES_ON, FAILS, DIES)}).axes
    assert [len(line.get_xdata()) for line in drawn(ax, "life")] == [21, 21, 9], "whole means, where the run's end cuts"
    assert drawn(ax, "life")[0].get_ydata() == pytest.approx(0.95)
    assert drawn(ax, "life")[1].get_ydata()[5] == pytest.approx((5 * 0.95 + 5 * 0.7) / 10)
    plt.close("all")


def test_a_dot_where_a_network_failed_on_its_line():
    (ax,) = lives({"a": results(GOES_ON, FAILS, DIES)}).axes
    fell, died = drawn(ax, "failed")
    assert (fell.get_xdata()[0], died.get_xdata()[0]) == (10, 5)
    assert fell.get_ydata()[0] == pytest.approx((0.95 + 9 * 0.7) / 10)
    assert died.get_ydata()[0] == pytest.approx(0.5)
    plt.close("all")


def test_panels_have_their_titles_and_one_axis():
    figure = lives({"step size 0.1": results(DIES), "step size 0.05": results(GOES_ON)}, tasks=60)
    titles = ["".join(ax.get_title(loc=place) for place in ("left", "center", "right")) for ax in figure.axes]
    assert titles == ["step size 0.1", "step size 0.05"]
    assert {ax.get_xlim() for ax in figure.axes} == {(0, 60)}
    np.testing.assert_allclose([ax.get_ylim() for ax in figure.axes], [[0.46, 1.03]] * 2)
    (ax,) = lives({"a": results(DIES)}, tasks=300, log=True).axes
    assert (ax.get_xscale(), ax.get_xlim()) == ("log", (1, 300))
    plt.close("all")
