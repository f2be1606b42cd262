"""Methods side by side: their accuracies, and measures of their networks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lop_tutorial.figures.style import METHOD_COLOURS, PAGE_WIDTH, method_colour
from lop_tutorial.interventions import without_settings
from lop_tutorial.report.ranking import FACTORS, MethodResult, Ranking

MARKS = ("o", "s", "^", "v", "D", "P", "X", "<", ">", "*", "p", "h")
"""Methods outside the paper's tables share a colour, so a mark tells them apart."""


def ranking_dots(sets: Mapping[str, Ranking], *, chance: float = 0.5) -> Figure:
    """Methods in rows, image sets in columns: test accuracy of the last tasks with its interval, of the first hollow.

    Rows are in the order of the mean over the sets; a method of which learners diverged says how many are left.
    """
    first = next(iter(sets.values()))
    methods = sorted((result.method for result in first), key=lambda method: _mean(sets, method))
    figure, axes = plt.subplots(
        1, len(sets), figsize=(PAGE_WIDTH, 0.6 + 0.27 * len(methods)), sharey=True, squeeze=False
    )
    for ax, (label, stands) in zip(axes[0], sets.items(), strict=True):
        for row, method in enumerate(methods):
            _dot(ax, row, stands[method], chance)
        reference = stands["retrained"].late
        ax.axvline(reference, color=METHOD_COLOURS["retrained"], linewidth=0.9, linestyle=":")
        ax.axvline(chance, color="#999999", linewidth=0.8, linestyle=":")
        ax.set(title=label, xlabel="test accuracy", xlim=(chance - 0.03, 0.87), ylim=(-0.7, len(methods) - 0.4))
        ax.grid(visible=False, axis="y")
    axes[0, 0].set_yticks(range(len(methods)), [first[method].title for method in methods])
    for name, method in zip(axes[0, 0].get_yticklabels(), methods, strict=True):
        if without_settings(method) in METHOD_COLOURS:
            name.set_fontweight("bold")
    return figure


def _dot(ax: plt.Axes, row: int, result: MethodResult, chance: float) -> None:
    colour = method_colour(result.method)
    if result.finished < result.learners:
        words = f"{result.finished} of {result.learners} left" if result.finished else "all diverged"
        ax.text(chance, row, words, fontsize=7.5, color="#555555", va="center")
    if not result.finished:
        return
    early, late = result.accuracy["test_early"], result.accuracy["test_late"]
    ax.plot(float(early.mean), row, "o", markersize=5, markerfacecolor="none", markeredgecolor=colour, gid="early")
    ax.plot([float(late.low), float(late.high)], [row, row], color=colour, linewidth=2)
    ax.plot(result.late, row, "o", markersize=5, color=colour, gid="late")


def _mean(sets: Mapping[str, Ranking], method: str) -> float:
    late = [stands[method].late for stands in sets.values()]
    return float(np.mean([0.0 if math.isnan(value) else value for value in late]))


def factors_against_accuracy(stands: Ranking, factors: Sequence[str] = tuple(FACTORS)) -> Figure:
    """One panel a factor: its median over learners against the late test accuracy, a mark for each method.

    Only methods all of whose learners finished. An exponent of minus infinity stands at the left end.
    """
    kept = sorted((result for result in stands if result.finished == result.learners), key=_order)
    marks = iter(MARKS)
    looks = {
        result.method: (
            "o" if without_settings(result.method) in METHOD_COLOURS else next(marks),
            method_colour(result.method),
        )
        for result in kept
    }
    figure, axes = plt.subplots(2, 3, figsize=(PAGE_WIDTH, 4.8), sharey=True)
    *panels, last = axes.flat
    for ax, factor in zip(panels, factors, strict=True):
        values = np.array([result.factors[factor] for result in kept])
        ends = values[np.isfinite(values)]
        left = ends.min() - 0.25 * np.ptp(ends)
        for result, value in zip(kept, values, strict=True):
            mark, colour = looks[result.method]
            at = value if math.isfinite(value) else left
            ax.plot(at, result.late, mark, color=colour, markersize=6, markeredgecolor="white", markeredgewidth=0.5)
        if not np.isfinite(values).all():
            ax.text(left, 0.25, "−∞", transform=ax.get_xaxis_transform(), ha="center", fontsize=9)
        if factor == "weight_norm":
            ax.set_xscale("log")
            ax.set_xticks([10, 20, 40, 80], ["10", "20", "40", "80"])
            ax.minorticks_off()
        ax.set(xlabel=FACTORS[factor])
    for ax in axes[:, 0]:
        ax.set_ylabel("test accuracy, last tasks")
    handles = [
        Line2D([], [], linestyle="", marker=looks[result.method][0], color=looks[result.method][1], label=result.title)
        for result in kept
    ]
    last.axis("off")
    last.legend(handles=handles, loc="center left", fontsize=7.5, labelspacing=0.35, borderaxespad=0)
    return figure


def _order(result: MethodResult) -> int:
    """The paper's methods first, in their order."""
    name = without_settings(result.method)
    return list(METHOD_COLOURS).index(name) if name in METHOD_COLOURS else len(METHOD_COLOURS)
