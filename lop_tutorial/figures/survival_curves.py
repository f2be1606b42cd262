"""How many networks are alive after so many tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from lop_tutorial.figures.named import name_ends
from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.survival import Lifetimes

NOBODY = "#888888"


def survival_curves(lives: Mapping[str, Sequence[Lifetimes]]) -> Figure:
    """Kaplan and Meier's curves: a panel an image set, a line a step size, with how many of its networks died.

    A tick is a network that was alive when its run ended, or diverged. The line of the largest step has a band, its
    95 % interval. Steps at which none died share a grey line. Tasks are on a logarithmic axis.
    """
    figure, axes = plt.subplots(
        len(lives), 1, figsize=(COLUMN_WIDTH, 0.5 + 1.9 * len(lives)), sharex=True, squeeze=False
    )
    steps = sorted({each.step_size for mine in lives.values() for each in mine if each.died.any()}, reverse=True)
    shades = mpl.colormaps["viridis"](np.linspace(0, 0.65, max(len(steps), 2)))
    colours = dict(zip(steps, map(mpl.colors.to_hex, shades), strict=False))
    longest = max(float(each.times.max()) for mine in lives.values() for each in mine)
    for ax, (data, mine) in zip(axes[:, 0], lives.items(), strict=True):
        ax.set(title=data, ylim=(0, 1.04), xscale="log", xlim=(1, longest * 1.1), ylabel="alive")
        alive = [each for each in mine if not each.died.any()]
        ends = {_name(alive): (1.0, NOBODY)} if alive else {}
        for each in mine:
            times, share = each.curve()
            colour = colours.get(each.step_size, NOBODY)
            _steps(ax, each, times, share, colour, banded=each is mine[0])
            if each.died.any():
                ends[_name([each])] = float(share[-1, 0]), colour
        name_ends(ax, ends, apart=0.2)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes[-1, 0].xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes[-1, 0].set_xlabel("tasks learned")
    return figure


def _name(lives: Sequence[Lifetimes]) -> str:
    steps = f"{lives[0].step_size:g}" + " and less" * (len(lives) > 1)
    dead, number = (sum(counts) for counts in zip(*((each.died.sum(), len(each.times)) for each in lives), strict=True))
    return f"{steps}: {dead} of {number} died"


def _steps(
    ax: Axes,
    lives: Lifetimes,
    times: Float64[np.ndarray, " time"],
    share: Float64[np.ndarray, "time 3"],
    colour: str,
    *,
    banded: bool,
) -> None:
    if banded:
        ax.fill_between(times, share[:, 1], share[:, 2], step="post", color=colour, alpha=0.15, linewidth=0)
    ax.step(times, share[:, 0], where="post", color=colour, gid="alive")
    for time in lives.times[~lives.died]:
        height = share[np.searchsorted(times, time, side="right") - 1, 0]
        ax.plot(time, height, "|", color=colour, markersize=9, markeredgewidth=1.6, gid="censored")
