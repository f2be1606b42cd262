"""How a network stretches: a ring of inputs on its way through the layers, and where the stretching comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.figures.named import name_ends
from lop_tutorial.figures.style import COLUMN_WIDTH, PROBE_COLOURS
from lop_tutorial.running.results import Interval, interval

SIDES = {"on": "#8C2D04", "away": "#2171B5"}
"""On the decision boundary, and away from it: the two ends of the scale of exponents."""
PARTS = {"head": "#762A83", "hidden": "#01665E"}
WIDTHS = {8: ("#440154", "o"), 32: ("#21918C", "^"), 128: ("#9C7F00", "s")}
Values = Float[np.ndarray, "..."]


class Ring(NamedTuple):
    """What has become of a small ring of inputs of radius 1: (point, 2), in the plane of its two longest axes."""

    ellipse: Values
    points: Values
    stretch: float


def rings_through_layers(rows: Mapping[str, Sequence[Ring]]) -> Figure:
    """A block for each ring, "on" and "away": its ellipse layer by layer (line), and the inputs (open circles).

    On the boundary a strip for each layer, as long as the longest ellipse; away from it the layers side by side. The
    pictures of a block share a scale.
    """
    layers = len(next(iter(rows.values())))
    figure = plt.figure(figsize=(COLUMN_WIDTH, 0.95 * layers + 2.2))
    grid = figure.add_gridspec(layers + 1, layers, height_ratios=[0.95] * layers + [2.2])
    words = {"on": "A, boundary", "away": "B, middle"}
    for side, rings in rows.items():
        reach = 1.12 * max(max(abs(ring.ellipse).max() for ring in rings), 1)
        high = 1.3 * max(max(abs(ring.ellipse[:, 1]).max() for ring in rings), 1) if side == "on" else reach
        for k, ring in enumerate(rings):
            ax = figure.add_subplot(grid[k, :] if side == "on" else grid[layers, k])
            turn = np.linspace(0, 2 * np.pi, 100)
            ax.plot(np.cos(turn), np.sin(turn), ":", color="#777777", linewidth=1.3)
            ax.plot(*ring.ellipse.T, color=SIDES[side], linewidth=1.6)
            ax.plot(*ring.points.T, "o", color="black", markersize=4, markeredgewidth=0.9, fillstyle="none")
            ax.set(xlim=(-reach, reach), ylim=(-high, high), aspect="equal", xticks=[], yticks=[])
            ax.grid(False)
            place = f"{words[side]}\n" if not k else "\n" if side == "away" else ""
            title = f"layer {k + 1}: × {ring.stretch:.2g}"
            ax.set_title(place + title, loc="left", color=SIDES[side], pad=3, fontsize=10)
            ax.spines[:].set_visible(False)
    return figure


def stretch_by_layer(curves: Mapping[str, tuple[Values, Values]]) -> Figure:
    """Under "on" and "away": log of the stretch after each layer, (layer, point), and what the layers could do at most.

    Lines are medians over the points, bands their middle halves; dashed is the most, dotted no stretch at all.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 3.4))
    words = {"on": "on the\nboundary", "away": "in the\nmiddle"}
    for side, (logs, most) in curves.items():
        layers, colour = np.arange(len(logs) + 1), SIDES[side]
        low, middle, high = (np.concatenate([[0], part]) for part in np.quantile(logs, (0.25, 0.5, 0.75), axis=1))
        ax.fill_between(layers, low, high, color=colour, alpha=0.18, linewidth=0)
        ax.plot(layers, middle, "o-", color=colour)
        ax.plot(layers, np.concatenate([[0], np.median(most, axis=1)]), "--", color=colour, linewidth=1)
        _name(ax, (float(layers[-1]), float(middle[-1])), words[side], colour)
        _name(ax, (float(layers[-1]), float(np.median(most[-1]))), "at most", colour)
    ax.axhline(0, color="#777777", linewidth=0.8, linestyle=":")
    ax.set(xlabel="layers passed", ylabel="log of the stretch, log Λ₁", xticks=layers)
    return figure


