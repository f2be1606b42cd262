"""The report on one run: how far it is, its tables beside the paper's, what differs from its protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float64

from lop_tutorial.experiments.catalogue import PLANS
from lop_tutorial.interventions import FIRST_EDITION, spelled_out, titles, without_settings
from lop_tutorial.interventions import title as title_of
from lop_tutorial.report.bin_table import BinTable, bin_table
from lop_tutorial.report.numbers import signed
from lop_tutorial.report.paper import PaperTable, paper_table
from lop_tutorial.running.death import died_in
from lop_tutorial.running.results import ENOUGH, Results, finite, interval
from lop_tutorial.running.run import Run

REFERENCES = ("none", "retrained")
COMPARED = (
    "network",
    "network_settings",
    "data",
    "classes",
    "image_size",
    "train_per_class",
    "test_per_class",
    "valid_per_class",
    "increment",
    "reshuffle",
    "training",
    "methods",
    "seeds",
    "tasks",
    "precision",
)
"""Settings of a plan that are held against those of the profile `full`."""
UNSET = {"image_size": "that of the set", "width": "1.0"}
"""What it means where such a setting is not given; else all there is."""


@dataclass(frozen=True)
class RunReport:
    """What a page says of one run, or of one of its widths."""

    run: Run
    width: int | None = None

    @classmethod
    def each(cls, run: Run) -> list[RunReport]:
        """A report for each width; one for a run without widths."""
        return [cls(run, width) for width in run.results.widths] or [cls(run)]

    @property
    def config(self) -> dict[str, Any]:
        return self.run.config

    @cached_property
    def results(self) -> Results:
        """The rows, over as many tasks as were planned."""
        return self.run.results if self.width is None else self.run.results.at(self.width)

    @property
    def paper(self) -> PaperTable | None:
        number = self.config.get("table")
        return None if number is None else paper_table(number)

    @property
    def bins(self) -> int:
        return min(self.config.get("bins", 5), self.results.tasks)

    @property
    def dead_after(self) -> int:
        """After how many tasks at chance running a learner stops; 0: never."""
        return int(self.config.get("dead_after", 0))

    @property
    def name(self) -> str:
        name = self.run.folder.resolve().name
        return name if self.width is None else f"{name}, d = {self.width}"

    def progress(self) -> str:
        """How far the run is, in a sentence."""
        methods, seeds, tasks = self.config["methods"], self.config["seeds"], self.config["tasks"]
        dead_after = self.dead_after
        curves: dict[tuple[str, int], list[float]] = {}
        for row in self.results.rows:
            curves.setdefault((str(row["method"]), int(row["seed"])), []).append(float(row["train_accuracy"]))
        diverged = [key for key, curve in curves.items() if np.isnan(curve[-1])]
        lived = {key: died_in(curve, dead_after) for key, curve in curves.items() if dead_after}
        dead = {key: death for key, death in lived.items() if death is not None}
        done = [key for key, curve in curves.items() if len(curve) == tasks or key in diverged or key in dead]
        learners = len(methods) * len(seeds)
        text = "Finished" if len(done) == learners else f"Not finished: {len(self.results.rows):,} rows"
        text += f"; {len(done)} of {learners} learners are done"
        names = titles(methods)
        missing = [names[method] for method in methods if not any(begun == method for begun, _ in curves)]
        if missing:
            text += f"; not begun: {', '.join(missing)}"
        if diverged:
            text += "; diverged: " + ", ".join(f"{names[method]} (seed {seed})" for method, seed in diverged)
        if dead:
            told = {
                names[method]: [
                    f"seed {seed} after {death} tasks" for (of, seed), death in dead.items() if of == method
                ]
                for method in methods
            }
            text += f"; dead, at chance in {dead_after} tasks running: "
            text += ", ".join(f"{name} ({', '.join(seeds)})" for name, seeds in told.items() if seeds)
        return text + "."

    def accuracies(self) -> BinTable:
        """Training and test accuracy with the paper's test accuracy."""
        table = self.config.get("table") if self.results.tasks >= 5 else None
        data = str(self.config["data"])
        return bin_table(self.results, bins=self.bins, paper=table, data=data, dead_after=self.dead_after)

    def against(self, reference: str, method: str, quantity: str = "test_accuracy") -> Float64[np.ndarray, "seed bin"]:
        """Differences to a reference method, seed by seed, of the seeds that both have; NaN where either is missing."""
        paired = self.results.paired(method, reference)
        return paired.binned(method, quantity, self.bins) - paired.binned(reference, quantity, self.bins)

    def differences(self) -> BinTable | None:
        """Test accuracy less that of No Intv. and of Retrained, in hundredths, with the paper's own differences."""
        references, names = [name for name in REFERENCES if name in self.results.methods], titles(self.results.methods)
        lines: list[tuple[str, ...]] = []
        for reference in references:
            for method in self.results.methods:
                if method == reference:
                    continue
                against = title_of(reference)
                cells = [_difference(column) for column in self.against(reference, method).T]
                lines.append((names[method], f"− {against}", *cells))
                theirs = self._paper_difference(method, reference)
                if theirs is not None:
                    lines.append((names[method], f"− {against}, paper", *(signed(100 * v) for v in theirs)))
        if not lines:
            return None
        header = self.accuracies().header
        note = (
            "Hundredths of test accuracy, seed by seed on the same tasks: mean and 95 % t interval. Bold where it "
            f"leaves out 0 and {ENOUGH} seeds or more are behind it."
        )
        return BinTable((header[0], "difference", *header[2:]), tuple(lines), note)

    def _paper_difference(self, method: str, reference: str) -> Float64[np.ndarray, " bin"] | None:
        mine, theirs = (title_of(without_settings(name)) for name in (method, reference))
        if self.paper is None or self.bins != 5 or not {mine, theirs} <= set(self.paper.rows):
            return None
        return np.array(self.paper.rows[mine]) - np.array(self.paper.rows[theirs])

    def order(self) -> str | None:
        """The methods from best to worst by test accuracy in the last bin, ours and the paper's."""
        last = {m: finite(self.results.binned(m, bins=self.bins)[:, -1:]) for m in self.results.methods}
        names, plain = titles(self.results.methods), [title_of(without_settings(m)) for m in last]
        ours = {names[m]: float(values.mean()) for m, values in last.items() if len(values)}
        if self.paper is None or len(ours) < 2:
            return None
        theirs = {name: row[-1] for name, row in self.paper.rows.items() if name in plain}

        def shown(of: Mapping[str, float]) -> str:
            return ", ".join(f"{name} {of[name]:.3f}" for name in sorted(of, key=lambda name: -of[name]))

        return f"Last bin, best first. Ours: {shown(ours)}. The paper's: {shown(theirs)}."

    def differs(self) -> list[str]:
        """Every setting that is not the paper's protocol as the profile `full` has it."""
        profiles = PLANS.get(str(self.config["name"]), {})
        if self.paper is None or "full" not in profiles:
            return []
        plan = profiles["full"]
        wanted = _flat({name: getattr(plan, name) for name in COMPARED})
        settings = _flat({name: self.config.get(name, getattr(plan, name)) for name in COMPARED})
        settings = wanted | settings  # a setting that is younger than the run was at its default
        lines = []
        for name, value in settings.items():
            ours, theirs = _shown(name, value), _shown(name, wanted.get(name))
            if name == "methods":  # those that both have need no mention
                pairs = ((value, wanted[name]), (wanted[name], value))
                ours, theirs = (_shown(name, [each for each in mine if each not in others]) for mine, others in pairs)
            if ours != theirs:
                lines.append(f"{name.replace('_', ' ')}: {ours} instead of {theirs}")
        return lines

    def former_defaults(self) -> str | None:
        """Which methods ran with other settings than their names have today, in a sentence."""
        edition = int(self.config.get("edition", FIRST_EDITION))
        meant = {method: spelled_out(method, edition) for method in self.config["methods"]}
        changes = [f"`{method}` is today's `{now}`" for method, now in meant.items() if now != method]
        return f"Run with former defaults of its methods: {'; '.join(changes)}." if changes else None

    def numbers(self) -> Iterator[tuple[Any, ...]]:
        """Every number of the two tables: run, method, quantity, bin, mean, low, high, seeds, the paper's number."""
        edges = [f"{first}-{last}" for first, last in self.results.bin_edges(self.bins)]
        for method in self.results.methods:
            kinds = {name: self.results.binned(method, name, self.bins) for name in ("train_accuracy", "test_accuracy")}
            for reference in REFERENCES:
                if reference in self.results.methods and reference != method:
                    kinds[f"test_accuracy minus {reference}"] = self.against(reference, method)
            for quantity, values in kinds.items():
                theirs = self._paper_row(method, quantity)
                for place, edge in enumerate(edges):
                    kept = finite(values[:, place])
                    stated = ("", "", "") if not len(kept) else tuple(_number(float(v)) for v in interval(kept))
                    paper = "" if theirs is None else f"{theirs[place]:.3f}"
                    yield (self.name, method, quantity, edge, *stated, len(kept), paper)

    def _paper_row(self, method: str, quantity: str) -> Sequence[float] | Float64[np.ndarray, " bin"] | None:
        title = title_of(without_settings(method))
        if self.paper is None or self.bins != 5 or title not in self.paper.rows or quantity == "train_accuracy":
            return None
        if " minus " in quantity:
            return self._paper_difference(method, quantity.split(" minus ")[1])
        return self.paper.rows[title]


def _difference(values: Float64[np.ndarray, " seed"]) -> str:
    kept = finite(values)
    if not len(kept):
        return "–"
    mean, low, high = (100 * float(value) for value in interval(kept))
    if np.isnan(low):
        return signed(mean)
    clear = len(kept) >= ENOUGH and (low > 0 or high < 0)
    shown = f"**{signed(mean)}**" if clear else signed(mean)
    return f"{shown}\n{signed(low)} to {signed(high)}"


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with those of `training` and of the network among them."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        inner = value if isinstance(value, Mapping) else getattr(value, "__dict__", None)
        flat |= {name: value} if inner is None else dict(inner)
    return flat


def _shown(name: str, value: Any) -> str:
    if value is None:
        return UNSET.get(name, "all")
    if name == "classes":
        return f"{value[0]} to {value[1] - 1} of a shuffled order"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v}" for k, v in value.items()) or "none"
    if isinstance(value, tuple | list):
        return ", ".join(str(each) for each in value) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
