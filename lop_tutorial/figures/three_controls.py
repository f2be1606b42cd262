"""The three controls: old networks beside fresh ones on new tasks, by the world in which the old ones lived."""

from __future__ import annotations

from collections.abc import Mapping

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

_PLACES = {"type1": "Type-1 toy", "type2": "Type-2 toy", "pictures": "drawn pictures"}
_WORLDS = {
    ("abrupt", "keep"): "at once",
    ("sliding", "keep"): "sliding",
    ("sampled", "keep"): "one by one",
    ("abrupt", "fresh"): "at once,\nnew heads",
    ("sliding", "fresh"): "sliding,\nnew heads",
}
_STATIONARY = {("abrupt", "keep"): "30 tasks", ("all_at_once", "keep"): "all at once", ("one_task", "keep"): "one task"}
_TRIALS = {"same": "same kind", "plane": "a plane", "labels": "random labels\n(training)"}


def abruptness(table: Table) -> Figure:
    """Networks whose tasks came at once, or gradually, on new tasks of the same kind."""
    return _side_by_side(_by_world(table, _WORLDS))


def time_alone(table: Table) -> Figure:
    """Networks that learned a sequence, all its tasks together or only its first, for as long, on new tasks."""
    return _side_by_side(_by_world(table, _STATIONARY))


def unlike_tasks(table: Table) -> Figure:
    """Networks at the end of a sequence with new heads, on new tasks of its kind and of two others."""
    return _side_by_side(
        {
            _title(setting): {name: beside(table, setting, "abrupt", "fresh", trial) for trial, name in _TRIALS.items()}
            for setting in _PLACES
        }
    )


def _by_world(table: Table, names: Mapping[tuple[str, str], str]) -> dict[str, dict[str, Beside]]:
    there = {(row["setting"], row["world"], row["head"]) for row in table.rows}
    return {
        _title(setting): {
            name: beside(table, setting, *life) for life, name in names.items() if (setting, *life) in there
        }
        for setting in _PLACES
    }


def _title(setting: str) -> str:
    return f"{_PLACES[setting]}, {'training' if DECIDES[setting] == 'train' else 'test'} accuracy"


def _side_by_side(panels: Mapping[str, Mapping[str, Beside]]) -> Figure:
    """A panel a setting, a row a group: seeds as dots, means as diamonds; the paired difference in words beside."""
    rows = [len(groups) for groups in panels.values()]
    figure, axes = plt.subplots(
        len(panels),
        1,
        figsize=(COLUMN_WIDTH, 0.65 * len(panels) + 0.44 * sum(rows)),
        height_ratios=[number + 0.6 for number in rows],
        squeeze=False,
    )
    for ax, (title, groups) in zip(axes[:, 0], panels.items(), strict=True):
        for row, pair in enumerate(groups.values()):
            _row(ax, row, pair)
        ax.set_yticks(range(len(groups)), list(groups))
        ax.set(title=title, ylim=(len(groups) - 0.4, -0.6))
        ax.grid(visible=False, axis="y")
    axes[-1, 0].set_xlabel("accuracy on new tasks")
    top, first = axes[0, 0], next(iter(next(iter(panels.values())).values()))
    for name, values, above in (("fresh", first.fresh, -0.16), ("old", first.own, 0.16)):
        at = (float(finite(values).mean()), above)
        top.annotate(name, at, (-9, 0), textcoords="offset points", ha="right", va="center", color=COLOURS[name])
    top.annotate("old less fresh\n(points)", (1.02, 1.0), xycoords="axes fraction", va="bottom", fontsize=9)
    return figure


def _row(ax: Axes, row: int, pair: Beside) -> None:
    for name, values, above in (("fresh", pair.fresh, -0.16), ("old", pair.own, 0.16)):
        kept, colour = finite(values), COLOURS[name]
        at = np.full(len(kept), row + above)
        ax.plot(kept, at, "o", color=colour, alpha=0.35, markersize=4, markeredgewidth=0, gid=f"{name} seeds")
        ax.plot(kept.mean(), row + above, "D", color=colour, markersize=7, gid=f"{name} mean")
    mean, low, high = (signed(float(end)) for end in interval(finite(-pair.loss)))
    told = f"{mean}\n({low} to {high})"
    ax.annotate(told, (1.02, row), xycoords=("axes fraction", "data"), va="center", fontsize=9, color=COLOURS["old"])
