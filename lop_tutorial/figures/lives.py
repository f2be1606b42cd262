"""Whole lives of networks: how well each trains, task after task, until it fails and until it dies."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS
from lop_tutorial.running.death import DEAD_AFTER, FAILING, failed_in
from lop_tutorial.running.results import Results


def lives(panels: Mapping[str, Results], *, tasks: int | None = None, log: bool = False, chance: float = 0.5) -> Figure:
    """A panel a run of No Intv., under its title: a line for each network, its training accuracy over ten tasks.

    A dot stands where a network failed. A line that goes on to the last ten tasks is a life that the run's end cut off;
    one that ends before ends in death, or where the network diverged, over as many tasks as are left. `tasks` is where
    the axis ends; at the last line, where it is None. With `log` the axis is logarithmic.
    """
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(COLUMN_WIDTH, 0.5 + 1.6 * len(panels)), sharex=True, sharey=True, squeeze=False
    )
    for ax, (title, results) in zip(axes[:, 0], panels.items(), strict=True):
        for accuracies in results.curves("none", "train_accuracy"):
            lived = accuracies[np.isfinite(accuracies)]
            shown = _means_from(lived)
            ended = len(lived) < len(accuracies)
            drawn = shown if ended else shown[: len(lived) - FAILING + 1]
            ax.plot(
                np.arange(1, len(drawn) + 1), drawn, color=METHOD_COLOURS["none"], linewidth=0.9, alpha=0.6, gid="life"
            )
            failure = failed_in(lived.tolist(), DEAD_AFTER)
            if failure is not None:
                ax.plot(failure + 1, shown[failure], "o", color=METHOD_COLOURS["none"], markersize=5, gid="failed")
        ax.axhline(chance, color="#999999", linewidth=0.8, linestyle=":")
        ax.text(
            1.01,
            chance,
            "chance",
            color="#777777",
            fontsize=8,
            va="center",
            transform=ax.get_yaxis_transform(),
            gid="chance",
        )
        ax.set_title(title, pad=3)
        ax.set_ylim(chance - 0.04, 1.03)
    if log:
        axes[0, 0].set(xscale="log", xlim=(1, tasks))
        axes[-1, 0].xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    else:
        axes[0, 0].set_xlim(0, tasks)
        axes[0, 0].xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes[-1, 0].set_xlabel("task")
    figure.supylabel("training accuracy", fontsize=10)
    return figure


def _means_from(accuracies: Float64[np.ndarray, " task"]) -> Float64[np.ndarray, " task"]:
    """Means over a task and those after it, ten at the most: as `failed_in` looks at them."""
    return np.array([accuracies[task : task + FAILING].mean() for task in range(len(accuracies))])
