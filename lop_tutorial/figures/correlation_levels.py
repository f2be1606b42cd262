"""A suspect's correlation among networks of one age: of all methods, of plain networks alone, and method by method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lop_tutorial.figures.line_up_map import TITLES
from lop_tutorial.figures.named import Dots, dot_rows
from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS, WIDTH_COLOURS
from lop_tutorial.report.suspect_scores import States, jackknife, within_age, within_method


def among_plain(states: States, suspect: str, gap: str) -> float:
    """`within_age` among networks that nothing is done to."""
    return within_age(states.where(method="none"), suspect, gap)


LEVELS: dict[str, tuple[Callable[..., float], str]] = {
    "all methods": (within_age, WIDTH_COLOURS["model"]),
    "each method, averaged": (within_method, WIDTH_COLOURS["wide"]),
    "plain alone": (among_plain, METHOD_COLOURS["none"]),
}


def correlation_levels(states: States, suspects: Sequence[str], panels: Mapping[str, tuple[str, str]]) -> Figure:
    """A panel for each setting and gap, by its title: rank correlations of suspects among networks of one age.

    The three marks of a row are those of `LEVELS`. Lines are 95 % jackknife intervals over seeds; a suspect that does
    not vary has no mark, but is said not to.
    """
    height = len(panels) * (0.6 + 0.36 * len(suspects))
    figure, axes = plt.subplots(len(panels), 1, figsize=(COLUMN_WIDTH, height), sharex=True, squeeze=False)
    for ax, (title, (setting, gap)) in zip(axes[:, 0], panels.items(), strict=True):
        here = states.where(setting=setting)
        groups = {
            level: Dots([jackknife(partial(score, suspect=name, gap=gap), here) for name in suspects], colour)
            for level, (score, colour) in LEVELS.items()
        }
        dot_rows(ax, [fill(TITLES[name], 18) for name in suspects], groups)
        for row in range(len(suspects)):
            if all(np.isnan(float(dots.intervals[row].mean)) for dots in groups.values()):
                free = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                ax.text(0, -row, "does not vary", ha="center", va="center", fontsize=9, color="#777777", bbox=free)
        named = ax.get_legend_handles_labels()
        ax.get_legend().remove()
        ax.set_title(title)
    figure.legend(*named, loc="outside upper center", ncols=len(LEVELS), handletextpad=0.2, columnspacing=1)
    axes[-1, 0].set_xlabel("rank correlation with accuracy minus fresh")
    return figure
