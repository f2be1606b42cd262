"""Where points lie in a representation of two dimensions, and medians over seeds of what is measured there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Bool, Float, Float64, Int64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lop_tutorial.figures.named import name_ends
from lop_tutorial.figures.old_and_fresh import COLOURS, Lives
from lop_tutorial.figures.style import CLASS_COLOURS, CLASS_MARKS, COLUMN_WIDTH

Cloud = Float[np.ndarray, "point 2"]
SHAPES = ("discs", "triangles")
"""What the marks of the first two classes are called."""


def squares(clouds: Mapping[str, Cloud], labels: Int64[np.ndarray, " point"], *, crowd: int = 8) -> Figure:
    """The square from -1 to 1, once for each cloud, its points marked by class.

    Where `crowd` points or more lie within 0.06 of one, it is told beside them how many there are of each class, in
    words of its colour.
    """
    figure, axes = plt.subplots(1, len(clouds), figsize=(COLUMN_WIDTH, 2.9), sharey=True, squeeze=False)
    for ax, (title, points) in zip(axes[0], clouds.items(), strict=True):
        for k in np.unique(labels):
            ax.plot(
                *points[labels == k].T,
                CLASS_MARKS[k],
                color=CLASS_COLOURS[k],
                markersize=5.5,
                alpha=0.55,
                markeredgewidth=0,
                clip_on=False,
            )
        for centre, members in crowds(points, crowd):
            _tell(ax, centre, [int((labels[members] == k).sum()) for k in (0, 1)])
        ax.set(title=title, xlabel="unit 1", xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), aspect="equal")
        ax.set_xticks([-1, 0, 1])
        ax.set_yticks([-1, 0, 1])
        ax.grid(visible=False)
        ax.spines[:].set_visible(True)
        ax.spines[:].set_color("#999999")
    axes[0, 0].set_ylabel("unit 2")
    return figure


def _tell(ax: Axes, centre: Float[np.ndarray, " 2"], counts: list[int]) -> None:
    """Number and shape, a line for each class, on the side of a crowd that is the nearer to the middle."""
    side = 1 if centre[0] < 0 else -1
    middle = np.clip(centre[1], -0.8, 0.8)
    at, align = centre[0] + side * 0.3, "left" if side > 0 else "right"
    ax.plot([centre[0], at], [centre[1], middle], color="#777777", linewidth=0.8, gid="pointer")
    for k, count in enumerate(counts):
        told: dict[str, Any] = {"fontsize": 10, "fontweight": "bold", "va": "center", "ha": align}
        height = middle + 0.12 * (1 - 2 * k)
        ax.text(at + side * 0.04, height, f"{count} {SHAPES[k]}", color=CLASS_COLOURS[k], **told)


def crowds(
    points: Cloud, least: int, radius: float = 0.06
) -> Iterator[tuple[Float[np.ndarray, " 2"], Bool[np.ndarray, " point"]]]:
    """Points of which `least` or more lie together, the largest crowd first: its middle, and which points it has."""
    left = np.ones(len(points), dtype=bool)
    near = np.linalg.norm(points[:, None] - points[None], axis=-1) < radius
    while left.any():
        sizes = (near & left).sum(axis=1) * left
        members = near[sizes.argmax()] & left
        if members.sum() < least:
            return
        yield points[members].mean(axis=0), members
        left &= ~members


def medians(
    panels: Mapping[str, Lives],
    *,
    first: int = 1,
    every: int = 1,
    floor: float | int | None = None,
    limits: Mapping[str, tuple[float | int, float | int]] | None = None,
    height: float = 1.9,
) -> Figure:
    """Panels one above the other: medians over seeds, bands from the lower to the upper quarter. NaN is left out.

    The first value is of task `first`, each further one `every` tasks later. What lies below `floor` is drawn there,
    and the axis says that it stands for -∞. The panels that `limits` names have these ends.
    """
    figure, axes = plt.subplots(
        len(panels), 1, figsize=(COLUMN_WIDTH, height * len(panels)), sharex=True, squeeze=False
    )
    for ax, (title, lives) in zip(axes[:, 0], panels.items(), strict=True):
        ends = {}
        for name, values in lives.items():
            values = values if floor is None else np.maximum(values, floor)
            low, middle, high = quarters(values)
            tasks = first + every * np.arange(len(middle))
            ax.fill_between(tasks, low, high, color=COLOURS[name], alpha=0.18, linewidth=0)
            ax.plot(tasks, middle, color=COLOURS[name], gid="median")
            ends[name] = (float(middle[-1]), COLOURS[name])
        ax.set_title(title)
        if limits and title in limits:
            ax.set_ylim(limits[title])
        if floor is not None:
            mark_floor(ax, floor)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        name_ends(ax, ends)
    axes[-1, 0].set_xlabel("task")
    return figure


def quarters(values: Float64[np.ndarray, "seed task"]) -> Float64[np.ndarray, "3 task"]:
    """Lower quarter, median, upper quarter over seeds: each one of the values, as none lies between -∞ and a number."""
    return np.nanquantile(values, (0.25, 0.5, 0.75), axis=0, method="nearest")


def mark_floor(ax: Axes, floor: float | int, axis: str = "y") -> None:
    """Whole numbers along an axis of exponents, the lowest of which stands for -∞."""
    ticks = np.arange(floor, 1)
    words = ["−∞", *(f"{tick:.0f}".replace("-", "−") for tick in ticks[1:])]
    ax.set(**{f"{axis}ticks": ticks, f"{axis}ticklabels": words})
