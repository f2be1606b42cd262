"""Which step size and strength suit each method, read off stored runs of `step_search` and `step_search_plain`.

The rules are those of `results/marathon.md`: the three best settings of a first round get more seeds, and a grid at
whose end the best lies is extended. Methods are known by their kind, `l2_init` say, and their settings by the whole
text, `l2_init:strength=0.003`.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lop_tutorial.experiments.step_search import STEP_SIZES, STRENGTHS
from lop_tutorial.running.run import Run

FINALISTS = 3
"""Settings of a method that go into the second round."""
LAST = 10
"""Tasks over which test accuracy is averaged."""
FIRST_ROUND = range(100, 104)
"""Seeds; four learners a method and step size take them all, one a strength the first."""
SECOND_ROUND = range(104, 107)
FINER, COARSER = 2, 3
"""Factors by which a grid of step sizes, and one of strengths, goes on."""
MOST = 2
"""How often it does at each end."""


@dataclass(frozen=True)
class Setting:
    """A method with its strength, at a step size; and the late test accuracy of each seed, NaN where it diverged."""

    method: str
    step_size: float
    accuracies: dict[int, float]

    @property
    def kind(self) -> str:
        """The method without its strength."""
        return self.method.partition(":")[0]

    @property
    def strength(self) -> float | None:
        """The number in the method's text, or None where it has none."""
        return float(self.method.rpartition("=")[2]) if "=" in self.method else None

    @property
    def mean(self) -> float:
        """Over all seeds; NaN if a learner diverged."""
        return float(np.mean(list(self.accuracies.values())))

    @property
    def first(self) -> float:
        """Over the seeds of the first round; NaN if a learner diverged."""
        return float(np.mean([value for seed, value in self.accuracies.items() if seed in FIRST_ROUND]))


def settings(runs: Iterable[Run]) -> list[Setting]:
    """Every setting in runs of one image set, seeds of a setting together; ValueError for an unfinished run."""
    found: dict[tuple[str, float], dict[int, float]] = {}
    for run in runs:
        if not run.finished:
            raise ValueError(f"{run.folder} is not finished")
        for method in run.results.methods:
            late = run.results.curves(method)[:, -LAST:].mean(axis=1)
            mine = found.setdefault((method, run.config["training"]["step_size"]), {})
            mine |= dict(zip(run.results.seeds(method), late.tolist(), strict=True))
    return [Setting(method, step_size, accuracies) for (method, step_size), accuracies in sorted(found.items())]


def finalists(tried: Sequence[Setting], kind: str) -> list[Setting]:
    """The best settings of a method by the first round, best first; those with a learner that diverged are left out.

    ValueError where a learner diverged in all of them.
    """
    mine = [each for each in tried if each.kind == kind and not np.isnan(each.first)]
    if not mine:
        raise ValueError(f"there is no setting of {kind} without a learner that diverged")
    return sorted(mine, key=lambda each: -each.first)[:FINALISTS]


def best(tried: Sequence[Setting], kind: str) -> Setting:
    """The finalist with the highest mean over all its seeds.

    ValueError while one of them lacks seeds of the second round, or if a learner diverged in all of them.
    """
    last = finalists(tried, kind)
    for each in last:
        if not set(SECOND_ROUND) <= set(each.accuracies):
            raise ValueError(f"{each.method} at step size {each.step_size:g} has not run its second round")
    whole = [each for each in last if not np.isnan(each.mean)]
    if not whole:
        raise ValueError(f"a learner diverged in every finalist of {kind}")
    return max(whole, key=lambda each: each.mean)


def asked_for(tried: Sequence[Setting], kind: str) -> list[tuple[str, float]]:
    """By how the grid is to be extended: methods and step sizes to be run next, none where the best lies inside.

    At an end of the step sizes every strength of the method is tried at one more; at an end of the strengths one more
    is tried at every step size. No end moves more than `MOST` times.
    """
    mine = [each for each in tried if each.kind == kind]
    top = finalists(tried, kind)[0]
    steps, methods = {each.step_size for each in mine}, {each.method for each in mine}
    new = [(method, step) for step in _beyond(top.step_size, steps, STEP_SIZES, FINER) for method in sorted(methods)]
    if top.strength is not None:
        name = top.method.rpartition("=")[0]
        planned = [float(method.rpartition("=")[2]) for method in STRENGTHS if method.startswith(f"{name}=")]
        strengths = {each.strength for each in mine if each.strength is not None}
        for strength in _beyond(top.strength, strengths, planned, COARSER):
            new += [(f"{name}={strength:g}", step) for step in sorted(steps)]
    return new


def _beyond(value: float, grid: Iterable[float], planned: Iterable[float], factor: int) -> list[float]:
    """What lies beyond a value at an end of a grid, at most `MOST` factors beyond the planned one."""
    grid, planned, most = list(grid), list(planned), 1.01 * factor**MOST
    below = [value / factor] if value == min(grid) and value / factor * most > min(planned) else []
    above = [value * factor] if value == max(grid) and value * factor < max(planned) * most else []
    return below + above


def next_round(tried: Sequence[Setting]) -> list[tuple[str, float, range]]:
    """What is to be run next of all methods, with seeds: first where grids go on, then the finalists' second round."""
    new: list[tuple[str, float, range]] = []
    for kind in sorted({each.kind for each in tried}):
        beyond = asked_for(tried, kind)
        seeds = (FIRST_ROUND[:1] if ":" in beyond[0][0] else FIRST_ROUND) if beyond else SECOND_ROUND
        waiting = beyond or [
            (each.method, each.step_size)
            for each in finalists(tried, kind)
            if not set(SECOND_ROUND) <= set(each.accuracies)
        ]
        new += [(method, step_size, seeds) for method, step_size in waiting]
    return new


def jobs(runs: Sequence[Run]) -> list[str]:
    """Lines for a queue's file that run what comes next, for runs of one image set."""
    config = runs[0].config
    words = ["reproduce", "step_search", "--profile", config["profile"], "--data", config["data"]]
    if config["classes"]:
        words += ["--classes", "{}:{}".format(*config["classes"])]
    order = sorted(next_round(settings(runs)), key=lambda each: (each[2].start, len(each[2]), each[1]))
    lines = []
    for (seeds, step), together in itertools.groupby(order, key=lambda each: (each[2], each[1])):
        methods = ",".join(method for method, _, _ in together)
        name = f"step_search_{config['data']}_step_{step:g}_seeds_{seeds.start}_{seeds.stop}"
        again = sum(run.folder.name.startswith(name) for run in runs)
        name += f"_{again + 1}" if again else ""
        rest = ["--step-size", f"{step:g}", "--seeds", f"{seeds.start}:{seeds.stop}", "--methods", methods]
        lines.append(f"{name}: {shlex.join(words + rest)}")
    return lines


def searches(folder: Path) -> dict[tuple[str, str], list[Run]]:
    """The finished runs of the search in a folder of runs, by image set and classes of it."""
    found: dict[tuple[str, str], list[Run]] = {}
    for path in sorted(folder.glob("step_search*/metrics.csv")):
        run = Run.open(path.parent)
        if run.finished:
            classes = "{}:{}".format(*run.config["classes"]) if run.config["classes"] else "all"
            found.setdefault((run.config["data"], classes), []).append(run)
    return found
