"""The command line: every command in one place, and what becomes of errors."""

from __future__ import annotations

import codecs
import io
import signal
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lop_tutorial import __version__
from lop_tutorial.commands.bench import bench
from lop_tutorial.commands.book import book_app
from lop_tutorial.commands.data import data_app
from lop_tutorial.commands.examine_network import examine_network
from lop_tutorial.commands.method_list import method_list
from lop_tutorial.commands.queue import queue
from lop_tutorial.commands.report import report
from lop_tutorial.commands.reproduce import reproduce
from lop_tutorial.commands.values import INTERRUPTED, Root

console = Console()
app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command(epilog=method_list())(reproduce)
for command in (report, queue):
    app.command()(command)
app.command("examine")(examine_network)
app.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(bench)
app.add_typer(data_app, name="data")
app.add_typer(book_app, name="book")

ClickError: Any = typer.BadParameter.__mro__[2]  # click's own base class; newer typer carries its own click


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


PLAIN = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "…": "...", "·": ".", "×": "x", "±": "+-", "→": "->", "λ": "lambda"}
)
"""What stands for a character on a console that cannot show it; a question mark for any other."""


def _in_plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    there = error.object[error.start : error.end].translate(PLAIN)
    return there.encode("ascii", "replace").decode(), error.end


codecs.register_error("plain", _in_plain)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 2 after one line on what was wrong, or 130 after an interrupt.

    What the console's encoding lacks is written in plain letters: no run ends for a dash in its table.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")
    command = typer.main.get_command(app)
    words = None if arguments is None else list(arguments)
    message = ""
    try:
        code = command.main(args=words, prog_name="lop-tutorial", standalone_mode=False) or 0
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except ClickError as error:
        code, message = 2, error.format_message()
    except (ValueError, OSError) as error:
        code, message = 2, str(error)
    if code == INTERRUPTED:  # some versions of typer return it, others raise
        message = "interrupted; what was written until then is kept"
    if message:
        print(f"lop-tutorial: {message}", file=sys.stderr)
    return code


def program() -> NoReturn:
    """The command line as a program, which ends with `main`'s code.

    A signal that comes once more, while an interrupted program is ending (seconds, with torch), changes nothing: the
    interpreter would end by the signal, or print what it interrupted.
    """
    code = main()
    if code == INTERRUPTED:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    sys.exit(code)


if __name__ == "__main__":
    program()
