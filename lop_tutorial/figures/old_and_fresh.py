"""An old network beside a fresh one: over tasks, network by network, and what the old one has lost, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lop_tutorial.figures.accuracy import running_mean
from lop_tutorial.figures.named import name_ends
from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS, TEST_LINE
from lop_tutorial.running.results import finite, interval

Lives = Mapping[str, Float64[np.ndarray, "seed task"]]
"""A curve for each seed, under the names "old" and "fresh", or under others that have a colour."""
TOP = 1.03
"""Of an axis of accuracies."""
DASH = (0, (3, 3))
"""Training accuracy, as `TRAIN_LINE`, its gaps as long as its dashes."""
COLOURS = {"old": METHOD_COLOURS["none"], "fresh": METHOD_COLOURS["retrained"]}


def old_and_fresh(
    panels: Mapping[str, Lives],
    *,
    smooth: int = 5,
    chance: float | None = 0.5,
    floor: float | Mapping[str, float] | None = None,
    colours: Mapping[str, str] = COLOURS,
    names: Mapping[str, str] | None = None,
    height: float = 2.3,
) -> Figure:
    """Panels one above the other: means over seeds with 95 % t intervals, a thin line a seed, names at the lines' ends.

    `smooth` averages that many tasks in a row. A seed with a NaN among its values is left out of the mean, and drawn as
    far as it goes. The axis begins at `floor`, or a little below `chance`. Where `floor` has a value for each title,
    the panels are as high as their ranges, so that all have the same scale; `height` is their mean. `names` says what
    stands at the end of a line, where it is more than its key.
    """
    lowest = floor if floor is not None else 0 if chance is None else chance - 0.04
    floors = dict(lowest) if isinstance(lowest, Mapping) else dict.fromkeys(panels, lowest)
    ranges = [TOP - floors[title] for title in panels]
    figure, axes = plt.subplots(
        len(panels),
        1,
        figsize=(COLUMN_WIDTH, height * len(panels)),
        height_ratios=ranges,
        sharex=True,
        squeeze=False,
    )
    for ax, (title, lives) in zip(axes[:, 0], panels.items(), strict=True):
        training, ends = title.startswith("training"), {}
        for turn, (name, values) in enumerate(lives.items()):
            curves = running_mean(values, smooth)
            tasks = np.arange(curves.shape[1]) + (smooth + 1) / 2
            colour = colours[name]
            if len(curves) > 1:
                ax.plot(tasks, curves.T, color=colour, linewidth=0.5, alpha=0.4, gid="seed")
            kept = finite(curves)
            if not len(kept):
                continue
            found = interval(kept)
            ax.fill_between(tasks, found.low, found.high, color=colour, alpha=0.18, linewidth=0)
            line = (turn * DASH[1][0], DASH[1]) if training else TEST_LINE  # where two coincide, both show
            ax.plot(tasks, found.mean, linestyle=line, color=colour, gid="mean")
            ends[(names or {}).get(name, name)] = (float(found.mean[-1]), colour)
        if chance is not None and chance > floors[title]:
            ax.axhline(chance, color="#999999", linewidth=0.8, linestyle=":")
            ax.text(0.01, chance + 0.01, "chance", transform=ax.get_yaxis_transform(), color="#777777", fontsize=9)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(title=title, ylim=(floors[title], TOP))
        name_ends(ax, ends, apart=0.1 * sum(ranges) / len(ranges) / (TOP - floors[title]))
    axes[-1, 0].set_xlabel("task")
    return figure


def each_network(lives: Lives, *, smooth: int = 5, chance: float = 0.5, columns: int = 4) -> Figure:
    """A small panel a seed, old beside fresh. Where a network diverged, its line ends in a cross.

    One that diverged in its first `smooth` tasks is drawn as it was, not averaged.
    """
    number = len(next(iter(lives.values())))
    rows = -(-number // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(COLUMN_WIDTH, 1.5 * rows), sharex=True, sharey=True, squeeze=False
    )
    for seed, ax in enumerate(axes.flat):
        ax.set_visible(seed < number)
        for name, values in lives.items():
            curve = running_mean(values, smooth)[seed] if seed < number else np.empty(0)
            tasks = np.arange(len(curve)) + (smooth + 1) / 2
            if seed < number and np.isnan(curve).all():
                curve, tasks = values[seed], np.arange(values.shape[1]) + 1.0
            ax.plot(tasks, curve, color=COLOURS[name], linewidth=1.3, label=name)
            alive = np.flatnonzero(np.isfinite(curve))
            if 0 < len(alive) < len(curve):
                last = tasks[alive[-1]], curve[alive[-1]]
                cross = {"color": COLOURS[name], "markersize": 10, "markeredgewidth": 2.5, "zorder": 4}
                ax.plot(*last, "x", gid="diverged", **cross)
        ax.axhline(chance, color="#999999", linewidth=0.8, linestyle=":")
        ax.set_ylim(chance - 0.05, 1.02)
    for ax in axes[-1]:
        ax.set_xlabel("task")
    shown = min(number, columns) - 1
    ends = {name: running_mean(values, smooth)[shown] for name, values in lives.items()}
    name_ends(axes[0, shown], {name: (float(curve[-1]), COLOURS[name]) for name, curve in ends.items()}, apart=0.15)
    return figure


def losses(
    groups: Mapping[str, Float64[np.ndarray, " seed"]],
    *,
    unit: str,
    colour: str = METHOD_COLOURS["none"],
    first_is_reference: bool = False,
) -> Figure:
    """A row a group: a dot for each seed, their mean as a diamond on its 95 % t interval. Zero is marked.

    Where the first group is what the others are compared with, a line parts it from them and its mean is dotted.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.7 + 0.46 * len(groups)))
    from_below = list(groups.items())[::-1]
    for row, (_, values) in enumerate(from_below):
        found = interval(values)
        ax.plot(values, np.full(len(values), row - 0.17), "o", color=colour, alpha=0.4, markersize=4, markeredgewidth=0)
        ax.plot([found.low, found.high], [row + 0.12] * 2, color=colour, linewidth=2.5, gid="interval")
        ax.plot(found.mean, row + 0.12, "D", color=colour, markersize=7, gid="mean")
    ax.axvline(0, color="#4D4D4D", linewidth=1)
    if first_is_reference:
        ax.axvline(float(interval(from_below[-1][1]).mean), color=colour, linewidth=1, linestyle=":", gid="reference")
        ax.axhline(len(groups) - 1.5, color="#999999", linewidth=0.8)
    ax.set_yticks(range(len(groups)), [name for name, _ in from_below])
    ax.set(xlabel=unit, ylim=(-0.6, len(groups) - 0.4))
    ax.grid(visible=False, axis="y")
    return figure
