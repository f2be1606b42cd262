"""The suspects as a map: how well each predicts how a task will be learned, in every setting."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from lop_tutorial.experiments.suspects import CONTROLS
from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.geometry.line_up import LINE_UP
from lop_tutorial.report.suspect_scores import States, rank_shares
from lop_tutorial.report.suspect_sheet import by_suspect
from lop_tutorial.report.suspect_verdicts import EXPECTED, SuspectScores

TITLES = {suspect.name: suspect.title for suspect in LINE_UP} | {
    "ftle_within": "exponents within",
    "ftle_within_spread": "within: spread",
    "ftle_within_zero": "within: at −∞",
    "ftle_between": "exponents between",
    "ftle_between_spread": "between: spread",
    "ftle_between_zero": "between: at −∞",
    "epsilon_rank": "epsilon-rank",
    "kernel_rank": "rank of tangent kernel",
    "task": "number of the task",
    "previous_test": "last test accuracy",
}
"""What the rows of figures are called: shorter than in tables, for a phone's width."""
SETTING_TITLES = {
    "type1": "d=2",
    "width_8": "d=8",
    "width_64": "d=64",
    "type2": "d=256",
    "cifar100": "CIFAR",
    "tinyimagenet": "Tiny",
}
_STRONGEST = 0.8


def line_up_map(
    scores: Sequence[SuspectScores],
    gap: str,
    only: Sequence[str] = (),
    *,
    as_given: bool = False,
    weak: Collection[str] = (),
) -> Figure:
    """Suspects in rows, the best above, controls below; settings in columns: rank correlations with the gap within age.

    `only`: these suspects alone. A frame: it predicts there. Struck out: it predicts the opposite of what its source
    says. No colour: it does not vary there; where no suspect does, the column says so. Rows are in the order of the
    mean correlation, with the sign that the source gives; or, `as_given`, in that of `only`. In the settings of `weak`,
    which rest on few networks, frames are dotted.
    """
    rows = {name: found for name, found in by_suspect(scores, gap).items() if not only or name in only}
    order = sorted((name for name in rows if name not in CONTROLS), key=lambda name: -_strength(rows[name]))
    if as_given:
        order = [name for name in only if name not in CONTROLS]
    order += [name for name in CONTROLS if name in rows]
    settings = list(dict.fromkeys(score.setting for score in scores))
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 1.0 + 0.3 * len(order)))
    colours = plt.get_cmap("PuOr_r")
    for y, name in enumerate(order):
        for score in rows[name]:
            x, value = settings.index(score.setting), float(score.within_age.mean)
            if math.isnan(value):
                continue
            paper = colours(0.5 + 0.5 * value / _STRONGEST)
            ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=paper, lw=0))
            number = ax.text(x, y, _signed(value), ha="center", va="center", fontsize=10.5, color=_ink(paper))
            if score.tells:
                line: dict[str, Any] = {"edgecolor": "black", "linewidth": 1.3}
                if score.setting in weak:
                    line = {"edgecolor": _ink(paper), "linewidth": 1.5, "linestyle": (0, (2, 2))}
                ax.add_patch(Rectangle((x - 0.46, y - 0.44), 0.92, 0.88, fill=False, **line))
            if score.misleads:
                ax.plot([x - 0.4, x + 0.4], [y + 0.35, y - 0.35], color="black", linewidth=1, gid="misleads")
                number.set_path_effects([withStroke(linewidth=3, foreground=paper)])
    for x, setting in enumerate(settings):
        if all(math.isnan(s.within_age.mean) for mine in rows.values() for s in mine if s.setting == setting):
            ax.text(x, (len(order) - 1) / 2, "does not vary", rotation=90, ha="center", va="center", color="#777777")
    if len(order) > len(CONTROLS):
        ax.axhline(len(order) - len([name for name in CONTROLS if name in rows]) - 0.5, color="black", linewidth=0.8)
    signs = {1: " +", -1: " −", 0: "  "}
    rows_told = [TITLES.get(name, name) + signs[EXPECTED[name]] for name in order]
    label_grid(ax, rows_told, [SETTING_TITLES.get(name, name) for name in settings])
    return figure


def label_grid(ax: Axes, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Makes an axis a grid of cells around whole numbers, the first row above: names beside rows and above columns."""
    ax.set_yticks(range(len(rows)), rows, fontsize=11)
    ax.set_xticks(range(len(columns)), columns, fontsize=10)
    ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    ax.spines[:].set_visible(False)
    ax.grid(visible=False)


def _strength(scores: Sequence[SuspectScores]) -> float:
    """The mean correlation with the source's sign; without one, its size. Where there is none it counts as 0."""
    means = np.nan_to_num(np.array([float(score.within_age.mean) for score in scores]))
    expected = EXPECTED[scores[0].suspect]
    return float(np.mean(abs(means) if expected == 0 else expected * means))


def _signed(value: float) -> str:
    text = f"{value:+.2f}".replace("-", "−")
    return text[0] + text[2:]


def _ink(paper: tuple[float, ...]) -> str:
    """White on what is dark, by its luminance, black on the rest."""
    return "white" if np.dot(paper[:3], (0.299, 0.587, 0.114)) < 0.5 else "black"


def state_scatter(
    states: States, suspects: Sequence[str], gap: str, methods: Sequence[str], places: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """The frames of an explorer: (suspect, setting, state, 2) and the method of each state, (suspect, setting, state).

    Across, a suspect's rank in its setting, 0 to 1; up, the gap in points. Settings with fewer states than the fullest
    are filled up with NaN.
    """
    there = [states.where(setting=place, method=tuple(methods)) for place in places]
    most = max(map(len, there))
    points, kinds = np.full((len(suspects), len(places), most, 2), np.nan), np.zeros((len(suspects), len(places), most))
    for k, mine in enumerate(there):
        for j, suspect in enumerate(suspects):
            points[j, k, : len(mine), 0] = rank_shares(mine[suspect].astype(float))
            points[j, k, : len(mine), 1] = 100 * mine[gap].astype(float)
            kinds[j, k, : len(mine)] = [methods.index(method) for method in mine["method"]]
    return points, kinds
