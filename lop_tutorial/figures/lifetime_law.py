"""How long networks live over the step size: every life, and the law through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, StrMethodFormatter

from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS
from lop_tutorial.report.survival import Law, Lifetimes

COLOUR = METHOD_COLOURS["none"]
BESIDE = 0.012
"""How far, in log step size, neighbouring lives of one step size are drawn apart."""


def lifetime_law(lives: Mapping[str, Sequence[Lifetimes]], laws: Mapping[str, Law], *, ylabel: str = "tasks") -> Figure:
    """A panel an image set, both axes logarithmic: a dot a network, and the law's median with its 95 % band.

    A full dot is a network that met the event of these lives, a hollow triangle one that had not when it was last seen;
    a short bar is the median of Kaplan and Meier, where at least half met it.
    """
    figure, axes = plt.subplots(
        len(lives), 1, figsize=(COLUMN_WIDTH, 0.5 + 2.2 * len(lives)), sharex=True, sharey=True, squeeze=False
    )
    steps = sorted({each.step_size for mine in lives.values() for each in mine})
    for ax, (data, mine) in zip(axes[:, 0], lives.items(), strict=True):
        _law(ax, laws[data], steps[0] / 1.1, steps[-1] * 1.1)
        for each in mine:
            _dots(ax, each)
        ax.set(title=data, xscale="log", yscale="log", ylabel=ylabel)
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes[-1, 0].set_xticks(steps, [f"{step:g}" for step in steps])
    axes[-1, 0].set_xlabel("step size")
    return figure


def _law(ax: Axes, law: Law, smallest: float, largest: float) -> None:
    at = np.geomspace(smallest, largest, 40)
    median, low, high = np.array([[float(value) for value in law.time(step)] for step in at]).T
    ax.plot(at, median, color=COLOUR, gid="law")
    ax.fill_between(at, low, high, color=COLOUR, alpha=0.15, linewidth=0)


def _dots(ax: Axes, lives: Lifetimes) -> None:
    order = np.argsort(lives.times)
    aside = np.arange(len(order))  # from the shortest life on: in the middle, right, left, further right, ...
    places = lives.step_size * np.exp(BESIDE * ((aside % 4 + 1) // 2) * np.where(aside % 2, 1, -1))
    for died, mark, face in ((True, "o", COLOUR), (False, "^", "white")):
        those = lives.died[order] == died
        ax.plot(
            places[those],
            lives.times[order][those],
            mark,
            color=COLOUR,
            markerfacecolor=face,
            markersize=5,
            gid="died" if died else "alive",
        )
    middle = float(lives.median.mean)
    if np.isfinite(middle):
        ax.plot(lives.step_size * np.exp([-3 * BESIDE, 3 * BESIDE]), [middle] * 2, color="#333333", gid="median")
