"""What is left of each suspect as a cause, after methods that held it in several settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lop_tutorial.figures.line_up_map import TITLES, label_grid
from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.cure_shifts import Shifts, finding, verdict_as_cause

_COLOURS = {"stands": "#0072B2", "not the cause": "#E69F00", "open": "#DDDDDD"}


def cause_map(settings: Mapping[str, Shifts], suspects: Sequence[str]) -> Figure:
    """Suspects in rows, settings in columns. A number in a box counts the methods that speak.

    Blue: it stands, and so many hold it and cure. Orange: not the cause, and so many speak against it. Grey: open.
    No box: there is nothing to hold. Rows are in groups by the verdict over all settings: what stands, what is open,
    what is cleared.
    """
    findings = {name: [finding(setting, name) for setting in settings.values()] for name in suspects}
    verdicts = {name: verdict_as_cause(found) for name, found in findings.items()}
    groups = {word: [name for name in suspects if verdicts[name] == word] for word in ("stands", "open", "cleared")}
    order = [name for names in groups.values() for name in names]
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 1.0 + 0.29 * len(order)))
    for y, name in enumerate(order):
        for x, found in enumerate(findings[name]):
            if found.verdict in _COLOURS:
                colour = _COLOURS[found.verdict]
                ax.add_patch(Rectangle((x - 0.45, y - 0.42), 0.9, 0.84, color=colour, linewidth=0, gid=found.verdict))
            if found.speaking:
                ink = "white" if found.verdict == "stands" else "black"
                ax.text(x, y, str(len(found.speaking)), ha="center", va="center", fontsize=11, color=ink)
    end = 0
    for word, names in groups.items():
        if names:
            ax.text(len(settings) - 0.35, end + (len(names) - 1) / 2, word, va="center", rotation=90, fontsize=11)
            end += len(names)
            ax.axhline(end - 0.5, color="black", linewidth=0.8)
    label_grid(ax, [TITLES.get(name, name) for name in order], list(settings))
    return figure
