"""`lop-tutorial report`: a page about runs."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from lop_tutorial.atomic import must_take_files

if TYPE_CHECKING:  # imported where it is used: --help shall not wait for torch
    from lop_tutorial.running import Results

console = Console(highlight=False)


def report(
    runs: Annotated[
        list[str] | None,
        typer.Argument(help="Run folders, finished or not, folders of such, or names in results/. Default: runs."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the page goes; an older one is replaced.")] = Path("report"),
) -> None:
    """Write a page about runs: tables with intervals beside the paper's, differences, learning curves, what differs.

    The folder gets report.md, report.html (which needs no other file), numbers.csv and the curves.
    """
    from matplotlib import pyplot as plt

    from lop_tutorial import figures
    from lop_tutorial.report.page import find_runs, write_page
    from lop_tutorial.report.run_report import RunReport

    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; the page needs a folder: name another place with --out")
    must_take_files(out)
    reports = [each for run in find_runs(runs or []) for each in RunReport.each(run)]
    figures.use()
    pictures = {}
    for each in reports:
        if each.run.results.rows and each.run.folder not in pictures:
            pictures[each.run.folder] = picture_of(each.run.results, each.config, title=str(each.config["about"]))
    plt.close("all")
    write_page(reports, pictures, out)
    for each in reports:
        console.print(f"{each.name}: {each.progress()}")
    console.print(f"Page: {out / 'report.html'}")


def picture_of(results: Results, config: Mapping[str, Any], title: str) -> bytes:
    """The figure beside a run, as PNG: accuracy over tasks, or over the widths that were compared."""
    from lop_tutorial import figures

    if results.widths:
        figure = figures.across_widths(results, ends=max(1, results.tasks // 10))
    else:
        increments = config.get("benchmark") == "increments"
        smooth, chance = (1, None) if increments else (min(5, results.tasks), 0.5)
        figure = figures.accuracy_over_tasks(results, title=title, smooth=smooth, chance=chance)
    picture = BytesIO()
    figure.savefig(picture)
    return figures.slim_png(picture.getvalue())
