"""`lop-tutorial reproduce` for experiments whose outcome is a table: the book's own, and sweeps of settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:  # imported where they are used: --help shall not wait for torch
    from lop_tutorial.running.experiment import Experiment
    from lop_tutorial.running.sweep import Sweep

console = Console()


def fill_table(experiment: Experiment | Sweep, folder: Path, how: dict[str, Any]) -> None:
    """Carries the experiment out into the folder, part by part, and says which learners diverged."""
    from rich.progress import Progress

    from lop_tutorial.running.experiment import fill

    console.print(experiment.about, highlight=False)
    with Progress(console=console) as bar:
        running = bar.add_task("parts", total=len(experiment.parts))
        for table in fill(experiment, folder, **how):
            bar.advance(running)
            for row in table.rows:
                if row.get("diverged_in") is not None:
                    bar.print(f"{row['method']}, seed {row['seed']}: diverged in task {row['diverged_in']}")
    console.print(f"Table: {folder / 'table.csv'}", highlight=False)
