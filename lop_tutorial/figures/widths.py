"""What becomes of representations of different widths: accuracies and exponents, early and late."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.accuracy import QUANTITIES, band
from lop_tutorial.figures.style import PAGE_WIDTH, PROBE_COLOURS
from lop_tutorial.interventions import title as title_of
from lop_tutorial.running.results import Interval, Results, finite, interval


def across_widths(results: Results, *, ends: int = 8, chance: float = 0.5) -> Figure:
    """Accuracies over the last `ends` tasks against width, and beside them the median exponents of "none", if measured.

    Accuracies are means over the seeds that went all the way, with 95 % t intervals as bands. Exponents may be minus
    infinity: theirs are medians over seeds and tasks, with a band from the lower to the upper quarter; those of the
    first `ends` tasks are thin, those of the last ones thick. Lines end where a median is minus infinity.
    """
    measured = bool(results.rows) and "ftle_within_q50" in results.rows[0]
    figure, axes = plt.subplots(1, 1 + measured, figsize=(PAGE_WIDTH, 3.2), squeeze=False)
    left, *right = axes[0]
    widths = [float(width) for width in results.widths]
    for method in results.methods:
        for quantity, name, line in QUANTITIES:
            means = [_at_the_end(results.at(width), method, quantity, ends) for width in results.widths]
            label = f"{title_of(method)}, {name.split()[0]}"
            band(left, widths, _joined(means), method, line=line, label=label)
    left.axhline(chance, color="#999999", linewidth=0.8, linestyle=":")
    left.set(ylabel=f"accuracy, last {ends} tasks", ylim=(chance - 0.1, 1.02))
    left.legend(fontsize=7, ncols=2, loc="lower center")
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
        for label, part, wide in (("first", slice(ends), 0.9), ("last", slice(-ends, None), 2.2)):
            exponents = [results.at(width).curves("none", f"ftle_{place}_q50")[:, part] for width in results.widths]
            low, middle, high = np.array([_quarters(values) for values in exponents]).T
            ax.fill_between(results.widths, low, high, color=colour, alpha=0.05 * wide, linewidth=0)
            ax.plot(results.widths, middle, line, color=colour, linewidth=wide, label=f"{place}, {label} {ends} tasks")
    ax.axhline(0, color="#999999", linewidth=0.8)
    ax.set(ylabel="median FTLE (per layer)", title="No Intv.")
    ax.legend(fontsize=8)


def _quarters(values: Float64[np.ndarray, "seed task"]) -> list[float]:
    """Lower quarter, median, upper quarter: each one of the values, as nothing lies between -inf and a number."""
    known = np.sort(values[~np.isnan(values)])
    return [known[round(share * (len(known) - 1))] if len(known) else np.nan for share in (0.25, 0.5, 0.75)]


def _at_the_end(results: Results, method: str, quantity: str, ends: int) -> Interval:
    kept = finite(results.curves(method, quantity)[:, -ends:])
    return interval(kept.mean(axis=1))


def _joined(intervals: list[Interval]) -> Interval:
    return Interval(*(np.array(part) for part in zip(*intervals, strict=True)))
