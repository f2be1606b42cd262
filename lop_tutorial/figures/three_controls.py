"""The three controls in one picture: how far old networks end from fresh ones, by the world in which they lived."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.old_and_fresh import COLOURS
from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.control_verdicts import DECIDES, Beside, beside
from lop_tutorial.report.numbers import signed
from lop_tutorial.running.results import finite, interval
from lop_tutorial.running.table import Table

_PLACES = {"type1": "Type-1 toy", "type2": "Type-2 toy", "pictures": "pictures"}
_GROUPS = {
    "one after another": {
        "at once": ("abrupt", "keep", "same"),
        "sliding": ("sliding", "keep", "same"),
        "exchanged": ("sampled", "keep", "same"),
    },
    "no change of task": {
        "all at once": ("all_at_once", "keep", "same"),
        "the first alone": ("one_task", "keep", "same"),
    },
    "with new heads": {"at once": ("abrupt", "fresh", "same"), "sliding": ("sliding", "fresh", "same")},
    "other kinds of task": {
        "a plane": ("abrupt", "fresh", "plane"),
        "random labels": ("abrupt", "fresh", "labels"),
    },
}


def three_controls(table: Table) -> Figure:
    """A column a setting, a row a world or a kind of new task: old networks' accuracy minus fresh ones', in points.

    Faint dots are seeds, diamonds paired means with their 95 % t intervals; the mean is written at the right. A row
    that a setting does not have is empty there. Each column has its own scale.
    """
    there = {(row["setting"], row["world"], row["head"]) for row in table.rows}
    rows = sum(len(group) + 1 for group in _GROUPS.values())
    figure, axes = plt.subplots(1, len(_PLACES), figsize=(COLUMN_WIDTH, 0.8 + 0.31 * rows), sharey=True, squeeze=False)
    labels: dict[int, str] = {}
    y = -1
    for title, group in _GROUPS.items():
        y += 1
        for ax in axes[0]:
            ax.axhline(y - 0.5, color="#cccccc", linewidth=0.8)
        axes[0, 0].text(
            -0.06,
            y,
            title,
            transform=axes[0, 0].get_yaxis_transform(),
            ha="right",
            va="center",
            fontsize=10.5,
            style="italic",
            gid="group",
        )
        for name, (world, head, trial) in group.items():
            y += 1
            labels[y] = name
            for ax, setting in zip(axes[0], _PLACES, strict=True):
                if (setting, world, head) in there:
                    _row(ax, y, beside(table, setting, world, head, trial))
    for ax, setting in zip(axes[0], _PLACES, strict=True):
        ax.axvline(0, color=COLOURS["fresh"], linewidth=0.9, zorder=0)
        ax.set_title(f"{_PLACES[setting]},\n{'training' if DECIDES[setting] == 'train' else 'test'}", fontsize=11)
        ax.set_yticks(list(labels), list(labels.values()), fontsize=11)
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False, axis="y")
        ends = [x for line in ax.lines if line.get_gid() for x in np.atleast_1d(line.get_xdata())]
        low = min(-10.0, *map(float, ends))
        ax.set(ylim=(rows - 0.5, -0.5), xlim=(1.1 * low, -0.85 * low), xticks=(round(0.7 * low, -1), 0))
    axes[0, 1].set_xlabel("accuracy, old minus fresh (points)", fontsize=11)
    return figure


def _row(ax: Axes, row: int, pair: Beside) -> None:
    gaps, colour = finite(-pair.loss), COLOURS["old"]
    ax.plot(gaps, np.full(len(gaps), row), "o", color=colour, alpha=0.25, markersize=4, markeredgewidth=0, gid="seeds")
    mean, low, high = (float(end) for end in interval(gaps))
    ax.plot([low, high], [row, row], color=colour, linewidth=2, gid="interval")
    ax.plot(mean, row, "D", color=colour, markersize=4, gid="mean")
    told = ax.annotate(signed(mean), (1, row), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=10)
    told.set_gid("told")
