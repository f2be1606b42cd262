"""Neural collapse in pictures: the representations of a plane, the solved model, and exponents against collapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lop_tutorial.experiments.terminal_phase import Traces
from lop_tutorial.figures.style import CLASS_COLOURS, CLASS_MARKS, COLUMN_WIDTH, WIDTH_COLOURS
from lop_tutorial.figures.traces import over_epochs
from lop_tutorial.running.results import interval

Values = Float[np.ndarray, "..."]
Labels = Int64[np.ndarray, " sample"]
Spot = tuple[float | int, float | int]
GREY = "#777777"


def clouds_over_time(frames: Mapping[str, Values], labels: Labels, corners: Values) -> Figure:
    """Under each title the representations (sample, 2), and dotted the simplex (class, 2) at which they end.

    Two panels a row, each on a scale of its own, for which the simplex is the measure. In the last one an inset shows
    the first corner ten times larger.
    """
    rows = -(-len(frames) // 2)
    figure, axes = plt.subplots(rows, 2, figsize=(COLUMN_WIDTH, 2.75 * rows), squeeze=False)
    for ax, (title, points) in zip(axes.flat, frames.items(), strict=False):
        reach = 1.1 * max(abs(points).max(), abs(corners).max())
        _simplex(ax, corners)
        _classes(ax, points, labels, 4)
        _bare(ax, reach)
        ax.set_title(title, loc="center", fontsize=10)
    for ax in axes.flat[len(frames) :]:
        ax.remove()
    _enlarged(axes.flat[len(frames) - 1], points, labels, corners[0], reach / 10)
    return figure


def four_properties(panels: Mapping[str, tuple[Values, Values, Values]], labels: Labels) -> Figure:
    """Under each title representations (sample, 2), and the last layer's weights (class, 2) and biases, in their units.

    Crosses are class means, arrows the weights, of whatever length fits, grey lines the borders of the network's
    decisions, dotted the borders of nearest class means.
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(COLUMN_WIDTH, 2.9), squeeze=False)
    for ax, (title, (points, weight, bias)) in zip(axes[0], panels.items(), strict=True):
        means = np.stack([points[labels == k].mean(axis=0) for k in range(len(weight))])
        reach = 1.12 * abs(points).max()
        _borders(ax, reach, weight, bias, {"colors": GREY, "linewidths": 1.2})
        _borders(ax, reach, means, -(means**2).sum(axis=1) / 2, {"colors": GREY, "linewidths": 1, "linestyles": ":"})
        _classes(ax, points, labels, 3, alpha=0.45)
        longest = np.linalg.norm(means, axis=1).max() / np.linalg.norm(weight, axis=1).max()
        for mean, row, colour in zip(means, weight * longest, CLASS_COLOURS, strict=False):
            ax.annotate("", row, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 2})
            ax.plot(*mean, "X", color=colour, markersize=9, markeredgecolor="white")
        _bare(ax, reach)
        ax.set_title(title, loc="center")
    return figure