def slopes_of_a_unit(inputs: Values, slopes: Mapping[str, Values]) -> Figure:
    """Logarithms of a unit's slope against its input, in each precision; a cross where the slope becomes zero."""
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 3.0))
    styles = {"float64": ("#0072B2", 1.4), "float32": ("#D55E00", 5)}
    for name, values in slopes.items():
        alive, (colour, width) = values > 0, styles[name]
        ax.plot(inputs[alive], np.log(values[alive]), color=colour, linewidth=width, alpha=0.75)
        last = (inputs[alive][-1], np.log(values[alive][-1]))
        ax.plot(*last, "x", color=colour, markersize=9, markeredgewidth=2.2)
        beside: dict[str, Any] = {"ha": "left"} if last[0] < inputs[-1] / 2 else {"ha": "right"}
        shift = (10, 2) if beside["ha"] == "left" else (-12, -12)
        ax.annotate(f"{name}: −∞ from here on", last, shift, textcoords="offset points", color=colour, **beside)
    ax.plot(inputs, np.log(4) - 2 * inputs, ":", color="#4D4D4D", linewidth=1)
    ax.text(13, -20, "log 4 − 2z", color="#4D4D4D")
    ax.set(xlabel="input z of a tanh unit", ylabel="log of its slope 1 − tanh² z", xlim=(0, inputs[-1]))
    return figure


def errors_by_product(untrained: Mapping[str, Values], trained: Mapping[str, Values], wanted: float) -> Figure:
    """Errors of the exponent after each round, (round, input), under the method's name: the largest over the inputs.

    Solid lines with names for the untrained network, dashed ones for the trained; `wanted` is where one would stop.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 3.0))
    for line, errors in (("-", untrained), ("--", trained)):
        for (name, values), colour in zip(errors.items(), ("#D55E00", "#0072B2"), strict=True):
            worst = values.max(axis=1)
            seen = np.arange(len(worst))[worst > 1e-6]
            drawn = np.arange(min(seen[-1] + 2, len(worst)))
            ax.plot(drawn + 1, worst[drawn].clip(min=1e-9), line, color=colour)
            spot = (seen[-1] + 1, worst[seen[-1]])
            side: dict[str, Any] = {"ha": "right"} if spot[0] == len(worst) else {"ha": "left"}
            if line == "-":
                ax.annotate(name, spot, (5 - 5 * (side["ha"] == "right"), 8), **_POINTS, color=colour, **side)
            else:
                shift = (14, 16) if name == "Lanczos" else (6, 2)
                ax.annotate(f"{name},\ntrained", spot, shift, **_POINTS, va="center", color=colour)
    ax.axhline(wanted, color="#777777", linewidth=0.8, linestyle=":")
    ax.text(len(worst), wanted * 1.2, f"{wanted:g}", ha="right", color="#777777")
    ax.set(xlabel="rounds: a product with J, one with its transpose", ylabel="error of the exponent", yscale="log")
    ax.set_ylim(bottom=1e-6)
    ax.set_xlim(0.5, len(worst) + 0.5)
    return figure


def who_is_steep(networks: Mapping[str, tuple[float, float, float, float]]) -> Figure:
    """For each network the mean logarithms of |w₁ - w₀|, of Λ₁ and of the slope of the margin on the boundary; Λ₁ away.

    The first two as bars, one after the other; the slope as a line. What it falls short of the bars is lost where the
    head does not look along the stretched direction. A thin bar below begins where the head's ends: Λ₁ away.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.75 * len(networks) + 0.9))
    for place, (head, hidden, slope, away) in enumerate(networks.values()):
        ax.barh(place, head, height=0.5, color=PARTS["head"], alpha=0.85)
        ax.barh(place, hidden, left=head, height=0.5, color=PARTS["hidden"], alpha=0.85)
        ax.barh(place + 0.36, away, left=head, height=0.14, color=SIDES["away"])
        ax.plot([slope, slope], [place - 0.34, place + 0.26], color="black", linewidth=3)
        if not place:
            inside: dict[str, Any] = {"ha": "center", "va": "center", "color": "white", "fontsize": 9.5}
            ax.text(head / 2, place, "head", **inside)
            ax.text(head + hidden / 2, place, "hidden layers, log Λ₁", **inside)
            ax.annotate("slope", (slope, place - 0.36), (0, 2), **_ABOVE)
            ax.annotate("away", (head, place + 0.36), (5, 0), **_POINTS, va="center", color=SIDES["away"], fontsize=9)
    ax.set_yticks(range(len(networks)), list(networks))
    ax.set(xlabel="mean logarithm of each factor", ylim=(len(networks) - 0.45, -0.85))
    ax.grid(visible=False, axis="y")
    return figure


