"""Methods side by side: how far they end from a fresh network, and what is measured in their networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
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


def against_retrained(sets: Mapping[str, Ranking]) -> Figure:
    """Methods in rows, best above: test accuracy of the last tasks minus Retrained, in points; a mark an image set.

    Lines are 95 % t intervals over seeds. The rows are in the order of the mean over the sets. Methods of which no
    learner finished stand at the bottom and say so; where some diverged on a set, its mark's line says how many.
    """
    first = next(iter(sets.values()))
    methods = sorted((each.method for each in first if each.method != "retrained"), key=lambda name: _mean(sets, name))
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.9 + 0.36 * len(methods)))
    low = min(
        (100 * float(each.above_retrained.low) for ranking in sets.values() for each in ranking if each.finished),
        default=0.0,
    )
    for (label, ranking), (colour, mark), shift in zip(sets.items(), SET_LOOKS, (0.22, 0, -0.22), strict=False):
        for row, method in enumerate(methods):
            result = ranking[method]
            if result.finished:
                mean, *ends = (100 * float(value) for value in result.above_retrained)
                ax.plot(ends, [row + shift] * 2, color=colour, linewidth=1.6)
                ax.plot(mean, row + shift, mark, color=colour, markersize=5, gid=f"{label}, {method}")
                if lost := result.learners - result.finished:
                    words = f"{lost} of {result.learners} diverged"
                    ax.text(low, row + shift, words, fontsize=9, color=colour, va="center")
        ax.plot([], [], mark, color=colour, label=label)
    for row, method in enumerate(methods):
        if not any(ranking[method].finished for ranking in sets.values()):
            ax.text(low, row, "all diverged", fontsize=9, color="#555555", va="center")
    ax.axvline(0, color=METHOD_COLOURS["retrained"], linewidth=1.2)
    ax.set_yticks(range(len(methods)), [first[method].title for method in methods], fontsize=10)
    for name, method in zip(ax.get_yticklabels(), methods, strict=True):
        if without_settings(method) in METHOD_COLOURS:
            name.set_fontweight("bold")
    ax.set(ylim=(-0.7, len(methods) - 0.3), xlabel="test accuracy, minus a fresh network's (points)")
    ax.grid(visible=False, axis="y")
    figure.legend(**_ABOVE)
    return figure


def _mean(sets: Mapping[str, Ranking], method: str) -> float:
    means = [float(ranking[method].above_retrained.mean) for ranking in sets.values()]
    return float(np.mean([-1.0 if math.isnan(mean) else mean for mean in means]))


def factor_against_accuracy(sets: Mapping[str, Ranking], factor: str, named: tuple[str, ...] = ()) -> Figure:
    """A panel for each image set: a factor's median over learners against the late test accuracy, a mark a method.

    Only methods all of whose learners finished. Those `named`, without their settings, have their colours, and their
    titles beside their marks; the others are grey.
    """
    figure, axes = plt.subplots(1, len(sets), figsize=(COLUMN_WIDTH, 3.0), sharex=True, sharey=True, squeeze=False)
    for ax, (label, ranking) in zip(axes[0], sets.items(), strict=True):
        for result in sorted(ranking, key=lambda each: without_settings(each.method) in named):
            if result.finished == result.learners:
                _mark(ax, result, factor, without_settings(result.method) in named)
        ax.set(title=label, xlabel=FACTORS[factor])
        ax.margins(x=0.12, y=0.12)
    axes[0, 0].set_ylabel("test accuracy, last tasks")
    return figure


def _mark(ax: Axes, result: MethodResult, factor: str, named: bool) -> None:
    value = result.factors[factor]
    colour = method_colour(result.method) if named else "#AAAAAA"
    ax.plot(value, result.late, "o", color=colour, markersize=7, markeredgecolor="white")
    if named:
        side, shift = ("right", -5) if value > 0.25 else ("left", 5)
        place = (value, result.late)
        ax.annotate(result.title, place, (shift, 5), textcoords="offset points", ha=side, fontsize=9, color=colour)


def factor_correlations(sets: Mapping[str, Ranking]) -> Figure:
    """Rank correlations of every factor with the late test accuracy over methods: a row each, a mark an image set."""
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.9 + 0.42 * len(FACTORS)))
    names = list(FACTORS)[::-1]
    for (label, ranking), (colour, mark) in zip(sets.items(), SET_LOOKS, strict=False):
        values = [ranking.correlation(name)[0] for name in names]
        ax.plot(values, range(len(names)), mark, color=colour, markersize=7, label=label)
    ax.axvline(0, color="#999999", linewidth=0.8)
    ax.set_yticks(range(len(names)), [FACTORS[name] for name in names])
    ax.set(
        xlim=(-1.05, 1.05), ylim=(-0.6, len(names) - 0.4), xlabel="rank correlation with test accuracy, over methods"
    )
    figure.legend(**_ABOVE)
    return figure
