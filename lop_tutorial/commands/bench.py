"""`lop-tutorial bench`: what is measured against what, and how it comes out on this machine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

console = Console()
PLACE = Path(__file__).resolve().parents[2] / "benchmarks"


def bench(
    name: Annotated[str | None, typer.Argument(help="A benchmark; none: list them.")] = None,
    words: Annotated[list[str] | None, typer.Argument(help="What it is given.")] = None,
) -> None:
    """List the benchmarks, or run one: all that follows its name is its own, as in `bench fleet --methods none,cbp`.

    Each prints both numbers and their ratio; its last line is one JSON object. They come with a clone alone.
    """
    scripts = {path.stem: path for path in sorted(PLACE.glob("*.py")) if "__main__" in path.read_text(encoding="utf-8")}
    if not scripts:
        raise ValueError("no benchmarks here: they come with a clone of the repository, not with the package alone")
    if name is None:
        table = Table("name", "what it measures", box=SIMPLE_HEAD)
        for stem, path in scripts.items():
            table.add_row(
                stem, (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
            )
        console.print(table)
        return
    if name not in scripts:
        raise ValueError(f"benchmark is {name!r}; known are {', '.join(scripts)}")
    raise typer.Exit(subprocess.run([sys.executable, scripts[name], *(words or [])]).returncode)
