"""Every command in one place: what `lop_tutorial.cli` runs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lop_tutorial import __version__
from lop_tutorial.commands.bench import bench
from lop_tutorial.commands.book import book_app
from lop_tutorial.commands.data import data_app
from lop_tutorial.commands.examine_network import examine_network
from lop_tutorial.commands.join import join
from lop_tutorial.commands.method_list import method_list
from lop_tutorial.commands.queue import queue
from lop_tutorial.commands.report import report
from lop_tutorial.commands.reproduce import reproduce
from lop_tutorial.commands.values import Root

console = Console()
app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command(epilog=method_list())(reproduce)
for command in (report, join, queue):
    app.command()(command)
app.command("examine")(examine_network)
app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(bench)
app.add_typer(data_app, name="data")
app.add_typer(book_app, name="book")


@app.command()
def doctor(root: Root = None) -> None:
    """Say what is installed, which device and data are here, and how to get what is missing."""
    from lop_tutorial.doctor import examine

    table = Table("", "what", box=SIMPLE_HEAD)
    table.add_column("found", overflow="fold")
    table.add_column("how to get it", overflow="fold")
    marks = {True: "[green]ok[/]", False: "[yellow]--[/]"}
    for finding in examine(root):
        table.add_row(marks[finding.here], finding.what, finding.found, "" if finding.here else finding.remedy)
    console.print(table)


def _tell(version: bool) -> bool:
    if version:
        console.print(__version__, highlight=False)
        raise typer.Exit
    return version


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_tell, is_eager=True)
    ] = False,
) -> None:
    """Loss of plasticity in deep continual learning: the book's experiments, data and pages."""
