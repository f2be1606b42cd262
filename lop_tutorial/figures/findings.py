"""The book's findings in one picture each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.experiments.suspects import CONTROLS
from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS, WIDTH_COLOURS
from lop_tutorial.report.claims.claim import Number, distinct
from lop_tutorial.report.claims.comparison import Comparison, Source
from lop_tutorial.report.claims.questions import Answers, compares, each, late
from lop_tutorial.report.suspect_verdicts import LEAST, SuspectScores
from lop_tutorial.running.results import ENOUGH, Interval, Results, finite, interval

NETWORKS = ("the paper's networks", "small networks", "toy points")
"""In the order of the figure."""


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


def product_law(start: Float64[np.ndarray, "seed task"], end: Float64[np.ndarray, "seed task"]) -> Figure:
    """What the product law says of the exponent after every task (dashed), and what it is; means over seeds.

    `start` and `end` are exponents of narrow networks at each task's own points before it was learned and after, per
    layer. The law begins where the first task began, and adds what every task did.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 2.9))
    tasks = np.arange(1, start.shape[1] + 1)
    law = start[:, :1] + np.cumsum(end - start, axis=1)
    for values, label, line in ((law, "the product law", "--"), (end, "measured", "-")):
        curve = interval(values)
        ax.fill_between(tasks, curve.low, curve.high, color=WIDTH_COLOURS["narrow"], alpha=0.2, linewidth=0)
        ax.plot(tasks, curve.mean, line, color=WIDTH_COLOURS["narrow"], gid=label)
        ax.annotate(label, (tasks[-1], curve.high[-1]), xytext=(0, 5), textcoords="offset points", ha="right")
    ax.set(xlabel="task", ylabel="exponent (per layer)")
    return figure


class MixupGap(NamedTuple):
    """One stored experiment with G-mixup and Retrained."""

    network: str
    """One of `NETWORKS`."""
    about: str
    gap: Interval
    """Late test accuracy of G-mixup minus Retrained."""
    lost: Interval | None
    """Of no intervention minus Retrained, and None where there is none."""
    gained: Interval | None
    """Of G-mixup minus no intervention."""
    run: str = ""
    """Its name in `results/`."""


def mixup_against_fresh(stored: Iterable[Source]) -> Figure:
    """Every stored experiment with five seeds of G-mixup and Retrained: their late difference, in points, by network.

    A dot is a mean over seeds, a line its 95 % t interval; hollow where that includes zero. Beside each kind of network
    it says how many intervals lie above zero, include it, and lie below.
    """
    found = list(mixup_differences(stored))
    kinds = [kind for kind in NETWORKS if any(one.network == kind for one in found)]
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.8 + 0.09 * (len(found) + 4 * len(kinds))))
    row = 0.0
    for kind in kinds:
        here = sorted((one for one in found if one.network == kind), key=lambda one: -float(one.gap.mean))
        above, below = sum(one.gap.low > 0 for one in here), sum(one.gap.high < 0 for one in here)
        words = f"{above} above, {len(here) - above - below} level, {below} below"
        style: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "va": "top", "gid": "counts"}
        ax.text(0.01, row - 0.5, f"{kind}\n{words}", color="#4D4D4D", fontsize=10, linespacing=1.4, **style)
        row += 1.5
        for one in here:
            _whisker(ax, row, one.gap, METHOD_COLOURS["g_mixup"])
            row += 1.0
        row += 2.0
    ax.axvline(0, color=METHOD_COLOURS["retrained"], linewidth=1.2, zorder=0)
    ax.set(xlabel="test accuracy, Generalized Mixup minus fresh (points)", yticks=[], ylim=(row - 1.2, -1.0))
    ax.set_xticks([-40, -30, -20, -10, 0, 10])
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    return figure


