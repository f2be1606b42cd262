"""Runs as points in the plane of the two types: what training accuracy was lost, and how far the gap to test grew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.loss_type import MARGIN, LossType

Limits = tuple[tuple[float | int, float | int], tuple[float | int, float | int]]
"""From where to where, across and upwards, in points."""


class Place(NamedTuple):
    """A run on the map, in one colour and mark; `beside` says where its name stands, in points from the mark."""

    found: LossType
    colour: str
    mark: str = "o"
    beside: tuple[float, float] = (8, 8)
    filled: bool = True

    def lies_in(self, limits: Limits) -> bool:
        """Whether its means do."""
        means = (100 * float(self.found.training.mean), 100 * float(self.found.gap.mean))
        return all(low <= mean <= high for mean, (low, high) in zip(means, limits, strict=True))


def type_map(runs: Mapping[str, Place], closer: Limits | None = None) -> Figure:
    """Training accuracy minus a fresh network's to the right, the gap from training to test minus its gap upwards.

    In points, with 95 % intervals. The region left of the vertical line is Type-1, that above the horizontal one
    Type-2; both are shaded. Runs within the limits `closer` are drawn again at upper left, enlarged, and named there.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 4.4))
    near = {name: run for name, run in runs.items() if closer is not None and run.lies_in(closer)}
    _runs(ax, runs, [name for name in runs if name not in near])
    ax.text(0.02, 0.02, "Type-1", transform=ax.transAxes, va="bottom", color="#555555", gid="region")
    ax.text(0.88, 0.98, "Type-2", transform=ax.transAxes, va="top", ha="right", color="#555555", gid="region")
    ax.set(xlabel="training accuracy, old minus fresh (points)", ylabel="gap, old minus fresh (points)")
    if closer is not None:
        inset = ax.inset_axes((0.1, 0.57, 0.53, 0.37), xlim=closer[0], ylim=closer[1])
        inset.tick_params(labelsize=8)
        inset.locator_params(nbins=4, integer=True)
        _runs(inset, near, list(near))
        ax.indicate_inset_zoom(inset, edgecolor="#777777")
    return figure


def _runs(ax: Axes, runs: Mapping[str, Place], named: Sequence[str]) -> None:
    """The two bounds with their regions, and every run; those of `named` with their names."""
    ax.axvline(-100 * MARGIN, color="#777777", linewidth=0.9, linestyle=":")
    ax.axhline(100 * MARGIN, color="#777777", linewidth=0.9, linestyle=":")
    shade: dict[str, Any] = {"color": "#777777", "alpha": 0.1, "linewidth": 0, "zorder": 0}
    ax.axvspan(-100, -100 * MARGIN, **shade)
    ax.axhspan(100 * MARGIN, 100, **shade)
    for name, run in runs.items():
        x, y = (100 * np.array([float(end) for end in found]) for found in (run.found.training, run.found.gap))
        ax.errorbar(
            x[0],
            y[0],
            xerr=[[x[0] - x[1]], [x[2] - x[0]]],
            yerr=[[y[0] - y[1]], [y[2] - y[0]]],
            fmt=run.mark,
            color=run.colour,
            markerfacecolor=run.colour if run.filled else "white",
            markersize=7,
            linewidth=1.3,
            gid=name,
        )
        if name in named:
            ax.annotate(
                name, (x[0], y[0]), run.beside, textcoords="offset points", color=run.colour, va="center", fontsize=9
            )
