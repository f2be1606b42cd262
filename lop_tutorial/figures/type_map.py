"""Runs as points in the plane of the two types: what training accuracy was lost, and how far the gap to test grew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.loss_type import MARGIN, LossType
from lop_tutorial.running.results import Interval


class Place(NamedTuple):
    """A run on the map, in one colour and mark; `beside` says where its name stands, in points from the mark.

    `stopped` is its gap minus that of fresh networks of equal training accuracy, a fraction; it is drawn hollow at
    training accuracies that differ by `across` points, to keep such marks apart, and a thin line leads to it.
    """

    found: LossType
    colour: str
    mark: str = "o"
    beside: tuple[float, float] = (8, 8)
    stopped: Interval | None = None
    across: float = 0.0


class Panel(NamedTuple):
    """Runs by name, and where the panel's axes end: (low, high) across and upwards, in points."""

    runs: Mapping[str, Place]
    across: tuple[float, float]
    upwards: tuple[float, float]


def type_map(panels: Mapping[str, Panel]) -> Figure:
    """Training accuracy minus a fresh network's to the right, the gap from training to test minus its gap upwards.

    In points, with 95 % intervals; a panel each, one below the other, with their titles. The region left of the
    vertical line is Type-1, that above the horizontal one Type-2; both are shaded and named.
    """
    figure, axes = plt.subplots(len(panels), 1, figsize=(COLUMN_WIDTH, 2.9 * len(panels)), squeeze=False)
    for ax, (title, panel) in zip(axes[:, 0], panels.items(), strict=True):
        ax.set_title(title, loc="left")
        ax.set(xlim=panel.across, ylim=panel.upwards, ylabel="gap, old minus fresh")
        _regions(ax)
        for name, run in panel.runs.items():
            _run(ax, name, run)
    axes[-1, 0].set_xlabel("training accuracy, old minus fresh (points)")
    return figure


def _regions(ax: Axes) -> None:
    """The two bounds with their regions, each with its name in a corner."""
    ax.axvline(-100 * MARGIN, color="#777777", linewidth=0.9, linestyle=":")
    ax.axhline(100 * MARGIN, color="#777777", linewidth=0.9, linestyle=":")
    shade: dict[str, Any] = {"color": "#777777", "alpha": 0.14, "linewidth": 0, "zorder": 0}
    ax.axvspan(-100, -100 * MARGIN, **shade)
    ax.axhspan(100 * MARGIN, 100, **shade)
    for word, x, y in (("Type-1", 0.015, 0.03), ("both", 0.015, 0.97), ("Type-2", 0.985, 0.97)):
        place: dict[str, Any] = {"ha": "left" if x < 0.5 else "right", "va": "bottom" if y < 0.5 else "top"}
        ax.text(x, y, word, transform=ax.transAxes, color="#666666", gid="region", fontsize=9, **place)


def _run(ax: Axes, name: str, run: Place) -> None:
    """Its two differences with their intervals and its name; and the gap at equal training accuracy, if known."""
    x, y = (100 * np.array([float(end) for end in found]) for found in (run.found.training, run.found.gap))
    bars: dict[str, Any] = {"fmt": run.mark, "color": run.colour, "markersize": 7, "linewidth": 1.3}
    if run.stopped is not None:
        mean, low, high = (100 * float(end) for end in run.stopped)
        ax.plot([x[0], run.across], [y[0], mean], color=run.colour, linewidth=0.8, alpha=0.6, gid="to equal")
        above = [[mean - low], [high - mean]]
        ax.errorbar(run.across, mean, yerr=above, markerfacecolor="white", gid=f"{name}, equal", **bars)
    ax.errorbar(
        x[0],
        y[0],
        xerr=[[x[0] - x[1]], [x[2] - x[0]]],
        yerr=[[y[0] - y[1]], [y[2] - y[0]]],
        gid=name,
        **bars,
    )
    ax.annotate(name, (x[0], y[0]), run.beside, textcoords="offset points", color=run.colour, va="center", fontsize=9)
