"""Suspects and methods: what each method restores, and below it the accuracy that follows."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lop_tutorial.figures.line_up_map import TITLES, label_grid
from lop_tutorial.figures.style import COLUMN_WIDTH, method_colour
from lop_tutorial.interventions import titles
from lop_tutorial.report.cure_shifts import FRESH, NOTHING, Shifts

_INK = "#4D4D4D"
_MARKS = {True: ("restored", _INK), False: ("not restored", "white")}


def cure_map(shifts: Shifts, suspects: Sequence[str] | None = None) -> Figure:
    """Suspects in rows, methods in columns: a full disc where the method brings the suspect at least half of the way
    from no intervention to fresh networks, a hollow one where it does not, none where that is undecided.

    Below, training and test accuracy minus that of fresh networks, in points, with 95 % t intervals; for no
    intervention, too.
    """
    names = list(suspects or shifts.suspects)
    order = [NOTHING, *(method for method in shifts.methods if method not in (NOTHING, FRESH))]
    called = titles(order)
    cells = 0.27 * len(names)
    figure, (field, *below) = plt.subplots(
        3, 1, figsize=(COLUMN_WIDTH, 3.8 + cells), sharex=True, height_ratios=(cells, 1, 1)
    )
    for x, method in enumerate(order[1:], start=1):
        for y, name in enumerate(names):
            if (restored := shifts.holds(method, name)) is not None:
                word, face = _MARKS[restored]
                field.plot(x, y, "o", color=_INK, markerfacecolor=face, markersize=7, gid=word)
    label_grid(field, [TITLES.get(name, name) for name in names], [called[method] for method in order])
    field.tick_params(axis="x", labelrotation=90)
    for y in range(len(names)):
        field.axhline(y + 0.5, color="#DDDDDD", linewidth=0.7)
    for what, (ax, title) in enumerate(zip(below, ("training", "test"), strict=True)):
        _accuracies(ax, shifts, order, what)
        ax.set_ylabel(f"{title}\naccuracy", fontsize=10.5)
    below[1].sharey(below[0])
    marks = [
        Line2D([], [], marker="o", linestyle="", color=_INK, markerfacecolor=face, markersize=7, label=word)
        for word, face in _MARKS.values()
    ]
    blank = Line2D([], [], linestyle="", label="no disc: undecided")
    figure.legend(handles=[*marks, blank], loc="outside lower center", ncols=3, handletextpad=0.2, columnspacing=1)
    return figure


def _accuracies(ax: Axes, shifts: Shifts, order: Sequence[str], what: int) -> None:
    ax.axhline(0, color=method_colour(FRESH), linestyle=":")
    for x, method in enumerate(order):
        mean, low, high = (100 * float(value) for value in shifts.gap(method, what))
        colour = method_colour(method)
        ax.plot([x, x], [low, high], color=colour, linewidth=2)
        ax.plot(x, mean, "o" if what else "s", color=colour, markersize=5)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    ax.grid(axis="x", visible=False)
