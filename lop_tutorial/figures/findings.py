"""The book's findings in one picture each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS, PROBE_COLOURS
from lop_tutorial.report.claims.claim import Number, distinct
from lop_tutorial.report.claims.comparison import Comparison, Source
from lop_tutorial.report.claims.questions import Answers, compares, each, late
from lop_tutorial.running.results import ENOUGH, Interval, Results, finite, interval

NETWORK_COLOURS = {"the paper's networks": "#0072B2", "small networks": "#CC79A7", "toy points": "#666666"}


def width_gap(results: Results, *, ends: int = 8) -> Figure:
    """Old minus fresh network over the last tasks, in points, against width: training (dashed) and test accuracy."""
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 3.1))
    for quantity, label, line in (("train_accuracy", "training points", "--"), ("test_accuracy", "new points", "-")):
        gaps = [interval(finite(_late(results.at(width), quantity, ends))) for width in results.widths]
        mean, low, high = (100 * np.array([float(part) for part in parts]) for parts in zip(*gaps, strict=True))
        ax.fill_between(results.widths, low, high, color=METHOD_COLOURS["none"], alpha=0.2, linewidth=0)
        ax.plot(results.widths, mean, line, color=METHOD_COLOURS["none"], marker="o", markersize=4, gid=quantity)
        ax.annotate(label, (results.widths[-1], mean[-1]), xytext=(-4, 7), textcoords="offset points", ha="right")
    ax.axhline(0, color=METHOD_COLOURS["retrained"], linewidth=1.2)
    ax.set_xscale("log", base=2)
    ax.set_xticks(results.widths, [str(width) for width in results.widths])
    ax.minorticks_off()
    ax.set(xlabel="width of the representation (units)", ylabel="accuracy, old minus fresh (points)")
    return figure


def _late(results: Results, quantity: str, ends: int) -> Float64[np.ndarray, " seed"]:
    old, fresh = (results.curves(method, quantity)[:, -ends:].mean(axis=1) for method in ("none", "retrained"))
    return old - fresh


def product_law(start: Float64[np.ndarray, "seed task"], end: Float64[np.ndarray, "seed task"], place: str) -> Figure:
    """What the product law says of the exponent after every task (dashed), and what it is; means over seeds.

    `start` and `end` are exponents at each task's own points before it was learned and after, per layer, `place` is
    "within" or "between". The law begins where the first task began, and adds what every task did.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 2.9))
    tasks = np.arange(1, start.shape[1] + 1)
    law = start[:, :1] + np.cumsum(end - start, axis=1)
    for values, label, line in ((law, "the product law", "--"), (end, "measured", "-")):
        curve = interval(values)
        ax.fill_between(tasks, curve.low, curve.high, color=PROBE_COLOURS[place], alpha=0.2, linewidth=0)
        ax.plot(tasks, curve.mean, line, color=PROBE_COLOURS[place], gid=label)
        ax.annotate(label, (tasks[-1], curve.high[-1]), xytext=(0, 5), textcoords="offset points", ha="right")
    ax.set(xlabel="task", ylabel="exponent (per layer)")
    return figure


def mixup_against_fresh(stored: Iterable[Source]) -> Figure:
    """Every stored experiment with five seeds of G-mixup and of Retrained: their late difference, in points, in order.

    A dot is a mean over seeds, a line its 95 % t interval, a colour the kind of network.
    """
    found = sorted(mixup_differences(stored), key=lambda each: float(each[1].mean))
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.9 + 0.13 * len(found)))
    for row, (network, gap) in enumerate(found):
        _whisker(ax, row, gap, NETWORK_COLOURS[network])
    for network, colour in NETWORK_COLOURS.items():
        ax.plot([], [], "o", color=colour, label=network)
    ax.axvline(0, color=METHOD_COLOURS["retrained"], linewidth=1.2)
    ax.set(xlabel="test accuracy, G-mixup minus fresh (points)", yticks=[], ylim=(-1, len(found)))
    ax.grid(visible=False, axis="y")
    ax.legend(loc="upper left", fontsize=9)
    return figure


def mixup_differences(stored: Iterable[Source]) -> Iterator[tuple[str, Interval]]:
    """The kind of network, and late test accuracy of G-mixup minus Retrained: of every experiment with enough seeds."""
    question = each(_against_fresh, "pairs", "points")
    for piece in distinct(piece for source in stored for piece in question(source)):
        if len(values := finite(piece.numbers[0].values)) >= ENOUGH:
            yield _network(piece.of), interval(values)


def _against_fresh(experiment: Comparison) -> Answers:
    method = experiment.choose("g_mixup")
    if method and compares(experiment, "retrained"):
        yield "", (Number(late(experiment, method, "retrained"), "above"),)


def _network(experiment: str) -> str:
    if experiment.startswith("toy points"):
        return "toy points"
    return "small networks" if "MLP" in experiment else "the paper's networks"


def _whisker(ax: Axes, row: int, gap: Interval, colour: str) -> None:
    ax.plot([100 * float(gap.low), 100 * float(gap.high)], [row, row], color=colour, linewidth=1.3)
    ax.plot(100 * float(gap.mean), row, "o", color=colour, markersize=4.5, gid="difference")
