"""What is left of a suspect's correlation among networks of one age, and of one age and method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from textwrap import fill

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lop_tutorial.figures.line_up_map import TITLES
from lop_tutorial.figures.named import Dots, dot_rows
from lop_tutorial.figures.style import COLUMN_WIDTH, WIDTH_COLOURS
from lop_tutorial.report.suspect_scores import States, jackknife, over_all, within_age, within_method

LEVELS: dict[str, tuple[Callable[..., float], str]] = {
    "all": (over_all, "#999999"),
    "of one age": (within_age, WIDTH_COLOURS["model"]),
    "of one age and method": (within_method, WIDTH_COLOURS["wide"]),
}


def correlation_levels(states: States, suspects: Sequence[str], panels: Mapping[str, tuple[str, str]]) -> Figure:
    """A panel for each setting and gap, by its title: rank correlations of suspects among fewer and fewer networks.

    Lines are 95 % jackknife intervals over seeds.
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
        named = ax.get_legend_handles_labels()
        ax.get_legend().remove()
        ax.set_title(title)
    figure.legend(*named, loc="outside upper center", ncols=len(LEVELS), handletextpad=0.2, columnspacing=1)
    axes[-1, 0].set_xlabel("rank correlation with accuracy minus fresh")
    return figure
