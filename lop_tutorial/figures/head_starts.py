"""Warm starts beside fresh networks: at the end, over the length of the head start, over steps, and in the gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.pyplot import subplots

from lop_tutorial.figures.named import Dots, dot_rows, seeds_in_row, spread_out
from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS
from lop_tutorial.running.results import Interval, interval

COLOURS = {"warm": METHOD_COLOURS["none"], "fresh": METHOD_COLOURS["retrained"]}
HALVES = {"old half": True, "new half": False}
"""Whether the marks of a half of the images are filled."""


class Compared(NamedTuple):
    """Differences from fresh networks, an entry a seed, with the interval to draw and who is compared."""

    points: Float[np.ndarray, " seed"]
    found: Interval
    who: str


def beside_fresh(panels: Mapping[str, Mapping[str, Compared]]) -> Figure:
    """A panel a quantity, two side by side; a row a comparison with fresh networks: the mean, its interval, the seeds.

    `panels` by quantity, then by the words of the row; `who` is a key of `COLOURS`.
    """
    rows = list(next(iter(panels.values())))
    lines = -(-len(panels) // 2)
    size = (COLUMN_WIDTH, 0.5 + (0.55 + 0.45 * len(rows)) * lines)
    figure, axes = subplots(lines, min(len(panels), 2), sharey=True, squeeze=False, figsize=size)
    for axis, (quantity, comparisons) in zip(axes.flat, panels.items(), strict=True):
        axis.axvline(0, color=COLOURS["fresh"], linestyle=":")
        for place, row in enumerate(rows):
            points, found, who = comparisons[row]
            seeds_in_row(axis, place, points, found, COLOURS[who])
        axis.set_title(quantity, loc="left")
        axis.grid(axis="y", visible=False)
    for axis in axes[-1]:
        axis.set_xlabel("minus fresh")
    axes[0, 0].set_yticks(range(len(rows)), rows)
    axes[0, 0].set_ylim(len(rows) - 0.5, -0.5)
    return figure


def over_length(
    lengths: Sequence[int],
    known: Float[np.ndarray, " length"],
    gaps: Float[np.ndarray, "seed length"],
    quantity: str,
) -> Figure:
    """Points relative to a fresh network over the epochs on the half; below each, the share of the half known by then.

    A faint line is a seed; the mean has its 95 % t interval. `known` is a share of 1.
    """
    figure, axis = subplots(figsize=(COLUMN_WIDTH, 2.9))
    colour = METHOD_COLOURS["none"]
    axis.axhline(0, color=METHOD_COLOURS["retrained"], linestyle=":")
    axis.plot(lengths, gaps.T, "-", color=colour, alpha=0.3, linewidth=1, gid="seed")
    mean, low, high = interval(gaps)
    axis.errorbar(lengths, mean, yerr=(mean - low, high - mean), fmt="o-", color=colour, linewidth=2.2, capsize=0)
    axis.text(1.01, 0, "fresh", color=METHOD_COLOURS["retrained"], va="center", transform=axis.get_yaxis_transform())
    ticks = [f"{length}\n{100 * share:.0f} %" for length, share in zip(lengths, known, strict=True)]
    axis.set_xticks(lengths, ticks)
    axis.set(xlabel="epochs on the half before all pictures came;\nbelow, the share of it known by then")
    axis.set_ylabel(f"{quantity},\nminus fresh, points")
    return figure


def over_steps(
    lives: Mapping[str, tuple[Float[np.ndarray, " point"], Float[np.ndarray, "seed point"]]],
    compared: Mapping[str, float | int],
    change: float | int,
) -> Figure:
    """Accuracies of warm and fresh networks over the steps made, in epochs of all images; means with 95 % t intervals.

    `lives` has for "warm" and "fresh" the epochs and the accuracies then; `compared` the epoch at which each is marked;
    what lies between the marks' accuracies is told in points; the dotted line is the `change` from a half of the images
    to all, for the warm ones.
    """
    figure, axis = subplots(figsize=(COLUMN_WIDTH, 2.9))
    axis.axvline(change, color="#777777", linewidth=0.9, linestyle=":")
    ends, marks = {}, {}
    for name, (epochs, accuracies) in lives.items():
        mean, low, high = interval(accuracies)
        axis.fill_between(epochs, low, high, color=COLOURS[name], alpha=0.15, linewidth=0)
        axis.plot(epochs, mean, "-" if name == "warm" else "--", color=COLOURS[name], gid="mean")
        place = int(np.argmin(np.abs(epochs - compared[name])))
        axis.plot(epochs[place], mean[place], "o", color=COLOURS[name], markersize=6, gid="compared")
        ends[name], marks[name] = float(mean[-1]), (float(epochs[place]), float(mean[place]))
    (late, low_mark), (early, high_mark) = marks["warm"], marks["fresh"]
    axis.plot([early, late], [high_mark, high_mark], color="#777777", linewidth=0.9, linestyle=":")
    axis.annotate(
        "",
        (late, high_mark),
        (late, low_mark),
        arrowprops={"arrowstyle": "<->", "color": "#777777", "shrinkA": 4, "shrinkB": 0},
    )
    words = f"{100 * (high_mark - low_mark):.0f} points"
    axis.text((early + late) / 2, high_mark + 0.01, words, color="#777777", ha="center", va="bottom", gid="apart")
    axis.set_ylim(0, 1)
    places = spread_out(np.array([*ends.values()]), 0.085)
    for name, place in zip(ends, places, strict=True):
        axis.text(1.02, place, name, color=COLOURS[name], va="center", transform=axis.transAxes, gid="name")
    axis.set(xlabel="steps, in epochs of all pictures", ylabel="training accuracy")
    return figure


def halves_of_gradient(norms: Mapping[str, Mapping[str, Float[np.ndarray, " seed"]]]) -> Figure:
    """The norms of both halves' terms of the gradient, a row a network, on a logarithmic axis.

    `norms` by network, then by half (`HALVES`), an entry a seed. Means and intervals are of the logarithms.
    """
    figure, axis = subplots(figsize=(COLUMN_WIDTH, 1.3 + 0.4 * len(norms)))
    found = {
        half: Dots([interval(np.log10(of[half])) for of in norms.values()], "#333333", filled)
        for half, filled in HALVES.items()
    }
    dot_rows(axis, list(norms), found, zero=False)
    low, high = axis.get_xlim()
    powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    axis.set_xticks(powers, [f"{10.0**power:g}" for power in powers])
    axis.set_xlabel("norm of each half's gradient")
    return figure
