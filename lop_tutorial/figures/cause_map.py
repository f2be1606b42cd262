"""What is left of each suspect as a cause, after methods that held it in several settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lop_tutorial.figures.line_up_map import TITLES
from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.cure_shifts import Shifts, tried, verdict_as_cause

_COLOURS = {"stands": "#0072B2", "not the cause": "#E69F00", "open": "#DDDDDD"}


def cause_map(settings: Mapping[str, Shifts], suspects: Sequence[str]) -> Figure:
    """Suspects in rows, settings in columns. A number in a box counts the methods that speak.

    Blue: it stands, and so many hold it and cure. Orange: not the cause, and so many speak against it. Grey: open.
    No box: there is nothing to hold. Rows are in groups by the verdict over all settings: what stands, what is open,
    what is cleared.
    """
    verdicts = {name: verdict_as_cause(list(settings.values()), name) for name in suspects}
    groups = {word: [name for name in suspects if verdicts[name] == word] for word in ("stands", "open", "cleared")}
    order = [name for names in groups.values() for name in names]
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 1.0 + 0.24 * len(order)))
    for y, name in enumerate(order):
        for x, setting in enumerate(settings.values()):
            trial = tried(setting, name)
            if trial.verdict in _COLOURS:
                colour = _COLOURS[trial.verdict]
                ax.add_patch(Rectangle((x - 0.45, y - 0.42), 0.9, 0.84, color=colour, linewidth=0, gid=trial.verdict))
            if trial.speaking:
                ink = "white" if trial.verdict == "stands" else "black"
                ax.text(x, y, str(len(trial.speaking)), ha="center", va="center", fontsize=8.5, color=ink)
    end = 0
    for word, names in groups.items():
        if names:
            ax.text(len(settings) - 0.35, end + (len(names) - 1) / 2, word, va="center", rotation=90, fontsize=10)
            end += len(names)
            ax.axhline(end - 0.5, color="black", linewidth=0.8)
    ax.set_yticks(range(len(order)), [TITLES.get(name, name) for name in order], fontsize=9)
    ax.set_xticks(range(len(settings)), list(settings), fontsize=9)
    ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    ax.set(xlim=(-0.5, len(settings) - 0.5), ylim=(len(order) - 0.5, -0.5))
    ax.spines[:].set_visible(False)
    ax.grid(visible=False)
    return figure
