"""Claims of other papers, on warm starts and on agents, each with the question that stored runs answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jaxtyping import Float64
from numpy import ndarray

from lop_tutorial.report.agent_verdicts import LATE, late, leads
from lop_tutorial.report.claims.claim import Claim, Evidence, Number, Side
from lop_tutorial.report.claims.judge import Judged, judged
from lop_tutorial.report.loss_type import MARGIN
from lop_tutorial.running.run import stored_path
from lop_tutorial.running.table import Table, load

Seeds = Float64[ndarray, " seed"]
SETTINGS = ("task", "step_size", "updates")
"""Columns of a table of agents that tell one experiment in it from another."""


@dataclass(frozen=True)
class Runs:
    """All learners stored under one name: `kind` says what they went through."""

    name: str
    kind: str
    table: Table

    def settings(self) -> list[dict[str, Any]]:
        """The experiments in a table of agents."""
        names = [name for name in SETTINGS if name in self.table.columns]
        found = dict.fromkeys(tuple(row[name] for name in names) for row in self.table.rows)
        return [dict(zip(names, values, strict=True)) for values in found]


def collect_elsewhere(folder: Path) -> tuple[Runs, ...]:
    """Every warm start and every life of an agent in a folder of stored runs, known by its settings and columns."""
    found = []
    for path in sorted(folder.iterdir()):
        kind = _kind(path)
        if kind:
            found.append(Runs(path.name, kind, load(path).table))
    return tuple(found)


def _kind(path: Path) -> str | None:
    """What learners in a folder went through; None where it was neither. No rows are read."""
    if (path / "metrics.csv").exists():
        benchmark = json.loads((path / "config.json").read_text(encoding="utf-8")).get("benchmark")
        return "warm start" if benchmark == "warm_start" else None
    if not (path / "table.csv").exists():
        return None
    with open(path / "table.csv", encoding="utf-8") as file:
        columns = set(file.readline().strip().split(","))
    kinds = {"shares": {"share", "epochs", "test_accuracy"}, "agents": {"return", "dormant_units"}}
    return next((kind for kind, needed in kinds.items() if needed <= columns), None)


@cache
def runs_in_results() -> tuple[Runs, ...]:
    """Those in results/."""
    return collect_elsewhere(stored_path("README.md").parent)


def judge_elsewhere(stored: Sequence[Runs] | None = None) -> list[Judged]:
    """Every claim by what is stored; without anything else by all that is in results/."""
    return [judged(claim, runs_in_results() if stored is None else stored) for claim in ELSEWHERE]


def _end(runs: Runs, quantity: str, method: str) -> Seeds:
    """After the second part of a warm start, an entry a seed."""
    last = max(row["task"] for row in runs.table.rows)
    return runs.table.select(quantity, method=method, task=last)


def from_fresh(quantity: str, side: Side, bound: float | int = 0) -> Callable[[Runs], Iterator[Evidence]]:
    """A warm start less a fresh network, on all pictures, at every share and every length of the first part."""

    def question(runs: Runs) -> Iterator[Evidence]:
        if runs.kind == "warm start" and {"none", "retrained"} <= {row["method"] for row in runs.table.rows}:
            gap = _end(runs, quantity, "none") - _end(runs, quantity, "retrained")
            yield Evidence("a half first", (Number(gap, side, bound),), runs.name)
        if runs.kind == "shares":
            fresh = _with_no_first_part(runs.table, quantity)
            for share in dict.fromkeys(row["share"] for row in runs.table.rows):
                ends = runs.table.select(quantity, share=share)
                lengths = runs.table.select("epochs", share=share)[0]
                for length, values in zip(lengths, ends.T, strict=True):
                    if length:
                        words = f"a share of {share:g} for {length:g} epochs first; the same first weights"
                        yield Evidence(words, (Number(values - fresh, side, bound),), runs.name)

    return question


def _with_no_first_part(table: Table, quantity: str) -> Seeds:
    """The networks that began with everything: a first part of 0 epochs."""
    for share in dict.fromkeys(row["share"] for row in table.rows):
        lengths = table.select("epochs", share=share)[0]
        if (lengths == 0).any():
            return table.select(quantity, share=share)[:, int((lengths == 0).argmax())]
    raise ValueError("no share has a first part of 0 epochs, against which the others could be held")


def after_shrinking(runs: Runs) -> Iterator[Evidence]:
    """Shrink and perturb less No Intv., after a warm start."""
    if runs.kind == "warm start":
        methods = dict.fromkeys(row["method"] for row in runs.table.rows)
        for method in methods if "none" in methods else ():
            if method.startswith("shrink_and_perturb"):
                gain = _end(runs, "test_accuracy", method) - _end(runs, "test_accuracy", "none")
                yield Evidence("a half first", (Number(gain, "above"),), runs.name)


def of_agents(name: str, quantity: str, side: Side) -> Callable[[Runs], Iterator[Evidence]]:
    """A method less No Intv. in the same worlds, over the last three phases."""

    def question(runs: Runs) -> Iterator[Evidence]:
        for setting in runs.settings() if runs.kind == "agents" else ():
            mine = {row["method"] for row in runs.table.where(**setting).rows}
            for method in sorted(method for method in mine if method.split(":")[0] == name and "none" in mine):
                gain = leads(runs.table, method, "none", quantity, **setting)
                yield Evidence(_words(setting), (Number(gain, side, unit="change"),), runs.name)

    return question


def dormant_grow(runs: Runs) -> Iterator[Evidence]:
    """No Intv.'s share of dormant units at the ends of the last three phases, less that at the end of the first.

    Of games in turn, whose names "+" joins, it is less that at the end of the same game's first phase.
    """
    for setting in runs.settings() if runs.kind == "agents" else ():
        shares = runs.table.select("dormant_units", method="none", **setting)
        games = str(setting.get("task")).count("+") + 1
        first = shares[:, [phase % games for phase in range(shares.shape[1])][-LATE:]].mean(axis=1)
        grown = late(runs.table, "dormant_units", method="none", **setting) - first
        yield Evidence(_words(setting), (Number(grown, "above", unit="change"),), runs.name)


def with_more_updates(of: Callable[[Table, dict[str, Any]], Seeds], side: Side) -> Callable[[Runs], Iterator[Evidence]]:
    """A quantity with the most updates at a time, less the same with the fewest."""

    def question(runs: Runs) -> Iterator[Evidence]:
        if runs.kind == "agents" and "updates" in runs.table.columns:
            updates = sorted({row["updates"] for row in runs.table.rows})
            many, few = ({"updates": number} for number in (updates[-1], updates[0]))
            change = of(runs.table, many) - of(runs.table, few)
            yield Evidence(
                f"{updates[-1]} updates less {updates[0]}", (Number(change, side, unit="change"),), runs.name
            )

    return question


def _from_fresh_agent(table: Table, setting: dict[str, Any]) -> Seeds:
    return leads(table, "none", "retrained", **setting)


def _dormant(table: Table, setting: dict[str, Any]) -> Seeds:
    return late(table, "dormant_units", method="none", **setting)


def _words(setting: dict[str, Any]) -> str:
    parts = [str(setting["task"])]
    parts += [f"step {setting['step_size']:g}"] if "step_size" in setting else []
    parts += [f"updates at a time: {setting['updates']}"] if "updates" in setting else []
    return ", ".join(parts)


_WARM = "Every warm start that is stored, against networks that had all pictures from the start, at the end."
_SHARED = "The pieces of `warm_start_gap` share five seeds and one set of fresh networks: they are not independent."
_AGENTS = "Every stored life of an agent in a changing world, last three phases."

ELSEWHERE: tuple[Claim, ...] = (
    Claim(
        "A warm start generalises worse",
        "{cite:t}`ash2020`, and {cite:t}`berariu2021` again: a network that has learned a part of the data first ends "
        "with a lower test accuracy than one that begins afresh with all of them.",
        f"{_WARM} Test accuracy: below 0.",
        from_fresh("test_accuracy", "below"),
        "warm_start",
        "Six seeds left it open, by 0.3 points; ten new ones, run to decide it and predicted before, are clear. "
        f"At other shares and lengths five seeds each are few. {_SHARED}",
    ),
    Claim(
        "A warm start learns its training data as well",
        "{cite:t}`ash2020`: the losses on the training data are alike in the end.",
        f"{_WARM} Training accuracy, as well or better: above −1 point.",
        from_fresh("train_accuracy", "above", -MARGIN),
        "warm_start",
        "The book's rule for the two types counts less than a point as no loss, so that much is allowed here; a warm "
        f"start may end higher. {_SHARED}",
    ),
    Claim(
        "Shrink and perturb takes back what a warm start costs",
        "{cite:t}`ash2020`: weights that are shrunk and perturbed when data come generalise as fresh ones do.",
        "Every warm start that is stored with shrink and perturb. Test accuracy, minus No Intv.: above 0.",
        after_shrinking,
        "warm_start",
        "One setting, and none was searched for.",
    ),
    Claim(
        "Resetting the last layer raises an agent's return",
        "{cite:t}`nikishin2022`: resets of a part of the agent, its last layers, improve it.",
        f"{_AGENTS} Return with head reset, minus No Intv.: above 0.",
        of_agents("head_reset", "return", "above"),
        "reinforcement_learning",
        "There the world stands still and the replay buffer is kept; here both change with the reset.",
    ),
    Claim(
        "An agent's loss is worse with more updates",
        "{cite:t}`nikishin2022`: early experience harms an agent the more, the more often it is updated for each step.",
        f"{_AGENTS} No Intv. minus Retrained, and of that what the most updates have minus the fewest: below 0.",
        with_more_updates(_from_fresh_agent, "below"),
        "reinforcement_learning",
    ),
    Claim(
        "Dormant units become more as an agent learns",
        "{cite:t}`sokar2023`: the number of dormant units grows over training.",
        f"{_AGENTS} Share of dormant units, minus that at the end of the first phase (of the same game): above 0.",
        dormant_grow,
        "reinforcement_learning",
    ),
    Claim(
        "Dormant units are more where updates are more",
        "{cite:t}`sokar2023`: more updates for each step make it worse.",
        f"{_AGENTS} Share of dormant units with the most updates, minus that with the fewest: above 0.",
        with_more_updates(_dormant, "above"),
        "reinforcement_learning",
    ),
    Claim(
        "ReDo keeps dormant units few",
        "{cite:t}`sokar2023`: recycling dormant units brings their number down [...]",
        f"{_AGENTS} Share of dormant units with ReDo, minus No Intv.: below 0.",
        of_agents("redo", "dormant_units", "below"),
        "reinforcement_learning",
    ),
    Claim(
        "ReDo raises an agent's return",
        "[...] and improves the agent.",
        f"{_AGENTS} Return with ReDo, minus No Intv.: above 0.",
        of_agents("redo", "return", "above"),
        "reinforcement_learning",
    ),
    Claim(
        "Plasticity injection raises an agent's return",
        "{cite:t}`nikishin2023`: where an agent has lost its plasticity, new weights on the side improve it.",
        f"{_AGENTS} Return with injection before the fourth, minus No Intv.: above 0.",
        of_agents("injection", "return", "above"),
        "reinforcement_learning",
        "To them a rise is a sign that plasticity was missing. That none is seen fits returns that show no loss.",
    ),
)
"""In our words; the page of claims gives them after the poster's."""
