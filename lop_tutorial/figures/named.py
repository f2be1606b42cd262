"""Curves and rows of dots with their intervals, each under its own name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from lop_tutorial.running.results import Interval

MARKS = ("o", "s", "^", "D", "X")


class Curve(NamedTuple):
    """What `named_curves` draws: a mean with its interval, in one colour and kind of line."""

    interval: Interval
    colour: str
    line: str = "-"


class Dots(NamedTuple):
    """What `dot_rows` draws: an interval for each row, in one colour; filled or hollow; `mark` or that of its place."""

    intervals: Sequence[Interval]
    colour: str
    filled: bool = True
    mark: str | None = None


def named_curves(
    ax: Axes, x: Iterable[float] | Iterable[int], curves: Mapping[str, Curve], *, apart: float = 0.085
) -> None:
    """Draws each curve with its band, and names its end (`name_ends`)."""
    at = np.asarray(list(x), dtype=float)
    for curve in curves.values():
        mean, low, high = curve.interval
        ax.fill_between(at, low, high, color=curve.colour, alpha=0.15, linewidth=0)
        ax.plot(at, mean, curve.line, color=curve.colour, gid="mean")
    ends = {name: (float(np.asarray(curve.interval.mean)[-1]), curve.colour) for name, curve in curves.items()}
    name_ends(ax, ends, apart=apart)


def name_ends(ax: Axes, ends: Mapping[str, tuple[float, str]], *, apart: float = 0.1) -> None:
    """Writes each line's name right of where it ends, (height, colour), and none above or below the panel.

    Call it when the axis has its limits. `apart` is the least distance between two, as a share of the panel's height.
    """
    low, high = ax.get_ylim()
    heights = np.array([height for height, _ in ends.values()])
    for (name, (_, colour)), place in zip(ends.items(), spread_out((heights - low) / (high - low), apart), strict=True):
        ax.text(1.02, place, name, transform=ax.transAxes, color=colour, va="center", gid="name")


def spread_out(places: Float[np.ndarray, " name"], apart: float) -> Float[np.ndarray, " name"]:
    """Places in the same order, moved as little as a pass up and a pass down need to set them `apart` below 1."""
    order = np.argsort(places, kind="stable")
    found = np.clip(places[order], 0, None)
    for k in range(1, len(found)):
        found[k] = max(found[k], found[k - 1] + apart)
    limit = 1.0
    for k in reversed(range(len(found))):
        found[k] = min(found[k], limit)
        limit = found[k] - apart
    result = np.empty_like(found)
    result[order] = found
    return result


def seeds_in_row(
    ax: Axes,
    place: float | int,
    values: Float[np.ndarray, " seed"],
    found: Interval,
    colour: str,
    *,
    filled: bool = True,
) -> None:
    """A mean with its interval at a height, and below it a faint dot for each seed."""
    ax.plot(values, [place + 0.2] * len(values), "o", color=colour, alpha=0.35, markersize=4, markeredgewidth=0)
    ax.plot([found.low, found.high], [place - 0.05] * 2, color=colour, linewidth=2.5)
    face = colour if filled else "white"
    ax.plot(found.mean, place - 0.05, "o", color=colour, markersize=7, markerfacecolor=face, markeredgewidth=1.8)


def dot_rows(ax: Axes, rows: Sequence[str], groups: Mapping[str, Dots], *, zero: bool = True) -> None:
    """A row for each name, in it a dot with its interval for each group; the groups' names stand above."""
    height = 0.46 / max(len(groups) - 1, 1)
    for k, (name, dots) in enumerate(groups.items()):
        mean, low, high = np.array([[float(end) for end in found] for found in dots.intervals]).T
        ax.errorbar(
            mean,
            -np.arange(len(rows)) + 0.23 * (len(groups) > 1) - height * k,
            xerr=(mean - low, high - mean),
            fmt=dots.mark or MARKS[k % len(MARKS)],
            color=dots.colour,
            markerfacecolor=dots.colour if dots.filled else "white",
            markersize=5,
            label=name,
        )
    if zero:
        ax.axvline(0, color="#777777", linewidth=0.9)
    ax.set_yticks(-np.arange(len(rows)), rows)
    ax.set_ylim(-len(rows) + 0.45, 0.55)
    ax.grid(visible=False, axis="y")
    if len(groups) > 1:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(groups), handletextpad=0.2, columnspacing=1)