def since_last_mistake(quantities: Mapping[str, str], traces: Traces) -> Figure:
    """Each quantity as a share of its value at the last mistake: geometric mean over seeds and 95 % t interval.

    Passes are counted in units of those that a seed needs until its last mistake; between looks values are
    interpolated, logarithm over logarithm.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 3.4))
    taken = traces.epochs[traces.fitted]
    from_first = np.log(traces.epochs[1] / taken).max()
    ages = np.linspace(max(from_first, -np.log(4)), np.log(traces.epochs[-1] / taken).min(), 60)
    for (quantity, name), (colour, line) in zip(quantities.items(), _LINES, strict=False):
        shares = np.log(traces[quantity][:, 1:] / traces.when_fitted(quantity)[:, None])
        at = [np.interp(ages, np.log(traces.epochs[1:] / t), share) for t, share in zip(taken, shares, strict=True)]
        mean, low, high = np.exp(np.array(interval(np.array(at))))
        ax.fill_between(np.exp(ages), low, high, color=colour, alpha=0.12, linewidth=0)
        ax.plot(np.exp(ages), mean, line, color=colour, label=name, gid="mean")
    ax.axvline(1, color=GREY, linewidth=1)
    ax.text(1.03, 0.02, "last mistake", transform=ax.get_xaxis_transform(), color=GREY, va="bottom")
    ax.set(xscale="log", yscale="log", xlabel="passes, as a multiple of those until the last mistake")
    ax.set_xticks((0.25, 0.5, 1, 2, 4, 8), ("¼", "½", "1", "2", "4", "8"))
    ax.minorticks_off()
    ax.set_title("share of the value at the last mistake")
    ax.legend(loc="upper right", fontsize=9)
    return figure


def gram_matrices(panels: Mapping[str, Values], classes: int) -> Figure:
    """Scalar products of all pairs of features, sample by sample, two panels a row, on the scale of the last one."""
    rows = -(-len(panels) // 2)
    size = (COLUMN_WIDTH, 2.4 * rows + 0.7)
    figure, axes = plt.subplots(rows, 2, figsize=size, squeeze=False)
    reach = abs(list(panels.values())[-1]).max()
    for ax, (title, products) in zip(axes.flat, panels.items(), strict=False):
        image = ax.imshow(products, cmap="PuOr_r", vmin=-reach, vmax=reach, interpolation="nearest")
        each = len(products) // classes
        middles = each * np.arange(classes) + each / 2 - 0.5
        ax.set_xticks(middles, [f"{k}" for k in range(classes)])
        ax.set_yticks(middles, [f"{k}" for k in range(classes)])
        ax.tick_params(length=0)
        ax.grid(False)
        ax.set_title(title, loc="center", fontsize=10)
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    figure.supylabel("class by class", fontsize=10)
    figure.colorbar(image, ax=axes, location="bottom", aspect=40, label="product of two samples' features")
    return figure


def phase_planes(
    panels: Mapping[str, tuple[float, float, Sequence[Values]]], target: float, samples: int, reach: float | int
) -> Figure:
    """Under each title a decay, the product at rest, and lives (time, 2) of the two strengths, over their flow."""
    figure, axes = plt.subplots(1, len(panels), figsize=(COLUMN_WIDTH, 3.0), sharey=True, squeeze=False)
    ticks = np.linspace(0, reach, 40)
    h, w = np.meshgrid(ticks, ticks)
    for ax, (title, (decay, rest, lives)) in zip(axes[0], panels.items(), strict=True):
        pull = (target - h * w) / samples
        ax.streamplot(h, w, w * pull - decay * h, h * pull - decay * w, density=0.75, color="#BBBBBB", linewidth=0.8)
        line = np.linspace(rest / reach, reach, 100)
        ax.plot(line, rest / line, "--" if decay else "-", color="#E69F00", linewidth=3 - 1.5 * bool(decay))
        for life in lives:
            ax.plot(*life.T, color=WIDTH_COLOURS["model"])
            ax.plot(*life[0], "o", color="white", markeredgecolor=WIDTH_COLOURS["model"], markersize=6)
            ax.plot(*life[-1], "o", color=WIDTH_COLOURS["model"], markersize=6)
        ax.set(
            title=title, xlabel="strength $\\sigma_H$ of the features", xlim=(0, reach), ylim=(0, reach), aspect="equal"
        )
    axes[0, 0].set_ylabel("strength $\\sigma_W$ of the weights")
    return figure


def two_clocks(
    nc1: Mapping[str, tuple[Values, Values, str]],
    nc1_laws: Sequence[Values],
    tilt: Mapping[str, tuple[Values, Values, str]],
    tilt_laws: Sequence[Values],
) -> Figure:
    """NC1 against time, and the imbalance of features and weights: (times, values, colour); dotted, the laws."""
    figure, axes = plt.subplots(2, 1, figsize=(COLUMN_WIDTH, 4.6))
    for ax, curves, laws in zip(axes, (nc1, tilt), (nc1_laws, tilt_laws), strict=True):
        for (name, (times, values, colour)), law in zip(curves.items(), laws, strict=True):
            ax.plot(times, values, color=colour, linewidth=3)
            ax.plot(times, law, ":", color="black")
            ax.annotate(name, (times[-1], values[-1]), (6, 0), **_BESIDE, color=colour)
        ax.set_yscale("log")
    axes[0].set(title="NC1", xlabel="time")
    axes[1].set(title="imbalance ‖B‖, as a share of where it began", xlabel="time")
    return figure


def model_beside_network(
    panels: Mapping[str, str],
    networks: Mapping[str, tuple[str, str, Traces]],
    models: Mapping[str, tuple[str, str, Int64[np.ndarray, " pass"], Values]],
) -> Figure:
    """A row a quantity: left networks (kind, line, traces), mean over seeds and 95 % t interval; right models.

    A model is (kind, line, passes, values), with values (quantity, start, pass) in the order of `panels`; each start is
    a line of its own. The legend has the networks' names.
    """
    size = (COLUMN_WIDTH, 2.4 * len(panels) + 0.4)
    figure, axes = plt.subplots(len(panels), 2, figsize=size, sharex=True, sharey="row", squeeze=False)
    for place, ((left, right), (quantity, title)) in enumerate(zip(axes, panels.items(), strict=True)):
        left.set_yscale("log" if quantity == "nc1" else "linear")
        for name, (kind, line, traces) in networks.items():
            over_epochs(left, traces.epochs.tolist(), traces[quantity], kind, name, line)
        for kind, line, passes, values in models.values():
            right.plot(passes, values[place].T, line, color=WIDTH_COLOURS[kind], linewidth=1.1)
        left.set_title(f"{title}, networks")
        right.set_title(f"{title}, model")
    axes[0, 0].set_ylim(1e-6, 1e4)
    for ax in axes[-1]:
        ax.set_xlabel("passes")
    lines = [line for line in axes[0, 0].lines if line.get_gid() == "mean"]
    figure.legend(handles=lines, fontsize=9, ncols=2, loc="outside upper center")
    return figure


def predicted_and_measured(groups: Mapping[str, tuple[str, str, Spot, Values, Values]]) -> Figure:
    """Changes of l times the exponent, predicted from collapse and measured: a mark a seed.

    Under each name (colour, mark, where the name stands, predicted, measured); on the line the two agree.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 4.2))
    ends = np.array([-5.0, 0.4])
    ax.plot(ends, ends, color=GREY, linewidth=1)
    ax.axhline(0, color=GREY, linewidth=0.8, linestyle=":")
    for name, (colour, mark, spot, predicted, measured) in groups.items():
        ax.plot(predicted, measured, mark, color=colour, markersize=6.5, alpha=0.8, markeredgecolor="white")
        ax.text(*spot, name, color=colour, fontsize=9.5, va="center")
    ax.text(-3.4, -3.3, "as predicted", ha="right", color=GREY, fontsize=9)
    ax.set(xlabel="change predicted by NC1 and the size of the class means", ylabel="change measured")
    ax.set(xlim=(-5, 0.4), ylim=(-3.7, 0.6))
    return figure


