"""Methods side by side: how far they end from a fresh network, and what is measured in their networks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS, method_colour
from lop_tutorial.interventions import without_settings
from lop_tutorial.report.ranking import FACTORS, MethodResult, Ranking

SET_LOOKS = (("#8C510A", "o"), ("#01665E", "s"), ("#762A83", "^"))
"""A colour and a mark for each image set, in order."""
_ABOVE: dict[str, Any] = {"loc": "outside upper center", "ncols": 3, "handletextpad": 0.2, "columnspacing": 1}


def against_retrained(
    sets: Mapping[str, Ranking], seeds_of: Sequence[str] = (), lowest: float | int | None = None
) -> Figure:
    """Methods in rows, best above: test accuracy of the last tasks minus Retrained, in points; a mark an image set.

    Lines are 95 % t intervals over seeds, small faint marks the seeds of the methods `seeds_of` (without settings).
    The rows are in the order of the mean over the sets. Methods of which no learner finished stand at the bottom; who
    diverged is told at the right edge. With `lowest` the axis begins there, and the left edge tells what lies beyond:
    a mean as a number, seeds as their count.
    """
    first = next(iter(sets.values()))
    methods = sorted((each.method for each in first if each.method != "retrained"), key=lambda name: _mean(sets, name))
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.9 + 0.36 * len(methods)))
    for (label, ranking), (colour, mark), shift in zip(sets.items(), SET_LOOKS, (0.22, 0, -0.22), strict=False):
        for row, method in enumerate(methods):
            result = ranking[method]
            if result.finished:
                mean, *ends = (100 * float(value) for value in result.above_retrained)
                if without_settings(method) in seeds_of:
                    seeds = 100 * result.networks["above_retrained"]
                    ax.plot(seeds, [row + shift] * len(seeds), mark, color=colour, ms=3.5, alpha=0.5, gid="seeds")
                ax.plot(ends, [row + shift] * 2, color=colour, linewidth=1.6)
                ax.plot(mean, row + shift, mark, color=colour, markersize=5, zorder=4, gid=f"{label}, {method}")
                if lowest is not None:
                    _beyond(ax, row + shift, colour, result, lowest, without_settings(method) in seeds_of)
        ax.plot([], [], mark, color=colour, label=label)
    for row, method in enumerate(methods):
        _diverged(ax, row, [ranking[method] for ranking in sets.values()])
    if any(each.finished < each.learners for ranking in sets.values() for each in ranking):
        ax.annotate("diverged", (1.01, 1), xycoords="axes fraction", va="top", fontsize=9, color="#555555")
    ax.axvline(0, color=METHOD_COLOURS["retrained"], linewidth=1.2)
    ax.set_yticks(range(len(methods)), [first[method].title for method in methods], fontsize=10)
    for name, method in zip(ax.get_yticklabels(), methods, strict=True):
        if without_settings(method) in METHOD_COLOURS:
            name.set_fontweight("bold")
    ax.set(ylim=(-0.7, len(methods) - 0.3), xlabel="test accuracy, minus a fresh network's (points)")
    if lowest is not None:
        ax.set_xlim(left=lowest)
    ax.grid(visible=False, axis="y")
    figure.legend(**_ABOVE)
    return figure


def _beyond(ax: Axes, y: float, colour: str, result: MethodResult, lowest: float | int, with_seeds: bool) -> None:
    """An arrow at the left edge with what lies left of it: the mean, or how many seeds."""
    mean = 100 * float(result.above_retrained.mean)
    far = int((100 * result.networks["above_retrained"] < lowest).sum()) if with_seeds else 0
    told = f"{mean:.0f}".replace("-", "−") if mean < lowest else f"{far} seed{'s' * (far > 1)}" if far else ""
    if told:
        behind = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"}
        style: dict[str, Any] = {
            "color": colour,
            "fontsize": 8.5,
            "va": "center",
            "bbox": behind,
            "gid": "beyond",
            "zorder": 3,
        }
        ax.annotate(f"◂ {told}", (lowest, y), (4, 0), textcoords="offset points", **style)


def _diverged(ax: Axes, row: int, results: Sequence[MethodResult]) -> None:
    """How many of a method's learners diverged, a line an image set with any, beside its row."""
    told = [
        (f"{result.learners - result.finished} of {result.learners}", colour)
        for result, (colour, _) in zip(results, SET_LOOKS, strict=False)
        if result.finished < result.learners
    ]
    if not any(result.finished for result in results):
        told = [("all", "#555555")]
    for place, (words, colour) in enumerate(told):
        up = 0.46 * ((len(told) - 1) / 2 - place)
        ax.text(1.01, row + up, words, transform=ax.get_yaxis_transform(), fontsize=9, va="center", color=colour)


def _mean(sets: Mapping[str, Ranking], method: str) -> float:
    means = [float(ranking[method].above_retrained.mean) for ranking in sets.values()]
    return float(np.mean([-1.0 if math.isnan(mean) else mean for mean in means]))


def factor_against_accuracy(
    sets: Mapping[str, Ranking], factor: str, named: Mapping[str, Sequence[tuple[float | int, float | int]]]
) -> Figure:
    """A panel for each image set, one below the other: a factor against the late test accuracy, a dot for each network.

    Of the methods `named`, without their settings; each has its colour, and its title stands in each panel at the
    place given for it (left edge and middle, in the panel's units). A share is shown in percent.
    """
    figure, axes = plt.subplots(
        len(sets), 1, figsize=(COLUMN_WIDTH, 0.6 + 2.3 * len(sets)), sharex=True, sharey=True, squeeze=False
    )
    share = FACTORS[factor].endswith("(share)")
    for panel, (ax, (label, ranking)) in enumerate(zip(axes[:, 0], sets.items(), strict=True)):
        for method, places in named.items():
            result = ranking[method]
            shown: dict[str, Any] = {"color": method_colour(method), "ms": 6, "mew": 0, "alpha": 0.85}
            values = result.networks[factor] * (100 if share else 1)
            ax.plot(values, result.networks["test_late"], "o", **shown)
            ax.text(*places[panel], result.title, color=method_colour(method), va="center")
        ax.set(title=label, ylabel="test accuracy, last tasks")
        ax.margins(x=0.08, y=0.08)
    axes[-1, 0].set_xlabel(FACTORS[factor].replace("(share)", "(%)"))
    return figure


def factor_correlations(sets: Mapping[str, Ranking]) -> Figure:
    """Rank correlations of every factor with the late test accuracy over methods: a row each, a mark an image set.

    Lines are 95 % intervals, from methods drawn anew with replacement.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.9 + 0.5 * len(FACTORS)))
    rows, names = np.arange(len(FACTORS)), list(FACTORS)[::-1]
    for (label, ranking), (colour, mark), shift in zip(sets.items(), SET_LOOKS, (0.22, 0, -0.22), strict=False):
        found = [ranking.correlation_interval(name) for name in names]
        for row, (_, low, high) in zip(rows + shift, found, strict=True):
            ax.plot([low, high], [row] * 2, color=colour, linewidth=1.6, gid="interval")
        ax.plot([float(each.mean) for each in found], rows + shift, mark, color=colour, markersize=6, label=label)
    ax.axvline(0, color="#777777", linewidth=1)
    ax.set_yticks(rows, [FACTORS[name] for name in names])
    ax.set(xlim=(-1.05, 1.05), ylim=(-0.6, len(names) - 0.4), xlabel="rank correlation with test accuracy")
    ax.grid(visible=False, axis="y")
    figure.legend(**_ABOVE)
    return figure
