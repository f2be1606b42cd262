"""Warm starts: what a head start costs over its length, which half pulls at the weights, and a control."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.pyplot import subplots

from lop_tutorial.figures.named import Dots, dot_rows, spread_out
from lop_tutorial.figures.style import CLASS_COLOURS, COLUMN_WIDTH, METHOD_COLOURS
from lop_tutorial.running.results import interval

COLOURS = {"warm": METHOD_COLOURS["none"], "fresh": METHOD_COLOURS["retrained"]}
PULLS = {"old half": CLASS_COLOURS[1], "new half": CLASS_COLOURS[0]}
"""Whose pull it is, by its colour."""


def over_length(
    lengths: Sequence[int],
    known: Float[np.ndarray, " length"],
    gaps: Float[np.ndarray, "seed length"],
    quantity: str,
) -> Figure:
    """Points from a fresh network over the epochs on the half; below each, the share of the half known by then.

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
    axis.set_ylabel(f"{quantity},\npoints from fresh")
    return figure


def over_steps(
    lives: Mapping[str, tuple[Float[np.ndarray, " point"], Float[np.ndarray, "seed point"]]],
    compared: Mapping[str, float | int],
    change: float | int,
) -> Figure:
    """Accuracies of warm and fresh networks over the steps made, in epochs of all images; means with 95 % t intervals.

    `lives` has for "warm" and "fresh" the epochs and the accuracies then; `compared` the epoch at which each is marked;
    the dotted line is the `change` from a half of the images to all, for the warm ones.
    """
    figure, axis = subplots(figsize=(COLUMN_WIDTH, 2.9))
    axis.axvline(change, color="#777777", linewidth=0.9, linestyle=":")
    ends = {}
    for name, (epochs, accuracies) in lives.items():
        mean, low, high = interval(accuracies)
        axis.fill_between(epochs, low, high, color=COLOURS[name], alpha=0.15, linewidth=0)
        axis.plot(epochs, mean, "-" if name == "warm" else "--", color=COLOURS[name], gid="mean")
        place = int(np.argmin(np.abs(epochs - compared[name])))
        axis.plot(epochs[place], mean[place], "o", color=COLOURS[name], markersize=6, gid="compared")
        ends[name] = float(mean[-1])
    axis.set_ylim(0, 1)
    places = spread_out(np.array([*ends.values()]), 0.085)
    for name, place in zip(ends, places, strict=True):
        axis.text(1.02, place, name, color=COLOURS[name], va="center", transform=axis.transAxes, gid="name")
    axis.set(xlabel="steps, in epochs of all pictures", ylabel="training accuracy")
    return figure


def pulls(lengths: Mapping[str, Mapping[str, Float[np.ndarray, " seed"]]]) -> Figure:
    """The lengths of both halves' parts of the gradient, a row a network, on a logarithmic axis.

    `lengths` by network, then by half (`PULLS`), an entry a seed. Means and intervals are of the logarithms.
    """
    figure, axis = subplots(figsize=(COLUMN_WIDTH, 1.3 + 0.4 * len(lengths)))
    found = {
        half: Dots([interval(np.log10(of[half])) for of in lengths.values()], colour) for half, colour in PULLS.items()
    }
    dot_rows(axis, list(lengths), found, zero=False)
    low, high = axis.get_xlim()
    powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    axis.set_xticks(powers, [f"{10.0**power:g}" for power in powers])
    axis.set_xlabel("length of its part of the gradient")
    return figure
