"""A page about runs, finished or not: how far each is, its tables beside the paper's, and what differs from it."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from markdown_it import MarkdownIt

from lop_tutorial.atomic import write_bytes, write_text
from lop_tutorial.interventions import title as title_of
from lop_tutorial.reproduction.paper import PaperTable, paper_table
from lop_tutorial.reproduction.plans import PLANS
from lop_tutorial.reproduction.report import BinTable, bin_table
from lop_tutorial.reproduction.results import Results, finite, interval
from lop_tutorial.reproduction.runs import Run, stored

REFERENCES = ("none", "retrained")
ENOUGH = 5
"""Seeds from which a difference may stand in bold: with two, nearly half of all empty ones would."""
COMPARED = (
    "network_settings",
    "data",
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
)
"""Settings of a plan that are held against those of the profile `full`."""


@dataclass(frozen=True)
class RunReport:
    """What a page says of one run, or of one of its widths."""

    run: Run
    width: int | None = None

    @classmethod
    def each(cls, run: Run) -> list[RunReport]:
        """One a width; one for a run without."""
        return [cls(run, width) for width in run.results.widths] or [cls(run)]

    @property
    def config(self) -> dict[str, Any]:
        return self.run.config

    @cached_property
    def results(self) -> Results:
        """The rows, over as many tasks as were planned."""
        found = self.run.results if self.width is None else self.run.results.at(self.width)
        return replace(found, planned=self.config["tasks"])

    @property
    def paper(self) -> PaperTable | None:
        number = self.config.get("table")
        return None if number is None else paper_table(number)

    @property
    def bins(self) -> int:
        return min(self.config.get("bins", 5), self.results.tasks)

    @property
    def name(self) -> str:
        name = self.run.folder.resolve().name
        return name if self.width is None else f"{name}, d = {self.width}"

    def progress(self) -> str:
        """How far the run is, in a sentence."""
        methods, seeds, tasks = self.config["methods"], self.config["seeds"], self.config["tasks"]
        lives: dict[tuple[str, int], list[float]] = {}
        for row in self.results.rows:
            lives.setdefault((str(row["method"]), int(row["seed"])), []).append(float(row["train_accuracy"]))
        diverged = [key for key, life in lives.items() if np.isnan(life[-1])]
        done = [key for key, life in lives.items() if len(life) == tasks or key in diverged]
        learners = len(methods) * len(seeds)
        text = "Finished" if len(done) == learners else f"Not finished: {len(self.results.rows):,} rows"
        text += f"; {len(done)} of {learners} learners are done"
        missing = [title_of(method) for method in methods if not any(one == method for one, _ in lives)]
        if missing:
            text += f"; not begun: {', '.join(missing)}"
        if diverged:
            text += "; diverged: " + ", ".join(f"{title_of(method)} (seed {seed})" for method, seed in diverged)
        return text + "."

    def accuracies(self) -> BinTable:
        """Training and test accuracy with the paper's test accuracy."""
        table = self.config.get("table") if self.results.tasks >= 5 else None
        return bin_table(self.results, bins=self.bins, paper=table, data=str(self.config["data"]))

    def against(self, reference: str, method: str, quantity: str = "test_accuracy") -> Float64[np.ndarray, "seed bin"]:
        """Differences to a reference method, seed by seed, of the seeds that both have; NaN where either is missing."""
        paired = self.results.paired(method, reference)
        return paired.binned(method, quantity, self.bins) - paired.binned(reference, quantity, self.bins)

    def differences(self) -> BinTable | None:
        """Test accuracy less that of No Intv. and of Retrained, in hundredths, with the paper's own differences."""
        references = [name for name in REFERENCES if name in self.results.methods]
        lines: list[tuple[str, ...]] = []
        for reference in references:
            for method in self.results.methods:
                if method == reference:
                    continue
                against = title_of(reference)
                cells = [_difference(column) for column in self.against(reference, method).T]
                lines.append((title_of(method), f"− {against}", *cells))
                theirs = self._paper_difference(method, reference)
                if theirs is not None:
                    lines.append((title_of(method), f"− {against}, paper", *(_signed(100 * v) for v in theirs)))
        if not lines:
            return None
        header = self.accuracies().header
        note = (
            "Hundredths of test accuracy, seed by seed on the same tasks: mean and 95 % bootstrap interval, too narrow "
            f"where seeds are few. Bold where it leaves out 0 and {ENOUGH} seeds or more are behind it."
        )
        return BinTable((header[0], "difference", *header[2:]), tuple(lines), note)

    def _paper_difference(self, method: str, reference: str) -> Float64[np.ndarray, " bin"] | None:
        mine, theirs = (title_of(name.split(":")[0]) for name in (method, reference))
        if self.paper is None or self.bins != 5 or not {mine, theirs} <= set(self.paper.rows):
            return None
        return np.array(self.paper.rows[mine]) - np.array(self.paper.rows[theirs])

    def order(self) -> str | None:
        """The methods from best to worst by test accuracy in the last bin, ours and the paper's."""
        last = {m: finite(self.results.binned(m, bins=self.bins)[:, -1:]) for m in self.results.methods}
        plain = {m: title_of(m.split(":")[0]) for m in last}
        alone = [name for name in plain.values() if list(plain.values()).count(name) == 1]
        names = {m: name if name in alone else title_of(m) for m, name in plain.items()}
        ours = {names[m]: float(values.mean()) for m, values in last.items() if len(values)}
        if self.paper is None or len(ours) < 2:
            return None
        theirs = {name: row[-1] for name, row in self.paper.rows.items() if name in plain.values()}

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
        found = _flat({name: self.config.get(name, getattr(plan, name)) for name in COMPARED})
        found = wanted | found  # a setting that is younger than the run was at its default
        return [
            f"{name.replace('_', ' ')}: {_shown(value)} instead of {_shown(wanted.get(name))}"
            for name, value in found.items()
            if _shown(value) != _shown(wanted.get(name))
        ]

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
                    kept = finite(values[:, place : place + 1])[:, 0]
                    stated = ("", "", "") if not len(kept) else tuple(_number(float(v)) for v in interval(kept))
                    paper = "" if theirs is None else f"{theirs[place]:.3f}"
                    yield (self.name, method, quantity, edge, *stated, len(kept), paper)

    def _paper_row(self, method: str, quantity: str) -> Sequence[float] | Float64[np.ndarray, " bin"] | None:
        title = title_of(method.split(":")[0])
        if self.paper is None or self.bins != 5 or title not in self.paper.rows or quantity == "train_accuracy":
            return None
        if " minus " in quantity:
            return self._paper_difference(method, quantity.split(" minus ")[1])
        return self.paper.rows[title]

    def markdown(self, picture: str | None) -> str:
        """This run's part of the page; `picture` is where its learning curves lie."""
        origin, config = self.run.environment, self.config
        hashed = f" (content {str(config['data_sha256'])[:12]})" if "data_sha256" in config else ""
        parts = [
            f"## {self.name}",
            f"{config['about']}; {config['data']} images{hashed}; profile {config.get('profile', '–')}.",
            self.progress(),
            f"`{origin['command']}`, {origin['date']}, {origin['device']}, commit {str(origin['commit'])[:10]}.",
        ]
        if not self.results.rows:
            return "\n\n".join([*parts, "No task is done yet."])
        if picture:
            alt = f"Learning curves of {self.name}: accuracy over tasks, a band for each method"
            parts.append(f"![{alt}]({picture})")
        parts += ["### Accuracy", _table(self.accuracies())]
        order = self.order()
        if order:
            parts.append(order)
        differences = self.differences()
        if differences:
            parts += ["### Differences", _table(differences)]
        differs = self.differs()
        if differs:
            parts += ["### What differs from the paper's protocol", "\n".join(f"- {line}" for line in differs)]
        return "\n\n".join(parts)


