"""What the paper reports: its Tables 1-4, as numbers (Wang et al. 2025)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class PaperTable:
    """Mean test accuracies in [0, 1] by method, one for each of five bins of tasks. The paper gives no spread."""

    number: int
    network: str
    benchmark: str
    bin_unit: str
    bins: tuple[str, ...]
    rows: dict[str, tuple[float, ...]]

    @property
    def about(self) -> str:
        return f"Table {self.number}: {self.network} on {self.benchmark}"


@cache
def paper_table(number: int) -> PaperTable:
    """Table 1, 2, 3 or 4."""
    text = files("lop_tutorial.report").joinpath("paper_tables.csv").read_text(encoding="utf-8")
    cells = [row for row in csv.DictReader(text.splitlines()) if row["table"] == str(number)]
    if not cells:
        raise ValueError(f"table {number}; the paper has tables 1 to 4")
    rows: dict[str, tuple[float, ...]] = {}
    for cell in cells:
        rows[cell["method"]] = (*rows.get(cell["method"], ()), float(cell["accuracy"]))
    bins = tuple(dict.fromkeys(cell["bin"] for cell in cells))
    first = cells[0]
    return PaperTable(number, first["network"], first["benchmark"], first["bin_unit"], bins, rows)
