"""Suspects and methods: what each method moves, and below it the accuracy that follows."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lop_tutorial.figures.line_up_map import TITLES, label_grid
from lop_tutorial.figures.style import COLUMN_WIDTH, method_colour
from lop_tutorial.interventions import titles
from lop_tutorial.report.cure_shifts import FRESH, NOTHING, Shifts

_STRONGEST = 2.0


def cure_map(shifts: Shifts, suspects: Sequence[str] | None = None) -> Figure:
    """Suspects in rows, methods in columns: the paired shift from no intervention, in units of the suspect's spread.

    Orange: more of it, purple: less. A dot: the interval leaves out 0. Fresh networks come first: theirs is what there
    is to hold. A frame: the method brings the suspect half of the way there. Below, training and test accuracy less
    that of fresh networks, in points, with 95 % t intervals; for no intervention, too.
    """
    names = list(suspects or shifts.suspects)
    order = [NOTHING, FRESH, *(method for method in shifts.methods if method not in (NOTHING, FRESH))]
    called = titles(order)
    cells = 0.3 * len(names)
    figure, (field, *below) = plt.subplots(
        3, 1, figsize=(COLUMN_WIDTH, 3.6 + cells), sharex=True, height_ratios=(cells, 1, 1)
    )
    for x, method in enumerate(order[1:], start=1):
        _column(field, x, shifts, method, names)
    label_grid(field, [TITLES.get(name, name) for name in names], [called[method] for method in order])
    field.tick_params(axis="x", labelrotation=90)
    for what, (ax, title) in enumerate(zip(below, ("training", "test"), strict=True)):
        ax.axhline(0, color=method_colour(FRESH), linestyle=":")
        for x, method in enumerate(order):
            mean, low, high = (100 * float(value) for value in shifts.gap(method, what))
            colour = method_colour(method)
            ax.plot([x, x], [low, high], color=colour, linewidth=2)
            ax.plot(x, mean, "o" if what else "s", color=colour, markersize=5)
        ax.set_ylabel(f"{title}\naccuracy", fontsize=10.5)
        ax.tick_params(axis="x", length=0, labelbottom=False)
        ax.grid(axis="x", visible=False)
    below[1].sharey(below[0])
    return figure


def _column(ax: Axes, x: int, shifts: Shifts, method: str, suspects: Sequence[str]) -> None:
    colours = plt.get_cmap("PuOr_r")
    for y, name in enumerate(suspects):
        mean, low, high = (float(value) for value in shifts.shift(method, name))
        if mean != mean:
            continue
        shade = 0.5 + 0.3 * max(-1.0, min(1.0, mean / _STRONGEST))  # black can be read on all of it
        ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=colours(shade), linewidth=0))
        if low > 0 or high < 0:
            ax.plot(x, y, ".", color="black", markersize=5, gid="clear")
        if method != FRESH and shifts.holds(method, name):
            ax.add_patch(Rectangle((x - 0.42, y - 0.4), 0.84, 0.8, fill=False, edgecolor="black", linewidth=1.3))