def find_runs(wanted: Sequence[str], here: Path = Path("runs")) -> list[Run]:
    """The runs of these folders, or of that name in `results/`; without any, all in `here` with rows, newest last.

    ValueError where one is not there, or is no run.
    """
    if not wanted:
        found = sorted(here.glob("*/metrics.csv"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise ValueError(f"no run in {here.resolve()}: name run folders, or make one with `lop-tutorial reproduce`")
        return [Run.open(path.parent) for path in found]
    return [Run.open(Path(name)) if Path(name).exists() else stored(name) for name in wanted]


def write_page(reports: Sequence[RunReport], pictures: Mapping[Path, bytes], folder: Path) -> None:
    """report.md, report.html (one file that needs no other), numbers.csv and the pictures, in `folder`.

    `pictures` are learning curves as PNG, by the run's folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {path: f"curves-{number}.png" for number, path in enumerate(pictures, start=1)}
    for path, name in names.items():
        write_bytes(folder / name, pictures[path])
    head = "# Reproduction\n\n" + (
        "Ours beside the paper's (Wang et al. 2025). Every number is computed from the run folders named here, and "
        "stands in numbers.csv with more digits. The choices that the paper leaves open are listed in "
        "`lop_tutorial/reproduction/plans_tables.py`."
    )
    summary = "\n".join(["| run | experiment | data | state |", "|:--|:--|:--|:--|", *map(_summary, reports)])

    def page(picture: Mapping[Path, str]) -> str:
        parts = [report.markdown(picture.get(report.run.folder)) for report in reports]
        return "\n\n".join([head, summary, *parts]) + "\n"

    write_text(folder / "report.md", page(names))
    inline = {path: f"data:image/png;base64,{base64.b64encode(png).decode()}" for path, png in pictures.items()}
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(page(inline))
    write_text(folder / "report.html", _HTML.replace("BODY", body))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("run", "method", "quantity", "tasks", "mean", "low", "high", "seeds", "paper"))
    for report in reports:
        if report.results.rows:
            writer.writerows(report.numbers())
    write_text(folder / "numbers.csv", out.getvalue())


def _summary(report: RunReport) -> str:
    config = report.config
    profile = config.get("profile", "")
    return f"| {report.name} | {config['name']}, {profile} | {config['data']} | {report.progress()} |"


def _table(table: BinTable) -> str:
    """As Markdown without HTML."""
    rows = [table.header, ("---",) * 2 + ("--:",) * (len(table.header) - 2), *table.lines]
    lines = ["| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + f"\n\n*{table.note}*"


def _difference(values: Float64[np.ndarray, " seed"]) -> str:
    kept = finite(values[:, None])[:, 0]
    if not len(kept):
        return "–"
    mean, low, high = (100 * float(value) for value in interval(kept))
    if np.isnan(low):
        return _signed(mean)
    clear = len(kept) >= ENOUGH and (low > 0 or high < 0)
    shown = f"**{_signed(mean)}**" if clear else _signed(mean)
    return f"{shown}\n{_signed(low)} to {_signed(high)}"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with those of `training` and of the network among them."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        inner = value if isinstance(value, Mapping) else getattr(value, "__dict__", None)
        found |= {name: value} if inner is None else dict(inner)
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "all"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {v}" for k, v in value.items()) or "none"
    if isinstance(value, tuple | list):
        return ", ".join(map(_shown, value)) or "none"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


_HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reproduction</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: 90% }
td { font-variant-numeric: tabular-nums }
th, td { padding: 0.2rem 0.7rem; border-bottom: 1px solid #8884; vertical-align: top }
img { max-width: 100%; background: white }
code { overflow-wrap: anywhere }
</style></head>
<body>
BODY</body></html>
"""
