"""A run beside the paper's table: a panel a method, accuracies in bins, the paper's numbers dashed."""

from __future__ import annotations

from collections.abc import Collection

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from lop_tutorial.figures.style import COLUMN_WIDTH, method_colour
from lop_tutorial.interventions import title, without_settings
from lop_tutorial.report.paper import paper_table
from lop_tutorial.running.results import Results, finite, interval

PAPER = "#777777"


def beside_paper(
    results: Results, table: int, *, chance: float | None = 0.5, columns: int = 2, each_seed: Collection[str] = ()
) -> Figure:
    """Test accuracy in the paper's five bins, one panel for each of the run's methods that the table has.

    Ours: mean over seeds with its 95 % t interval, in the method's colour. The paper's mean: grey and dashed; it gives
    no spread. A bin in which fewer than two learners are left has no interval, one in which none is left no dot. Of the
    methods `each_seed` every seed has a small dot, and the mean a short line: for values that fall into two groups.
    """
    theirs = paper_table(table).rows
    shown = [method for method in results.methods if title(without_settings(method)) in theirs]
    lines = -(-len(shown) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(COLUMN_WIDTH, 0.5 + max(2.0, 1.45 * lines)), sharex=True, sharey=True, squeeze=False
    )
    for ax, method in zip(axes.flat, shown, strict=False):
        _panel(ax, results, method, theirs[title(without_settings(method))], chance, each_seed)
    for ax in axes.flat[len(shown) :]:
        ax.set_visible(False)
    axes[0, 0].yaxis.set_major_locator(MultipleLocator(0.1))
    marks = [
        Line2D([], [], color="#222222", marker="o", linestyle="", label="here"),
        Line2D([], [], color=PAPER, marker=".", linestyle="--", label="the paper"),
    ]
    figure.legend(handles=marks, loc="outside upper right", ncols=2, fontsize=9)
    for ax in axes[-1]:
        ax.set(xlabel="bin", xticks=range(1, 6))
    figure.supylabel("test accuracy", fontsize=10)
    return figure


def _panel(
    ax: Axes,
    results: Results,
    method: str,
    theirs: tuple[float, ...],
    chance: float | None,
    each_seed: Collection[str],
) -> None:
    places, colour = np.arange(1, len(theirs) + 1), method_colour(method)
    if chance is not None:
        ax.axhline(chance, color="#999999", linewidth=0.8, linestyle=":")
    ax.plot(places, theirs, "--", color=PAPER, marker=".", linewidth=1.3, gid="paper")
    for place, values in zip(places, results.binned(method, bins=len(theirs)).T, strict=True):
        kept = finite(values)
        if without_settings(method) in each_seed:
            ax.plot(np.full(len(kept), place), kept, "o", color=colour, markersize=3.5, alpha=0.7, gid="seed")
            ax.plot([place - 0.22, place + 0.22], [interval(kept).mean] * 2, color=colour, linewidth=2, gid="mean")
            continue
        mean, low, high = (float(value) for value in interval(kept))
        ax.plot([place, place], [low, high], color=colour, linewidth=2)
        ax.plot(place, mean, "o", color=colour, markersize=5.5, gid="ours")
    ax.set_title(title(without_settings(method)), color=colour, pad=2)
