"""A plan carried out on a terminal: a forecast, a progress bar, signals that stop it, and a table in the end."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lop_tutorial.commands import INTERRUPTED
from lop_tutorial.commands.report import picture_of

if TYPE_CHECKING:  # imported where they are used: --help shall not wait for torch
    from lop_tutorial.running import Plan, Results, Run

console = Console()


def run_plan(chosen: Plan, profile: str, folder: Path, how: dict[str, Any]) -> None:
    """Carries a plan out into a folder; then prints its table and writes its figure. `how` is passed to `carry_out`."""
    from matplotlib import pyplot as plt
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lop_tutorial import figures
    from lop_tutorial.report.numbers import counted
    from lop_tutorial.running import Run, carry_out
    from lop_tutorial.running.carry_out import begun
    from lop_tutorial.running.crews import STEP

    size = chosen.stream(chosen.seeds[0]).shape[-1]
    text = chosen.about if chosen.images is None else f"{chosen.about}, {chosen.data} images of {size} pixels"
    text += f", {chosen.data}" * (":" in chosen.data)
    sizes = ((len(chosen.widths), "width"), (len(chosen.methods), "method"), (len(chosen.seeds), "seed"))
    size_of_run = " x ".join(counted(number, word) for number, word in (*sizes, (chosen.tasks, "task")) if number)
    console.print(f"{text}: {size_of_run}", highlight=False, soft_wrap=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("tasks,"),
        TimeRemainingColumn(),
    )
    already = 0
    if how["resume"] and begun(folder, chosen, profile):
        already = _what_is_there(folder, chosen.columns)
    elif how["resume"]:
        console.print(f"{folder}: nothing is there yet, the run begins", highlight=False)
    if already < chosen.steps and how["launcher"] == "local":
        _foretell(chosen, already * chosen.tasks // chosen.steps, folder, how)
    with Progress(*columns, TextColumn("left"), console=console) as bar, _stopping(folder, bar.print):
        running = bar.add_task("training", total=chosen.steps, completed=already)
        for row in carry_out(chosen, profile, folder, **how):
            bar.advance(running)
            if STEP in row:
                where = f"{row['method']}{_width(row)}, seed {row['seed']}: diverged in task {row['task']}"
                bar.print(f"{where}, step {row[STEP]} (counted from 0); stopped there", highlight=False)
    run = Run.open(folder)  # what is shown is what is stored
    if not run.finished:
        command = shlex.join(["lop-tutorial", *(word for word in sys.argv[1:] if word != "--resume")])
        out = "" if "--out" in command else f" --out {shlex.quote(str(folder))}"
        console.print(f"Stopped. To go on: {command}{out} --resume", highlight=False, soft_wrap=True)
        raise typer.Exit(INTERRUPTED)
    results = run.results
    _print_table(results, chosen, text)
    for lost in run.diverged:
        where = "{method}{of}, seed {seed}: diverged in task {task}, step {step}".format(of=_width(lost), **lost)
        told = f"{where} (counted from 0)"
        console.print(told, highlight=False)
    if chosen.dead_after:
        console.print(_told_of_deaths(run, chosen), highlight=False)
    figures.use()
    picture = picture_of(results, chosen.as_config(), title=text)
    (folder / "accuracy.png").write_bytes(picture)
    plt.close("all")
    console.print(f"Run: {folder}", highlight=False)


def _what_is_there(folder: Path, columns: tuple[str, ...]) -> int:
    """Prints how far a run to be resumed is; the number of its rows that are done."""
    from lop_tutorial.running import Run
    from lop_tutorial.running.carry_out import is_finished
    from lop_tutorial.running.crews import Parts

    if is_finished(folder):
        console.print(f"{folder} is finished already", highlight=False)
        return len(Run.open(folder).results.rows)
    parts = Parts(folder, columns)
    rows = sum(len(parts.lines(number, kept=True)) for number in range(len(parts.crews() or [])))
    console.print(f"{folder}: {rows} tasks are there", highlight=False)
    return rows


def _foretell(chosen: Plan, begin: int, folder: Path, how: dict[str, Any]) -> None:
    """Before a long run, prints a forecast from task `begin` on."""
    from lop_tutorial.running.crews import Parts
    from lop_tutorial.running.execute import crews_of
    from lop_tutorial.running.forecast import forecast

    device, workers = how["device"], how["workers"]
    crews = Parts(folder, chosen.columns).crews() or crews_of(chosen, device, workers)
    with console.status("measuring a few tasks, to foretell the time"):
        foretold = forecast(chosen, crews, device, workers, begin=begin)
    if foretold is not None:
        console.print(str(foretold), highlight=False)


@contextmanager
def _stopping(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    """SIGINT and SIGTERM end a run after its current task; a second one at once."""

    def stop(*_: object) -> None:
        for number in before:
            signal.signal(number, signal.default_int_handler)
        with suppress(FileNotFoundError):
            (folder / "checkpoints" / "stop").touch()
            say("Stopping after the current task; once more stops at once")
            return
        raise KeyboardInterrupt

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        before |= {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _width(row: Any) -> str:
    return f" of width {row['width']}" if "width" in row else ""


def _told_of_deaths(run: Run, chosen: Plan) -> str:
    """A line on the learners of a finished run that stopped because they were at chance for so many tasks."""
    lived = Counter((f"{row['method']}{_width(row)}", int(row["seed"])) for row in run.results.rows)
    diverged = {(f"{row['method']}{_width(row)}", int(row["seed"])) for row in run.diverged}
    dead = [
        f"{method}, seed {seed} from task {tasks - chosen.dead_after}"
        for (method, seed), tasks in lived.items()
        if tasks < chosen.tasks and (method, seed) not in diverged
    ]
    text = f"{len(dead)} of {len(lived)} learners stopped before the end, at chance for {chosen.dead_after} tasks"
    return text + (f" (counted from 0): {'; '.join(dead)}" if dead else "")


def _print_table(results: Results, chosen: Plan, text: str) -> None:
    from lop_tutorial.report import bin_table

    shown = bin_table(results, bins=chosen.bins, paper=chosen.table, data=text, dead_after=chosen.dead_after)
    table = Table(*shown.header, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for line in shown.lines:
        table.add_row(*line, style="dim" if line[1] == "paper" else None)
    console.print(table, shown.note)
