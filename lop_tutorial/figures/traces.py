"""The end of training: quantities over epochs, and exponents against collapse."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes

from lop_tutorial.experiments.terminal_phase import Traces
from lop_tutorial.figures.style import WIDTH_COLOURS
from lop_tutorial.running.results import interval


def over_epochs(
    ax: Axes,
    epochs: Iterable[float] | Iterable[int],
    values: Float64[np.ndarray, "seed look"],
    kind: str,
    label: str,
    line: str = "-",
) -> None:
    """Mean over seeds with its 95 % t interval as a band, in the colour of `kind`, on an axis of logarithms.

    Where the values' axis is logarithmic too, it is the mean of the logarithms, the geometric one. Epoch 0, which has
    no logarithm, is left out.
    """
    x = np.asarray(list(epochs), dtype=float)
    shown = values[:, x > 0]
    geometric = ax.get_yscale() == "log"
    mean, low, high = interval(np.log(shown) if geometric else shown)
    if geometric:
        mean, low, high = np.exp([mean, low, high])
    colour = WIDTH_COLOURS[kind]
    ax.fill_between(x[x > 0], low, high, color=colour, alpha=0.18, linewidth=0)
    ax.plot(x[x > 0], mean, line, color=colour, label=label, gid="mean")
    ax.set_xscale("log")


def exponent_against_collapse(ax: Axes, traces: Traces, kind: str, label: str, line: str = "-") -> None:
    """A curve for every seed from where it fits its samples (small) to the end of training (a dot)."""
    for seed, first in enumerate(traces.fitted):
        x, y = traces["nc1"][seed, first:], traces["ftle"][seed, first:]
        if len(x):
            ax.plot(x, y, line, color=WIDTH_COLOURS[kind], linewidth=1, label=label)
            ax.plot(x[-1], y[-1], "o", color=WIDTH_COLOURS[kind], markersize=4)
            label = "_"
    ax.set_xscale("log")
