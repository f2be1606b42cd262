"""The three controls in one picture: how far old networks end from fresh ones, by the world in which they lived."""

from __future__ import annotations

from typing import Any

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
    "head kept, tasks one after another": {
        "abrupt": ("abrupt", "keep", "same"),
        "sliding": ("sliding", "keep", "same"),
        "exchanged": ("sampled", "keep", "same"),
    },
    "head kept, no change of task": {
        "all together": ("all_at_once", "keep", "same"),
        "the first alone": ("one_task", "keep", "same"),
    },
    "new heads, tasks one after another": {
        "abrupt": ("abrupt", "fresh", "same"),
        "sliding": ("sliding", "fresh", "same"),
    },
    "new heads, abrupt, then another kind of task": {
        "a plane": ("abrupt", "fresh", "plane"),
        "random labels": ("abrupt", "fresh", "labels"),
    },
}


def three_controls(table: Table) -> Figure:
    """A panel a setting, a row a world or a kind of new task: old networks' accuracy minus fresh ones', in points.

    Faint dots are seeds, diamonds paired means with their 95 % t intervals; the mean is written at the right. A row
    that a setting does not have says so. All panels have one scale.
    """
    there = {(row["setting"], row["world"], row["head"]) for row in table.rows}
    rows = sum(len(group) + 1 for group in _GROUPS.values())
    height = len(_PLACES) * (0.45 + 0.215 * rows)
    figure, axes = plt.subplots(len(_PLACES), 1, figsize=(COLUMN_WIDTH, height), sharex=True, squeeze=False)
    for ax, setting in zip(axes[:, 0], _PLACES, strict=True):
        labels, y = {}, -1
        for title, group in _GROUPS.items():
            y += 1
            ax.axhline(y - 0.5, color="#cccccc", linewidth=0.8)
            free = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center"}
            ax.annotate(title, (0.015, y), style="italic", bbox=free, gid="group", **place)
            for name, (world, head, trial) in group.items():
                y += 1
                labels[y] = name
                if (setting, world, head) in there:
                    _row(ax, y, beside(table, setting, world, head, trial))
                else:
                    ax.annotate("not run", (1, y), ha="right", color="#777777", gid="not run", **place)
        ax.axvline(0, color=COLOURS["fresh"], linewidth=0.9, zorder=0)
        ax.set_title(f"{_PLACES[setting]}, {'training' if DECIDES[setting] == 'train' else 'test'} accuracy")
        ax.set_yticks(list(labels), list(labels.values()))
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False, axis="y")
        ax.set_ylim(rows - 0.5, -0.5)
    ends = [x for ax in axes[:, 0] for line in ax.lines if line.get_gid() for x in np.atleast_1d(line.get_xdata())]
    low = min(-10.0, *map(float, ends))
    axes[-1, 0].set(xlim=(1.05 * low, -0.3 * low), xlabel="accuracy, old minus fresh (points)")
    return figure


def _row(ax: Axes, row: int, pair: Beside) -> None:
    gaps, colour = finite(-pair.loss), COLOURS["old"]
    ax.plot(gaps, np.full(len(gaps), row), "o", color=colour, alpha=0.25, markersize=4, markeredgewidth=0, gid="seeds")
    mean, low, high = (float(end) for end in interval(gaps))
    ax.plot([low, high], [row, row], color=colour, linewidth=2, gid="interval")
    ax.plot(mean, row, "D", color=colour, markersize=4, gid="mean")
    told = ax.annotate(signed(mean), (1, row), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=10)
    told.set_gid("told")
