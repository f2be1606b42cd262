"""What is left of each suspect as a cause, after methods that restored it, or did not, in several settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from lop_tutorial.figures.line_up_map import TITLES, label_grid
from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.cure_shifts import Shifts, finding, verdict_as_cause

_COLOURS = {"stands": "#01665E", "not the cause": "#BFA26A", "open": "#DDDDDD"}
_BOXES = {
    "stands": "restored, and plasticity with it",
    "not the cause": "plasticity comes back without it",
    "open": "undecided",
}
_GROUPS = {"stands": "possible cause", "open": "undecided", "cleared": "not needed"}


def cause_map(settings: Mapping[str, Shifts], suspects: Sequence[str]) -> Figure:
    """Suspects in rows, settings in columns. A number in a box counts the methods that speak.

    Dark: so many restore it and plasticity. Light: so many restore plasticity without it, or it without plasticity.
    Grey: undecided. No box: old networks are as fresh ones in it. Rows are in groups by the verdict over all settings:
    possible causes, the undecided, what is not needed.
    """
    findings = {name: [finding(setting, name) for setting in settings.values()] for name in suspects}
    verdicts = {name: verdict_as_cause(found) for name, found in findings.items()}
    groups = {word: [name for name in suspects if verdicts[name] == word] for word in _GROUPS}
    order = [name for names in groups.values() for name in names]
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 1.7 + 0.29 * len(order)))
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
            ax.text(
                len(settings) - 0.35, end + (len(names) - 1) / 2, _GROUPS[word], va="center", rotation=90, fontsize=11
            )
            end += len(names)
            ax.axhline(end - 0.5, color="black", linewidth=0.8)
    label_grid(ax, [TITLES.get(name, name) for name in order], list(settings))
    boxes = [Patch(color=_COLOURS[verdict], label=words) for verdict, words in _BOXES.items()]
    boxes.append(Patch(facecolor="none", label="no box: old and fresh do not differ"))
    figure.legend(handles=boxes, loc="outside lower left", ncols=1, fontsize=10)
    return figure
