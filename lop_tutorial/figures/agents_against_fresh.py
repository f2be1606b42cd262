"""Agents that go on from phase to phase beside agents that are fresh in each: return, and the error on a probe task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lop_tutorial.figures.named import Curve, named_curves
from lop_tutorial.figures.style import COLUMN_WIDTH, METHOD_COLOURS, method_colour
from lop_tutorial.interventions import title, without_settings
from lop_tutorial.report.agent_verdicts import LATE, lead, probe_lost
from lop_tutorial.running.results import Interval, finite, interval
from lop_tutorial.running.table import Table

COLOURS = {"old": METHOD_COLOURS["none"], "fresh": METHOD_COLOURS["retrained"]}
PROBE_SCALES = {
    "as it is": ("probe", "fresh", COLOURS["old"]),
    "standardised": ("size_one", "fresh_size_one", "#0072B2"),
}
"""Columns of `probe_scales`, an old network's error and a fresh one's on the same scale, by the names of curves."""
KILLED = "#777777"
ROWS = "#333333"
"""Rows that bear their names need no colour of their own."""


def return_and_probe(table: Table, controls: Table) -> Figure:
    """Above, the return of No Intv. minus that of Retrained in each phase; below, the error on the probe as it begins.

    Means over seeds with 95 % t intervals, from the second phase on, where the two differ. The dashed line is an agent
    whose units were killed, of a table as `agent_controls` gives it, minus Retrained, likewise. Errors are of the
    network of No Intv. and of a fresh one on the same states; their means are of logarithms. What lies between them in
    the last three phases is filled, and bears `probe_lost` as a factor.
    """
    figure, axes = plt.subplots(2, 1, figsize=(COLUMN_WIDTH, 4.3), sharex=True, height_ratios=(1.35, 1))
    fresh = table.select("return", method="retrained")[:, 1:]
    lived = {
        "old": (table.select("return", method="none")[:, 1:] - fresh, COLOURS["old"], "-"),
        "units killed": (controls.select("return", method="killed")[:, 1:] - fresh, KILLED, "--"),
    }
    phases = np.arange(2.0, fresh.shape[1] + 2)
    curves = {name: Curve(interval(finite(of)), colour, line) for name, (of, colour, line) in lived.items()}
    zero = np.zeros(len(phases))
    curves["fresh"] = Curve(Interval(zero, zero, zero), COLOURS["fresh"], ":")
    named_curves(axes[0], phases, curves)
    drawn = {}
    for name, column in (("old", "probe"), ("fresh", "probe_fresh")):
        errors = np.log10(table.select(column, method="none")[:, 1:])
        drawn[name] = Curve(interval(finite(errors)), COLOURS[name])
    named_curves(axes[1], phases, drawn)
    low, high = (drawn[name].interval.mean[-LATE:] for name in ("fresh", "old"))
    axes[1].fill_between(phases[-LATE:], low, high, color="#777777", alpha=0.15, linewidth=0)
    factor = 10 ** float(probe_lost(table).mean)
    words = f"{float(f'{factor:.2g}'):,.0f} times"
    middle = (phases[-LATE] + phases[-1]) / 2
    axes[1].text(middle, (low + high).mean() / 2, words, color="#777777", ha="center", va="center", gid="lost")
    powers = np.arange(-2, 4)
    axes[1].set_yticks(powers[::2], [f"$10^{{{power}}}$" for power in powers[::2]])
    axes[0].set_ylabel("return, minus\na fresh agent's")
    axes[1].set(ylabel="error on the probe", xlabel="phase", xticks=phases)
    return figure


def probe_fits(errors: Mapping[str, Sequence[float]], steps: Sequence[int], colours: Mapping[str, str]) -> Figure:
    """The error on a probe task over the steps that a network is given, both on a logarithmic axis, a line a network.

    The dotted line is the error of the best constant, 1. Step 0 is drawn as step 1, and ticks say so.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 3.0))
    ax.axhline(0, color="#777777", linewidth=0.9, linestyle=":")
    at = np.log10(np.maximum(steps, 1))
    curves = {}
    for name, values in errors.items():
        logs = np.log10(np.asarray(values, dtype=float))
        ax.plot(at, logs, "o", color=colours[name], markersize=4)
        curves[name] = Curve(Interval(logs, logs, logs), colours[name])
    named_curves(ax, at, curves)
    ax.set_xticks(at, [f"{step:,}" for step in steps])
    low, high = (int(np.floor(end)) for end in ax.get_ylim())
    ax.set_yticks(range(low + 1, high + 1), [f"$10^{{{power}}}$" for power in range(low + 1, high + 1)])
    ax.set(xlabel="steps of training on the probe", ylabel="error")
    return figure


