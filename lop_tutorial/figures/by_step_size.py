"""How well methods do in the end, over the step size."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from lop_tutorial.figures.named import spread_out
from lop_tutorial.figures.style import COLUMN_WIDTH, method_colour
from lop_tutorial.interventions import title
from lop_tutorial.running.results import ENOUGH, interval

Ends = Mapping[str, Mapping[float, Float64[np.ndarray, " seed"]]]
"""Accuracies of the seeds that did not diverge, by method and step size."""


def by_step_size(panels: Mapping[str, Ends], *, floor: float = 0.48) -> Figure:
    """A panel a setting: for each method the mean of its seeds with its 95 % t interval, at each step size.

    Hollow and without an interval where fewer than five seeds came to their end; left out where none did. A method's
    name stands at the end of its line.
    """
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(COLUMN_WIDTH, 0.5 + 1.8 * len(panels)), sharex=True, squeeze=False
    )
    for ax, (name, ends) in zip(axes[:, 0], panels.items(), strict=True):
        ax.set(title=name, ylim=(floor, 0.9), xscale="log")
        last = {method: _line(ax, method, steps) for method, steps in ends.items()}
        bottom, top = ax.get_ylim()
        heights = np.array([(height - bottom) / (top - bottom) for height in last.values()])
        for method, place in zip(last, spread_out(heights, 0.13), strict=True):
            ax.text(1.02, place, title(method), transform=ax.transAxes, color=method_colour(method), va="center")
        ax.xaxis.set_minor_locator(NullLocator())
    steps = sorted({step for ends in panels.values() for mine in ends.values() for step in mine})
    axes[-1, 0].set_xticks(steps, [f"{step:g}" for step in steps])
    axes[-1, 0].set_xlabel("step size")
    figure.supylabel("test accuracy, last ten tasks", fontsize=10)
    return figure


def _line(ax: Axes, method: str, steps: Mapping[float, Float64[np.ndarray, " seed"]]) -> float:
    kept = {step: interval(values) for step, values in sorted(steps.items()) if len(values)}
    colour, at = method_colour(method), list(kept)
    mean = [float(found.mean) for found in kept.values()]
    ax.plot(at, mean, "-", color=colour, gid=method)
    for step, found in kept.items():
        enough = len(steps[step]) >= ENOUGH
        if enough:
            ax.plot([step, step], [float(found.low), float(found.high)], color=colour, linewidth=2)
        ax.plot(step, float(found.mean), "o", color=colour, markerfacecolor=colour if enough else "white", markersize=6)
    return mean[-1]
