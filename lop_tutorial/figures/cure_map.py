"""Methods and suspects: what each method moves, and beside it the accuracy that follows."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lop_tutorial.figures.line_up_map import TITLES
from lop_tutorial.figures.style import PAGE_WIDTH, method_colour
from lop_tutorial.interventions import titles
from lop_tutorial.report.cure_shifts import FRESH, NOTHING, Shifts

_STRONGEST = 2.0


def cure_map(shifts: Shifts, suspects: Sequence[str] | None = None) -> Figure:
    """Methods in rows, suspects in columns: the paired shift from no intervention, in units of the suspect's spread.

    Orange: more of it, purple: less. A dot: the interval leaves out 0. Fresh networks come first: theirs is what there
    is to hold. A frame: the method brings the suspect half of the way there. On the right, training and test accuracy
    less that of fresh networks, in points, with 95 % t intervals; for no intervention, too.
    """
    names = list(suspects or shifts.suspects)
    rows = [FRESH, *(method for method in shifts.methods if method not in (NOTHING, FRESH))]
    order = [NOTHING, *rows]
    called = titles(order)
    figure, (field, *sides) = plt.subplots(
        1, 3, figsize=(PAGE_WIDTH, 2.1 + 0.3 * len(order)), sharey=True, width_ratios=(0.23 * len(names), 1.1, 1.1)
    )
    for y, method in enumerate(order[1:], start=1):
        _row(field, y, shifts, method, names)
    field.set_yticks(range(len(order)), [called[method] for method in order], fontsize=9)
    field.set_xticks(range(len(names)), [TITLES.get(name, name) for name in names], rotation=90, fontsize=8)
    field.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(order) - 0.5, -0.5))
    field.tick_params(length=0)
    field.spines[:].set_visible(False)
    field.grid(visible=False)
    sides[1].sharex(sides[0])
    for what, (ax, title) in enumerate(zip(sides, ("training", "test"), strict=True)):
        ax.axvline(0, color=method_colour(FRESH), linestyle=":")
        for y, method in enumerate(order):
            mean, low, high = (100 * float(value) for value in shifts.gap(method, what))
            colour = method_colour(method)
            ax.plot([low, high], [y, y], color=colour, linewidth=2)
            ax.plot(mean, y, "o" if what else "s", color=colour, markersize=5)
        ax.set_title(title, fontsize=9)
        ax.set_xlabel("points from\nfresh", fontsize=8)
        ax.tick_params(labelsize=8, length=0, axis="y")
        ax.tick_params(labelsize=8, axis="x")
        ax.grid(axis="y", visible=False)
    return figure


def _row(ax: Axes, y: int, shifts: Shifts, method: str, suspects: Sequence[str]) -> None:
    colours = plt.get_cmap("PuOr_r")
    for x, name in enumerate(suspects):
        mean, low, high = (float(value) for value in shifts.shift(method, name))
        if mean != mean:
            continue
        shade = 0.5 + 0.5 * max(-1.0, min(1.0, mean / _STRONGEST))
        ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=colours(shade), linewidth=0))
        if low > 0 or high < 0:
            ax.plot(x, y, ".", color="white" if abs(mean) > 0.75 * _STRONGEST else "black", markersize=4, gid="clear")
        if method != FRESH and shifts.holds(method, name):
            ax.add_patch(Rectangle((x - 0.44, y - 0.42), 0.88, 0.84, fill=False, edgecolor="black", linewidth=1.1))