def probe_on_scales(table: Table, small: Table) -> Figure:
    """Above, the size of a network's outputs after each phase; below, its error on the probe over a fresh network's.

    Of a table as `probe_scales` gives it. Means of the logarithms with 95 % t intervals. Sizes are root mean squares;
    the dashed line is 100, the largest value that a state of CartPole can have. Errors are compared on two scales,
    of the networks as they are and of both with outputs of mean 0 and variance 1; the dotted line is a fresh network.
    Of `small`, a table of agents with rewards of a hundredth, those of No Intv. are compared as they are.
    """
    figure, axes = plt.subplots(2, 1, figsize=(COLUMN_WIDTH, 4.0), sharex=True, height_ratios=(1, 1.3))
    sizes = Interval(*(10**end for end in interval(np.log10(table.select("size")))))
    after = np.arange(1.0, len(sizes.mean) + 1)
    axes[0].fill_between(after, sizes.low, sizes.high, color=COLOURS["old"], alpha=0.15, linewidth=0)
    axes[0].plot(after, sizes.mean, "o-", color=COLOURS["old"], gid="size")
    axes[0].axhline(100, color="#777777", linewidth=0.9, linestyle="--")
    axes[0].text(
        1.02, 100, "highest\ntrue value", color="#777777", va="center", transform=axes[0].get_yaxis_transform()
    )
    axes[0].set_ylim(0, None)
    axes[0].set_ylabel("size of\nits outputs")
    curves = {}
    for name, (own, fresh, colour) in PROBE_SCALES.items():
        curves[name] = Curve(interval(np.log10(table.select(own) / table.select(fresh))), colour)
    found = (small.select(name, method="none", reward=0.01) for name in ("probe", "fresh"))
    curves["rewards / 100"] = Curve(interval(np.log10(np.divide(*found))), COLOURS["old"], "--")
    axes[1].axhline(0, color="#777777", linewidth=0.9, linestyle=":")
    named_curves(axes[1], after, curves)
    high = int(np.floor(axes[1].get_ylim()[1]))
    axes[1].set_yticks(range(high + 1), ["1", *(f"$10^{{{power}}}$" for power in range(1, high + 1))])
    axes[1].set(xlabel="phases learned", ylabel="error on the probe,\ntimes a fresh network's")
    return figure


def methods_of_agents(table: Table, methods: Sequence[str]) -> Figure:
    """Methods in rows: on the left the lead in return over No Intv., the highest above, on the right `probe_lost`.

    Vertical lines are No Intv. and, on the right, a fresh network.
    """
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN_WIDTH, 1.3 + 0.3 * len(methods)), sharey=True)
    leads = {method: lead(table, method, "none") for method in methods}
    ordered = sorted(methods, key=lambda method: -float(leads[method].mean))
    for place, method in enumerate(ordered):
        for ax, found in zip(axes, (leads[method], probe_lost(table, method)), strict=True):
            mean, low, high = (float(end) for end in found)
            ax.plot([low, high], [-place] * 2, color=ROWS, linewidth=2, gid="interval")
            ax.plot(mean, -place, "o", color=ROWS, markersize=5)
    lines = ((0.0, "No Intv.", "old"),), ((0.0, "fresh", "fresh"), (float(probe_lost(table).mean), "No Intv.", "old"))
    for ax, references in zip(axes, lines, strict=True):
        for at, words, which in references:
            ax.axvline(at, color=COLOURS[which], linewidth=1.1, linestyle=":", gid="reference")
            ax.text(at, 1.01, words, color=COLOURS[which], ha="center", va="bottom", transform=ax.get_xaxis_transform())
        ax.grid(visible=False, axis="y")
    axes[0].set_xlabel("return,\nminus No Intv.'s")
    axes[1].set_xlabel("error on the probe,\ntimes a fresh network's")
    axes[1].set_xticks([0, 2, 4], ["1", "$10^2$", "$10^4$"])
    axes[0].set_yticks(-np.arange(len(methods)), [name_of(method) for method in ordered])
    return figure


