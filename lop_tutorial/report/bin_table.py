"""Ours beside the paper's: a table of accuracies by bins of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from lop_tutorial.interventions import title as title_of
from lop_tutorial.interventions import titles, without_settings
from lop_tutorial.report.numbers import short
from lop_tutorial.report.paper import paper_table
from lop_tutorial.running.results import Results, finite, interval


@dataclass(frozen=True)
class BinTable:
    """Text, ready to be shown: one line a method and quantity, one cell a bin."""

    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    note: str

    def _repr_markdown_(self) -> str:
        return self.markdown("<br>")

    def markdown(self, line_break: str) -> str:
        """The table with its note; `line_break` is what stands between the lines of a cell."""
        rows = [self.header, ("---",) * 2 + ("--:",) * (len(self.header) - 2), *self.lines]
        table = "\n".join("| " + " | ".join(row).replace("\n", line_break) + " |" for row in rows)
        return f"{table}\n\n*{self.note}*"


def bin_table(
    results: Results, *, bins: int = 5, paper: int | None = None, data: str = "", dead_after: int = 0
) -> BinTable:
    """Mean and 95 % interval over seeds of training and test accuracy, bin by bin.

    A learner counts in a bin if it finished every task of it; `n` says how many did where not all. With `paper`, the
    row of the paper's table of that number stands below each method's. Of several widths each has its own lines.
    Settings of methods stand in the note where the name alone tells the methods apart. `dead_after` is the plan's: the
    note then says that later bins are those of the living.
    """
    theirs = paper_table(paper) if paper is not None and results.tasks >= bins else None
    lines: list[tuple[str, ...]] = []
    parts = [(f", d = {width}", results.at(width)) for width in results.widths] or [("", results)]
    names = titles(results.methods)
    for (suffix, part), method in product(parts, results.methods):
        title, plain = names[method], title_of(without_settings(method))
        for quantity, label in (("train_accuracy", "train"), ("test_accuracy", "test")):
            lines.append((title + suffix, label, *_cells(part.binned(method, quantity, bins))))
        if theirs is not None and plain in theirs.rows:
            lines.append((plain, "paper", *(f"{value:.3f}" for value in theirs.rows[plain])))
    spans = [f"{first}–{last}" if last > first else f"{first}" for first, last in results.bin_edges(bins)]
    seeds = len({row["seed"] for row in results.rows})
    note = f"{data or 'Ours'}. " + (f"Mean over {seeds} seeds, 95 % t interval." if seeds > 1 else "One seed.")
    settings = [title_of(method) for method, name in names.items() if name != title_of(method)]
    if settings:
        note += f" Settings: {'; '.join(settings)}."
    if dead_after:
        note += (
            f" A learner that is dead, at chance in {dead_after} tasks running, has stopped and counts in the bins "
            "that it finished: later ones are those of the living alone."
        )
    if theirs is not None:
        note += (
            f" Rows marked paper: test accuracy in its {theirs.about}, bins of {theirs.bin_unit.lstrip('x')}; another "
            "data set and protocol, so compare the shape, not the level."
        )
    return BinTable(("method", "accuracy", *(f"tasks\n{span}" for span in spans)), tuple(lines), note)


def _cells(binned: np.ndarray) -> list[str]:
    cells = []
    for column in binned.T:
        kept = finite(column)
        if not len(kept):
            cells.append("–")
            continue
        accuracy = interval(kept)
        text = f"{accuracy.mean:.3f}"
        if len(kept) > 1:
            text += f"\n{short(float(accuracy.low))}–{short(float(accuracy.high))}"
        cells.append(text if len(kept) == len(column) else f"{text}\nn = {len(kept)}")
    return cells
