"""What becomes of representations of different widths: accuracies and exponents, early and late."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.accuracy import QUANTITIES, band
from lop_tutorial.figures.style import PAGE_WIDTH, PROBE_COLOURS
from lop_tutorial.reproduction.results import Interval, Results, finite, interval


def across_widths(results: Results, *, ends: int = 8, chance: float = 0.5) -> Figure:
    """Accuracies over the last `ends` tasks against width, and beside them the median exponents of "none", if measured.

    Means over the seeds that went all the way, with 95 % bootstrap bands. Exponents over the first `ends` tasks are
    thin, those over the last ones thick.
    """
    measured = bool(results.rows) and "ftle_within_q50" in results.rows[0]
    figure, axes = plt.subplots(1, 1 + measured, figsize=(PAGE_WIDTH, 3.2), squeeze=False)
    left, *right = axes[0]
    for method in results.methods:
        for quantity, _, line in QUANTITIES:
            found = [_at_the_end(results.at(width), method, quantity, ends) for width in results.widths]
            band(left, results.widths, _joined(found), method, line=line, label=None if line == "-" else "")
    left.axhline(chance, color="#999999", linewidth=0.8, linestyle=":")
    left.set(ylabel=f"accuracy, last {ends} tasks", ylim=(chance - 0.04, 1.02), title="training - -   test —")
    left.legend()
    for ax in right:
        _exponents(ax, results, ends)
    for ax in axes[0]:
        ax.set_xscale("log", base=2)
        ax.set(xlabel="width d of the representation (units)", xticks=results.widths)
        ax.set_xticklabels([str(width) for width in results.widths], fontsize=8)
        ax.minorticks_off()
    return figure


def _exponents(ax: Axes, results: Results, ends: int) -> None:
    for (place, colour), line in zip(PROBE_COLOURS.items(), ("-", "--"), strict=True):
        for early in (True, False):
            found = [_at_the_end(results.at(w), "none", f"ftle_{place}_q50", ends, early) for w in results.widths]
            whole, wide = _joined(found), 0.9 if early else 2.2
            if not early:
                ax.fill_between(results.widths, whole.low, whole.high, color=colour, alpha=0.18, linewidth=0)
            label = f"{place}, {'first' if early else 'last'} {ends} tasks"
            ax.plot(results.widths, whole.mean, line, color=colour, linewidth=wide, label=label)
    ax.axhline(0, color="#999999", linewidth=0.8)
    ax.set(ylabel="median FTLE (per layer)", title="No Intv.")
    ax.legend(fontsize=8)


def _at_the_end(results: Results, method: str, quantity: str, ends: int, early: bool = False) -> Interval:
    curves = results.curves(method, quantity)
    kept = finite(curves[:, :ends] if early else curves[:, -ends:])
    return interval(kept.mean(axis=1)) if len(kept) else Interval(*(np.asarray(np.nan),) * 3)


def _joined(found: list[Interval]) -> Interval:
    return Interval(*(np.array(part) for part in zip(*found, strict=True)))
