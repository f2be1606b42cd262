"""The book's findings in one picture each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float64
from matplotlib.figure import Figure
from matplotlib.patches import Patch

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
    lines = ((law, "the product law", "--", "#777777"), (end, "measured", "-", METHOD_COLOURS["none"]))
    for values, label, line, colour in lines:
        curve = interval(values)
        ax.fill_between(tasks, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(tasks, curve.mean, line, color=colour, gid=label)
        beside: dict[str, Any] = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
        words = label.replace(" product", "\nproduct")
        ax.annotate(words, (tasks[-1], curve.mean[-1]), color=colour, annotation_clip=False, **beside)
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
    """How many stored experiments G-mixup ends above Retrained, level, or below, by kind of network: stacked bars.

    An experiment has five seeds or more of both methods. Above or below: the 95 % t interval of the late difference
    in test accuracy lies wholly on that side of zero; level: it includes zero.
    """
    found = list(mixup_differences(stored))
    kinds = [kind for kind in NETWORKS if any(one.network == kind for one in found)]
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.9 + 0.55 * len(kinds)))
    words = {"above": "above", "level": "interval includes zero", "below": "below"}
    shades = {"above": METHOD_COLOURS["g_mixup"], "level": "#BBBBBB", "below": METHOD_COLOURS["retrained"]}
    for row, kind in enumerate(kinds):
        here = [one.gap for one in found if one.network == kind]
        above, below = sum(gap.low > 0 for gap in here), sum(gap.high < 0 for gap in here)
        counts = {"above": int(above), "level": len(here) - int(above) - int(below), "below": int(below)}
        left = 0
        for name, count in counts.items():
            if count:
                bars = ax.barh(row, count, left=left, height=0.6, color=shades[name], edgecolor="white")
                ink = "black" if name == "level" else "white"
                ax.bar_label(bars, [str(count)], label_type="center", color=ink, fontsize=10)
                bars[0].set_gid(f"{kind}: {name}")
            left += count
    handles = [Patch(color=shades[name], label=words[name]) for name in words]
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, handlelength=1)
    ax.set(xlabel="stored experiments", ylim=(len(kinds) - 0.5, -0.5))
    ax.set_yticks(range(len(kinds)), kinds)
    ax.grid(visible=False)
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


def telling_before_a_task(
    scores: Sequence[SuspectScores], names: Collection[str], rows: Mapping[str, tuple[str, str]]
) -> Figure:
    """How measurements before a task go with how it is then learned, among networks of one age.

    A row for each (setting, gap), a dot for each suspect in `names`: its rank correlation. Between the dotted lines a
    correlation counts for nothing (`LEAST`); dots of suspects that tell are dark. What does not vary has none.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.9 + 0.6 * len(rows)))
    for row, place in enumerate(rows.values()):
        here = [one for one in scores if (one.setting, one.gap) == place and one.suspect in names]
        for tells, colour in ((False, "#888888"), (True, WIDTH_COLOURS["model"])):
            at = np.array([float(one.within_age.mean) for one in here if one.tells is tells])
            shift = np.linspace(-0.15, 0.15, 3)[np.argsort(np.argsort(at)) % 3]
            gid = f"{list(rows)[row]}: {'tells' if tells else 'does not'}"
            ax.plot(at, row + shift, "o", color=colour, alpha=0.75, markeredgewidth=0, gid=gid)
    ax.axvline(0, color="#4D4D4D", linewidth=1)
    for edge in (-LEAST, LEAST):
        ax.axvline(edge, color="#999999", linewidth=0.9, linestyle=":")
    ax.set(xlim=(-0.82, 0.82), ylim=(len(rows) - 0.5, -0.5), xlabel="rank correlation")
    ax.set_xticks([-0.6, -0.3, 0, 0.3, 0.6], ["−0.6", "−0.3", "0", "0.3", "0.6"])
    ax.set_yticks(range(len(rows)), list(rows))
    ax.grid(visible=False)
    return figure


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
