"""The figure of lives over step sizes: every network has its mark, and the line is the law's median."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

pytest.importorskip("lifelines", reason="needs the extra analysis")

from lop_tutorial.figures.lifetime_law import lifetime_law
from lop_tutorial.report.survival import Lifetimes, fit

LIVES = [
    Lifetimes(0.1, np.array([4.0, 50, 60, 300]), np.array([True, True, True, False])),
    Lifetimes(0.085, np.array([30.0, 90, 200, 300]), np.array([True, True, True, False])),
    Lifetimes(0.05, np.array([250.0, 300, 300, 300]), np.array([True, False, False, False])),
]


def marks(ax, gid):
    return sorted(float(y) for line in ax.lines if line.get_gid() == gid for y in line.get_ydata())


def test_every_network_has_a_mark_of_its_kind_near_its_step_size():
    (ax,) = lifetime_law({"pictures": LIVES}, {"pictures": fit(LIVES)}).axes
    assert marks(ax, "died") == [4, 30, 50, 60, 90, 200, 250]
    assert marks(ax, "alive") == [300] * 5
    assert marks(ax, "median") == [50, 50, 90, 90], "none where fewer than half met it"
    for line in ax.lines:
        if line.get_gid() in ("died", "alive"):
            nearest = [min(abs(np.log(x / each.step_size)) for each in LIVES) for x in line.get_xdata()]
            assert max(nearest, default=0) < 0.05
    plt.close("all")


def test_the_line_is_the_laws_median_over_the_step_sizes_of_the_lives():
    law = fit(LIVES)
    (ax,) = lifetime_law({"pictures": LIVES}, {"pictures": law}).axes
    (line,) = (line for line in ax.lines if line.get_gid() == "law")
    for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
        assert y == pytest.approx(float(law.time(x).mean))
    assert 0.045 <= line.get_xdata()[0] < 0.05
    assert 0.1 < line.get_xdata()[-1] <= 0.111
    plt.close("all")


def test_every_step_size_has_its_number_and_the_axis_its_words():
    *_, ax = lifetime_law({"a": LIVES, "b": LIVES}, dict.fromkeys("ab", fit(LIVES)), ylabel="tasks until death").axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.05", "0.085", "0.1"]
    assert ax.get_ylabel() == "tasks until death"
    plt.close("all")


def test_neighbours_in_a_column_stand_apart():
    alike = Lifetimes(0.1, np.full(6, 50.0), np.ones(6, dtype=bool))
    (ax,) = lifetime_law({"a": [alike, LIVES[1]]}, {"a": fit(LIVES)}).axes
    places = next(line.get_xdata() for line in ax.lines if line.get_gid() == "died")
    assert (np.abs(np.diff(places)) > 0.0005).all()
    plt.close("all")