def front_and_side(panels: Mapping[str, str], curves: Sequence[tuple[Traces, str, str, str, Sequence[str]]]) -> Figure:
    """A panel a quantity; each curve is (traces, kind, name, kind of line, the quantities it is drawn for)."""
    figure, axes = plt.subplots(len(panels), 1, figsize=(COLUMN_WIDTH, 2.4 * len(panels)), sharex=True)
    for ax, (quantity, title) in zip(axes, panels.items(), strict=True):
        ax.set_yscale("log")
        for traces, kind, name, line, quantities in curves:
            if quantity in quantities:
                over_epochs(ax, traces.epochs.tolist(), traces[quantity], kind, name, line)
        ax.set_title(title)
    axes[0].legend(fontsize=9)
    axes[-1].set_xlabel("passes over the samples")
    return figure


def change_by_one_task(groups: Mapping[str, Values]) -> Figure:
    """log beta of every seed, a row a setting; left of zero the task has squeezed its classes."""
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 0.38 * len(groups) + 0.8))
    for place, values in enumerate(groups.values()):
        colour = "#2171B5" if max(values) < 0 else "#B2182B"
        ax.plot(values, np.full(len(values), place), "o", color=colour, alpha=0.6, markersize=6)
    ax.axvline(0, color=GREY, linewidth=1)
    ax.set_yticks(range(len(groups)), list(groups))
    ax.set(xlabel="log β: change of the exponent by one task (per layer)", ylim=(len(groups) - 0.5, -0.5))
    ax.grid(visible=False, axis="y")
    return figure


_LINES = (("#762A83", "-"), ("#01665E", "-"), ("#01665E", ":"), ("#8C510A", "--"))
"""A colour for each of NC1, NC2 and NC3, and a kind of line for each of their numbers."""
_BESIDE: dict[str, Any] = {"textcoords": "offset points", "va": "center", "annotation_clip": False}


def _classes(ax: Axes, points: Values, labels: Labels, size: float | int, alpha: float = 0.8) -> None:
    for k in np.unique(labels):
        own = points[labels == k].T
        ax.plot(*own, CLASS_MARKS[k], color=CLASS_COLOURS[k], markersize=size, alpha=alpha, markeredgewidth=0)


def _enlarged(ax: Axes, points: Values, labels: Labels, centre: Values, reach: float) -> None:
    """An inset in the middle of the panel, of what lies within `reach` of `centre`."""
    inset = ax.inset_axes((0.36, 0.36, 0.28, 0.28))
    _classes(inset, points, labels, 4)
    x, y = centre
    inset.set(xlim=(x - reach, x + reach), ylim=(y - reach, y + reach), aspect="equal", xticks=[], yticks=[])
    inset.grid(False)
    inset.spines[:].set_visible(True)
    inset.spines[:].set_color(GREY)
    ax.indicate_inset_zoom(inset, edgecolor=GREY)


def _simplex(ax: Axes, corners: Values) -> None:
    around = np.concatenate([corners, corners[:1]])
    ax.plot(*around.T, ":", color=GREY, linewidth=1)


def _borders(ax: Axes, reach: float, weight: Values, bias: Values, style: Mapping[str, Any]) -> None:
    """Where the largest of the linear functions changes."""
    ticks = np.linspace(-reach, reach, 300)
    places = np.stack(np.meshgrid(ticks, ticks), axis=-1)
    chosen = (places @ weight.T + bias).argmax(axis=-1)
    for k in range(len(weight)):
        ax.contour(ticks, ticks, chosen == k, [0.5], **style)


def _bare(ax: Axes, reach: float) -> None:
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.grid(False)