def contrasts(networks: Mapping[str, tuple[Interval, int]]) -> Figure:
    """What is on the boundary minus what is away from it: a dot and a 95 % interval for each kind of network.

    Beside them the mean, and in brackets the mean summed over the network's layers where there are several.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.34 * len(networks) + 0.8))
    for place, (found, layers) in enumerate(networks.values()):
        ax.plot([found.low, found.high], [place, place], color=SIDES["on"], linewidth=3, alpha=0.5)
        ax.plot(found.mean, place, "o", color=SIDES["on"], markersize=5)
        summed = f" ({layers * found.mean:z.1f})" if layers > 1 else ""
        words = f"{found.mean:z.2f}{summed}".replace("-", "−")
        ax.annotate(words, (found.high, place), (6, 0), textcoords="offset points", va="center")
    ax.axvline(0, color="#777777", linewidth=0.8, linestyle=":")
    ax.set_yticks(range(len(networks)), list(networks))
    ax.set(xlabel="exponent on the boundary minus away from it (per layer)", ylim=(len(networks) - 0.5, -0.5))
    ax.grid(visible=False, axis="y")
    ax.margins(x=0.22)
    return figure


def contrast_by_depth(panels: Mapping[str, Mapping[int, Mapping[int, Values]]], whole: int = 8) -> Figure:
    """A column an activation, a line a width: the contrast against layers, mean over networks and interval.

    Above per layer, below summed over layers. The innermost mapping goes from a depth to the contrasts per layer of its
    networks, two or more. Where they are fewer than `whole`, the mark is hollow.
    """
    figure, axes = plt.subplots(2, len(panels), figsize=(COLUMN_WIDTH, 5.0), sharex=True, sharey="row", squeeze=False)
    named = []
    for row, words in enumerate(("contrast, per layer", "contrast, summed")):
        axes[row, 0].set_ylabel(words)
        for ax, (title, lines) in zip(axes[row], panels.items(), strict=True):
            ends: dict[str, tuple[float, str]] = {}
            for width, contrast in lines.items():
                depths = list(contrast)
                layers = np.array(depths) if row else np.ones(len(depths))
                mean, low, high = layers * np.transpose([interval(contrast[depth]) for depth in depths])
                colour, marker = WIDTHS[width]
                ax.fill_between(depths, low, high, color=colour, alpha=0.1, linewidth=0)
                ax.plot(depths, mean, "-", color=colour)
                for depth, height in zip(depths, mean, strict=True):
                    inside = colour if len(contrast[depth]) >= whole else "white"
                    ax.plot(depth, height, marker, color=colour, markersize=5, markerfacecolor=inside)
                ends[f"{width} units" if ax is axes[1, 0] else f"{width}"] = float(mean[-1]), colour
            ax.set(title="" if row else title, xlabel="layers" if row else "", xscale="log")
            ax.set_xticks((1, 2, 4, 8), ("1", "2", "4", "8"))
            ax.minorticks_off()
            named.append((ax, ends))
    for ax, ends in named:  # once the axis that they share has its final ends
        name_ends(ax, ends)
    return figure


def exponents_task_by_task(changes: Mapping[str, tuple[str, Values]]) -> Figure:
    """Under "within" and "between" a name and changes of the exponent, (seed, task): mean and 95 % t interval."""
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 2.9))
    for place, (name, values) in changes.items():
        found, colour = interval(values), PROBE_COLOURS[place]
        tasks = np.arange(1, values.shape[1] + 1)
        ax.fill_between(tasks, found.low, found.high, color=colour, alpha=0.18, linewidth=0)
        ax.plot(tasks, found.mean, "--" if place == "between" else "-", color=colour)
        ax.text(2.2, 0.27 if place == "between" else -0.31, name, color=_DARKER[place], va="center")
    ax.axhline(0, color="#777777", linewidth=0.8, linestyle=":")
    ax.set(xlabel="task", ylabel="change of the exponent\n(per layer)", xticks=tasks)
    ax.set_ylim(min(ax.get_ylim()[0], -0.38))
    return figure


_POINTS: dict[str, Any] = {"textcoords": "offset points"}
_ABOVE: dict[str, Any] = {"textcoords": "offset points", "ha": "center"}
_DARKER = {"within": "#007A59", "between": "#A34C7F"}


def _name(ax: Axes, end: tuple[float, float], name: str, colour: str) -> None:
    """A line's name right of its end."""
    ax.annotate(name, end, (8, 0), textcoords="offset points", color=colour, va="center", annotation_clip=False)
