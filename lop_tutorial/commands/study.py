"""`lop-tutorial study`: many settings of one experiment."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from lop_tutorial.commands.values import Root

console = Console()


def study(
    name: Annotated[str, typer.Argument(help="A name in `experiments/sweeps.py`, such as methods_search.")],
    out: Annotated[Path, typer.Option(help="The study's folder; what stands there already is not run again.")],
    workers: Annotated[int | None, typer.Option(help="Processes. Default: one a core.", min=1)] = None,
    root: Root = None,
) -> None:
    """Run one of the studies behind the defaults: a table with a row a learner, written plan by plan.

    The folder holds config.json, environment.json and table.csv. A study that was stopped goes on where it was.
    """
    from rich.progress import Progress

    from lop_tutorial.running.sweep import carry_out

    chosen = the_study(name, root)
    console.print(f"{chosen.about}: {chosen.learners} learners", highlight=False)
    with Progress(console=console) as bar:
        running = bar.add_task("learners", total=chosen.learners)
        for row in carry_out(chosen, out, workers or os.cpu_count() or 1):
            bar.advance(running)
            if row["diverged_in"] != "":
                bar.print(f"{row['method']}, seed {row['seed']}: diverged in task {row['diverged_in']}")
    console.print(f"Study: {out}", highlight=False)


def the_study(name: str, root: Path | None) -> Any:
    """The study of that name, with its images from `root`; ValueError says which there are."""
    from lop_tutorial.experiments.sweeps import STUDIES

    if name not in STUDIES:
        raise ValueError(f"study is {name!r}; known are {', '.join(STUDIES)}")
    return replace(STUDIES[name], base=replace(STUDIES[name].base, data_root=root))