def mixup_differences(stored: Iterable[Source]) -> Iterator[MixupGap]:
    """Every experiment with enough seeds of both methods; learners that have diverged are left out."""
    sources = list(stored)
    there = {(source.name, experiment.about): experiment for source in sources for experiment in source}
    question = each(_against_fresh, "pairs", "points")
    for piece in distinct(piece for source in sources for piece in question(source)):
        if len(values := finite(piece.numbers[0].values)) >= ENOUGH:
            experiment = there[piece.run, piece.of]
            method, plain = experiment.choose("g_mixup"), compares(experiment, "none")
            yield MixupGap(
                _network(piece.of),
                piece.of,
                interval(values),
                interval(finite(late(experiment, "none", "retrained"))) if plain else None,
                interval(finite(late(experiment, method, "none"))) if plain and method else None,
                piece.run,
            )


def _against_fresh(experiment: Comparison) -> Answers:
    method = experiment.choose("g_mixup")
    if method and compares(experiment, "retrained"):
        yield "", (Number(late(experiment, method, "retrained"), "above"),)


def _network(experiment: str) -> str:
    if experiment.startswith("toy points"):
        return "toy points"
    return "small networks" if "MLP" in experiment else "the paper's networks"


def _whisker(ax: Axes, row: float, gap: Interval, colour: str) -> None:
    ax.plot([100 * float(gap.low), 100 * float(gap.high)], [row, row], color=colour, linewidth=1.2)
    level = gap.low <= 0 <= gap.high
    face: dict[str, Any] = {"mfc": "white", "mew": 1.1} if level else {}
    ax.plot(100 * float(gap.mean), row, "o", color=colour, markersize=4.5, gid="level" if level else "apart", **face)


def before_a_task(
    scores: Sequence[SuspectScores], named: Mapping[str, str], panels: Mapping[str, tuple[str, str]]
) -> Figure:
    """How measurements before a task go with how it is then learned, among networks of one age.

    A panel for each (setting, gap), a row for each suspect in `named`, with its label; the others are grey dots in one.
    A dot is a rank correlation, its line the 95 % interval; hollow: against the sign that its source gives. Between the
    dotted lines a correlation counts for nothing (`LEAST`).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(COLUMN_WIDTH, 0.8 + 0.3 * (len(named) + 1)), sharey=True)
    for ax, (title, place) in zip(np.atleast_1d(axes), panels.items(), strict=True):
        here = {one.suspect: one for one in scores if (one.setting, one.gap) == place}
        for row, name in enumerate(named):
            found = here[name].within_age
            if np.isnan(found.mean):
                free = {"facecolor": "white", "edgecolor": "none", "pad": 1}
                ax.text(0, row, "does not vary", ha="center", va="center", fontsize=9, color="#777777", bbox=free)
                continue
            ax.plot([found.low, found.high], [row, row], color=WIDTH_COLOURS["model"], linewidth=1.6)
            against = here[name].misleads
            face = "white" if against else WIDTH_COLOURS["model"]
            ax.plot(found.mean, row, "o", color=WIDTH_COLOURS["model"], mfc=face, gid="misleads" if against else name)
        others = here.keys() - named.keys() - set(CONTROLS)
        at = [float(here[name].within_age.mean) for name in here if name in others]
        ax.plot(at, [len(named)] * len(at), "o", color="#888888", alpha=0.6, markeredgewidth=0, gid="others")
        ax.axvline(0, color="#4D4D4D", linewidth=1)
        for edge in (-LEAST, LEAST):
            ax.axvline(edge, color="#999999", linewidth=0.9, linestyle=":")
        ax.set(xlim=(-0.82, 0.82), ylim=(len(named) + 0.5, -0.5), xlabel="rank correlation")
        ax.set_title(title, fontsize=10)
        ax.set_xticks([-0.6, 0, 0.6], ["−0.6", "0", "0.6"])
        ax.set_yticks(range(len(named) + 1), [*named.values(), "all others"])
        ax.grid(visible=False)
    return figure
