"""`lop-tutorial join`: runs with other seeds or methods as one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


def join(
    runs: Annotated[
        list[Path], typer.Argument(help="Folders of finished runs that differ in seeds and methods alone.")
    ],
    out: Annotated[Path, typer.Option(help="Where the joined run goes: a new folder.")],
) -> None:
    """Write runs of one plan with other seeds or methods as one, so that they can be spread over days and machines."""
    from lop_tutorial.running.join_runs import join_runs

    joined = join_runs(runs, out)
    methods, seeds = (len(joined.config[name]) for name in ("methods", "seeds"))
    console.print(f"{out}: {methods} methods x {seeds} seeds, {len(joined.results.rows):,} rows")
