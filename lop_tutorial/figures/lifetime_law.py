"""How long networks live over the step size: every life, and the law through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS
from lop_tutorial.report.survival import Law, Lifetimes

COLOUR = METHOD_COLOURS["none"]
BESIDE = 0.035
"""How far, in log step size, lives of one step size are drawn apart."""

APART = 1.25
"""Step sizes have a number each on their axis where they differ by this factor or more."""


def lifetime_law(lives: Mapping[str, Sequence[Lifetimes]], laws: Mapping[str, Law], *, down_to: float = 0.02) -> Figure:
    """A panel an image set, both axes logarithmic: a dot a network, and the law's median with its 95 % band.

    A full dot is a network that met the event of these lives, a hollow triangle one that had not when it was last
    seen. The law goes on to the step size `down_to`, dashed below the smallest step size of the lives.
    """
    figure, axes = plt.subplots(
        len(lives), 1, figsize=(COLUMN_WIDTH, 0.5 + 2.2 * len(lives)), sharex=True, sharey=True, squeeze=False
    )
    steps = sorted({each.step_size for mine in lives.values() for each in mine})
    for ax, (data, mine) in zip(axes[:, 0], lives.items(), strict=True):
        _law(ax, laws[data], min(each.step_size for each in mine), max(steps), down_to)
        for each in mine:
            _dots(ax, each)
        ax.set(title=data, xscale="log", yscale="log", ylim=(0.8, 2e4), ylabel="tasks")
        ax.xaxis.set_minor_locator(NullLocator())
    shown = [steps[-1]]
    for step in sorted({*steps, down_to}, reverse=True):
        if shown[-1] / step >= APART:
            shown.append(step)
    axes[-1, 0].set_xticks(shown, [f"{step:g}" for step in shown])
    axes[-1, 0].set_xlabel("step size")
    return figure


def _law(ax: Axes, law: Law, smallest: float, largest: float, down_to: float) -> None:
    for begin, end, line in ((smallest, largest * 1.1, "-"), (min(down_to, smallest), smallest, "--")):
        at = np.geomspace(begin, end, 40)
        median, low, high = np.array([[float(value) for value in law.time(step)] for step in at]).T
        ax.plot(at, median, line, color=COLOUR, gid="law")
        ax.fill_between(at, low, high, color=COLOUR, alpha=0.15, linewidth=0)


def _dots(ax: Axes, lives: Lifetimes) -> None:
    order = np.argsort(lives.times)
    places = lives.step_size * np.exp(BESIDE * np.linspace(-1, 1, len(order)))
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