def leads_in_settings(settings: Mapping[str, tuple[Table, Mapping[str, Any]]]) -> Figure:
    """Settings in rows: in the left panel the lead of No Intv. over Retrained in return, in the right one `probe_lost`.

    `settings` by the words of the row: a table, and what to take of it. The vertical line is a fresh agent.
    """
    figure, axes = plt.subplots(1, 2, figsize=(COLUMN_WIDTH, 1.0 + 0.42 * len(settings)), sharey=True)
    for place, (table, wanted) in enumerate(settings.values()):
        for ax, found in zip(
            axes, (lead(table, "none", "retrained", **wanted), probe_lost(table, **wanted)), strict=True
        ):
            mean, low, high = (float(end) for end in found)
            ax.plot([low, high], [-place] * 2, color=COLOURS["old"], linewidth=2, gid="interval")
            ax.plot(mean, -place, "o", color=COLOURS["old"], markersize=5)
    axes[0].axvline(0, color=COLOURS["fresh"], linewidth=1.1, linestyle=":", gid="reference")
    axes[0].text(0, 1.01, "fresh", color=COLOURS["fresh"], ha="center", transform=axes[0].get_xaxis_transform())
    for ax in axes:
        ax.grid(visible=False, axis="y")
    axes[0].set_xlabel("return of the old agent,\nminus a fresh one's")
    axes[1].set_xlabel("error on the probe,\ntimes a fresh network's")
    axes[1].set_xticks(range(2, 6), [f"$10^{{{power}}}$" for power in range(2, 6)])
    axes[0].set_yticks(-np.arange(len(settings)), list(settings))
    axes[0].set_ylim(-len(settings) + 0.5, 0.5)
    return figure


def over_a_long_phase(table: Table, steps: int) -> Figure:
    """The return of an old agent minus that of a fresh one over one phase of so many steps, block by block.

    Of a table as `long_phase` gives it; thin lines are seeds, means have 95 % t intervals, at the middle of each block.
    Seeds in which no episode of one of the two ended in a block are left out there.
    """
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, 2.6))
    apart = table.select("return", agent="old") - table.select("return", agent="fresh")
    blocks = [interval(of[~np.isnan(of)]) for of in apart.T]
    mean, low, high = (np.array([float(end) for end in ends]) for ends in zip(*blocks, strict=True))
    middles = (np.arange(apart.shape[1]) + 0.5) * steps / apart.shape[1]
    ax.axhline(0, color=COLOURS["fresh"], linewidth=1.1, linestyle=":")
    ax.text(1.02, 0, "fresh", color=COLOURS["fresh"], va="center", transform=ax.get_yaxis_transform())
    ax.axvline(steps / 3, color="#777777", linewidth=0.9, linestyle=":")
    ax.plot(middles, apart.T, color=COLOURS["old"], alpha=0.3, linewidth=0.8, gid="seed")
    ax.errorbar(middles, mean, yerr=(mean - low, high - mean), fmt="o-", color=COLOURS["old"], linewidth=2, gid="mean")
    ax.set(xlabel="time steps of the last phase", ylabel="return of the old agent,\nminus a fresh one's")
    return figure


def games_in_turn(table: Table, games: Sequence[str], also: Sequence[str] = ()) -> Figure:
    """The return of an old agent and of fresh ones over the visits to each of the games, a panel a game.

    Of a table as `changing_games` gives it, in which the games follow each other in this order; means over seeds with
    95 % t intervals. `also`: methods of other old agents.
    """
    drawn = {"old": ("none", COLOURS["old"]), "fresh": ("retrained", COLOURS["fresh"])}
    drawn |= {name_of(method): (method, method_colour(method)) for method in also}
    figure, axes = plt.subplots(len(games), 1, figsize=(COLUMN_WIDTH, 0.6 + 1.6 * len(games)), sharex=True)
    for place, (game, ax) in enumerate(zip(games, axes, strict=True)):
        curves = {}
        for name, (method, colour) in drawn.items():
            returns = table.select("return", method=method)[:, place :: len(games)]
            curves[name] = Curve(interval(finite(returns)), colour)
        visits = range(1, returns.shape[1] + 1)
        named_curves(ax, visits, curves, apart=0.13)
        ax.set(ylabel="return", xticks=visits)
        ax.set_title(game, fontsize="medium", loc="left")
    axes[-1].set_xlabel("visit")
    return figure


def name_of(method: str) -> str:
    """A method's title; injection, which is no registered method, has its own."""
    return "Injection" if method == "injection" else title(without_settings(method))
