"""Runs as points in the plane of the two types: what training accuracy was lost, and how far the gap to test grew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lop_tutorial.report.loss_type import MARGIN, LossType


class Place(NamedTuple):
    """A run on the map, in one colour and mark; `beside` says where its name stands, in points from the mark."""

    found: LossType
    colour: str
    mark: str = "o"
    beside: tuple[float, float] = (8, 8)


def type_map(runs: Mapping[str, Place]) -> Figure:
    """Training accuracy minus a fresh network's to the right, the gap from training to test minus its gap upwards.

    In points, with 95 % intervals. Left of the vertical line is Type-1, above the horizontal one Type-2.
    """
    figure, ax = plt.subplots(figsize=(5.4, 3.9))
    ax.axvline(-100 * MARGIN, color="#777777", linewidth=0.9, linestyle=":")
    ax.axhline(100 * MARGIN, color="#777777", linewidth=0.9, linestyle=":")
    for name, run in runs.items():
        x, y = (100 * np.array([float(end) for end in found]) for found in (run.found.training, run.found.gap))
        ax.errorbar(
            x[0],
            y[0],
            xerr=[[x[0] - x[1]], [x[2] - x[0]]],
            yerr=[[y[0] - y[1]], [y[2] - y[0]]],
            fmt=run.mark,
            color=run.colour,
            markersize=7,
            linewidth=1.3,
            gid=name,
        )
        ax.annotate(name, (x[0], y[0]), run.beside, textcoords="offset points", color=run.colour, va="center")
    ax.set(xlabel="training accuracy, old minus fresh (points)", ylabel="gap, old minus fresh (points)")
    return figure
