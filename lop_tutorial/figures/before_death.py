"""What is measured in each network on the way to its death."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64, Int64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.named import name_ends
from lop_tutorial.figures.old_and_fresh import COLOURS
from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.running.death import at_chance
from lop_tutorial.running.results import Results


def before_death(results: Results, panels: Mapping[str, str], *, every: int = 5) -> Figure:
    """A panel a quantity, under its title: a line for each network of No Intv., and the mean of Retrained.

    Dashed are the networks that are dead in the end, at chance on their training data in the last `every` tasks.
    Quantities are measured in every `every`-th task; accuracies in each, and drawn as means over as many. Minus
    infinity breaks the line; below all that is finite stands how many networks have it.
    """
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(COLUMN_WIDTH, 0.4 + 1.5 * len(panels)), sharex=True, squeeze=False
    )
    late = results.curves("none", "train_accuracy")[:, -every:]
    lines = ["--" if at_chance(float(best), outputs=2) else "-" for best in late.max(axis=1)]
    for ax, (name, quantity) in zip(axes[:, 0], panels.items(), strict=True):
        tasks = np.arange(every, results.tasks + 1, every)
        old, fresh = (_measured(results.curves(method, quantity), tasks) for method in ("none", "retrained"))
        ax.plot(tasks, np.nanmean(fresh, axis=0), color=COLOURS["fresh"], gid="fresh")
        floor = np.nanmin(np.concatenate([old[np.isfinite(old)], fresh[np.isfinite(fresh)]])) - 0.15
        for curve, line in zip(old, lines, strict=True):
            finite = np.where(np.isfinite(curve), curve, np.nan)
            ax.plot(tasks, finite, line, color=COLOURS["old"], linewidth=1.2, alpha=0.8)
        if np.isneginf(old).any():
            for task, gone in zip(tasks, np.isneginf(old).sum(axis=0), strict=True):
                if gone:
                    ax.text(task, floor, f"{gone}", color=COLOURS["old"], ha="center", va="center", gid="gone")
            ax.set_ylim(bottom=floor - 0.1)
            ax.annotate("−∞", (1.01, floor), xycoords=("axes fraction", "data"), color=COLOURS["old"], va="center")
        ax.set_title(name, pad=3)
        _names(ax, fresh, old)
    axes[-1, 0].set_xlabel("task")
    return figure


def _measured(
    curves: Float64[np.ndarray, "seed task"], tasks: Int64[np.ndarray, " measured"]
) -> Float64[np.ndarray, "seed measured"]:
    """Of what was measured in these tasks alone, those values; of the rest, means up to each of them."""
    every = int(tasks[0])
    if np.isnan(curves[:, 0]).all():
        return curves[:, tasks - 1]
    return curves[:, : every * len(tasks)].reshape(len(curves), -1, every).mean(axis=2)


def _names(ax: Axes, fresh: Float64[np.ndarray, "seed measured"], old: Float64[np.ndarray, "seed measured"]) -> None:
    last = old[:, -1][np.isfinite(old[:, -1])]
    ends = {"fresh": (float(np.nanmean(fresh[:, -1])), COLOURS["fresh"])}
    if len(last):
        ends["old"] = (float(np.median(last)), COLOURS["old"])
    name_ends(ax, ends, apart=0.16)
