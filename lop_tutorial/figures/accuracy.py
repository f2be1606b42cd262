"""Accuracy over tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lop_tutorial.figures.style import COLUMN_WIDTH, TEST_LINE, TRAIN_LINE, method_colour
from lop_tutorial.interventions import title as title_of
from lop_tutorial.interventions import titles
from lop_tutorial.running.results import Interval, Results, finite, interval

QUANTITIES = (
    ("train_accuracy", "training accuracy", TRAIN_LINE),
    ("test_accuracy", "test accuracy", TEST_LINE),
)


def accuracy_over_tasks(results: Results, *, smooth: int = 5, title: str = "", chance: float | None = 0.5) -> Figure:
    """Training accuracy above, test accuracy below: mean over seeds, 95 % t interval, a thin line for each seed.

    `smooth` averages each learner over that many tasks in a row, since tasks differ in difficulty. `chance` None is for
    streams in which it differs from task to task.
    """
    figure, axes = plt.subplots(2, 1, figsize=(COLUMN_WIDTH, 5.2), sharex=True, layout="constrained")
    for ax, (quantity, label, line) in zip(axes, QUANTITIES, strict=True):
        curves(ax, results, quantity, line=line, smooth=smooth)
        if chance is not None:
            ax.axhline(chance, color="#999999", linewidth=0.8, linestyle=":")
            ax.text(0.01, chance + 0.006, "chance", transform=ax.get_yaxis_transform(), color="#777777", fontsize=9)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(title=f"{label} on the task just learned", ylim=(0 if chance is None else chance - 0.04, 1.01))
    axes[1].set_xlabel("task")
    if axes[1].get_legend_handles_labels()[0]:
        figure.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    else:
        axes[0].text(
            0.5,
            0.75,
            "no learner has gone through all tasks",
            transform=axes[0].transAxes,
            ha="center",
            color="#777777",
        )
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def curves(ax: Axes, results: Results, quantity: str, *, line: str = "-", smooth: int = 1) -> None:
    """For each method the mean over the seeds that went all the way, its band, and a thin line for each seed."""
    for method, label in titles(results.methods).items():
        values = finite(running_mean(results.curves(method, quantity), smooth))
        if not len(values):
            continue
        tasks = np.arange(values.shape[1]) + (smooth + 1) / 2
        ax.plot(tasks, values.T, color=method_colour(method), linewidth=0.5, alpha=0.35, gid="seed")
        band(ax, tasks, interval(values), method, line=line, label=label)


def band(
    ax: Axes,
    x: Iterable[float] | Iterable[int],
    estimate: Interval,
    method: str,
    *,
    line: str = "-",
    label: str | None = None,
) -> None:
    """A mean with its interval over `x`, in the colour of a method (and under its title, unless `label` says else)."""
    x, colour = list(x), method_colour(method)
    ax.fill_between(x, estimate.low, estimate.high, color=colour, alpha=0.18, linewidth=0)
    ax.plot(x, estimate.mean, line, color=colour, label=label or title_of(method), gid="mean")


def running_mean(values: Float64[np.ndarray, "seed task"], width: int) -> Float64[np.ndarray, "seed place"]:
    """Mean over `width` tasks in a row: (seeds, tasks - width + 1)."""
    width = min(width, values.shape[1])
    return np.lib.stride_tricks.sliding_window_view(values, width, axis=1).mean(axis=-1)


def image_rows(rows: Sequence[np.ndarray], labels: Sequence[str], *, per_row: int = 8, title: str = "") -> Figure:
    """A row of example images, (images, height, width, 3) bytes, for each class."""
    height = 0.2 + 0.8 * COLUMN_WIDTH / per_row * len(rows)
    figure, axes = plt.subplots(len(rows), per_row, figsize=(COLUMN_WIDTH, height), squeeze=False)
    for row, images, label in zip(axes, rows, labels, strict=True):
        for ax, image in zip(row, images, strict=False):
            ax.imshow(image)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure
