"""Progress bars, for those who want them: converting and downloading print nothing of their own accord."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

Progress = Callable[[str, int, int], None]
"""Called as (what is being done, how much is done, of how much); of 0 where that is not known."""


def silent(what: str, done: int, total: int) -> None:
    """The progress that is reported to nobody."""


@contextlib.contextmanager
def progress_bars(console: Console | None = None) -> Iterator[Progress]:
    """Bars on the terminal, one for each thing done: `with progress_bars() as p: add(..., progress=p)`."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Bars(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what)
            bars.update(tasks[what], completed=done, total=total or None)

        yield show
