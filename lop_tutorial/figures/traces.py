"""The end of training: quantities over epochs."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes

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
