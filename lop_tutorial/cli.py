"""The command line: reproduce a table, look after image sets and the book, see what is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lop_tutorial.data.commands import Root, data_app
from lop_tutorial.publishing.commands import book_app

console = Console()
app = typer.Typer(
    help="Loss of plasticity in deep continual learning: the book's experiments, data and pages.",
    no_args_is_help=True,
    add_completion=False,
)
app.add_typer(data_app, name="data")
app.add_typer(book_app, name="book")

INTERRUPTED = 130  # 128 + SIGINT, as shells have it
ClickError: Any = typer.BadParameter.__mro__[2]  # click's own base class; newer typer carries its own click


@app.command()
def reproduce(
    experiment: Annotated[str, typer.Argument(help="table1, first_look, type1, type2, width or real_images.")],
    profile: Annotated[
        str, typer.Option(help="quick: two CPU cores, minutes, no download. full: the paper's protocol.")
    ] = "quick",
    data: Annotated[str | None, typer.Option(help="procedural, or the name of an image set (see `data list`).")] = None,
    methods: Annotated[
        str | None, typer.Option(help="Methods with commas, settings with colons: none,cbp,g_mixup:M=0.5:intra=1.")
    ] = None,
    tasks: Annotated[int | None, typer.Option(help="Tasks of each learner.", min=1)] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of each task.", min=1)] = None,
    step_size: Annotated[float | None, typer.Option(help="SGD's step size.")] = None,
    seeds: Annotated[
        str | None, typer.Option(help="5 (five seeds from 0), 100:108 (from 100 up to 107) or 1,4,7.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The run's folder, new or empty. Default: runs/ and a name with the date."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    workers: Annotated[int | None, typer.Option(help="Processes, on a CPU. Default: one a core.", min=1)] = None,
    root: Root = None,
) -> None:
    """Run one of the book's experiments: prints a table, writes a run folder and a figure.

    The folder holds config.json, environment.json, metrics.csv (a row a learner and task, as it ends) and accuracy.png.
    """
    from lop_tutorial.reproduction import plan
    from lop_tutorial.reproduction.runs import must_be_new

    chosen = plan(experiment, profile)
    chosen = replace(
        chosen,
        data=data or chosen.data,
        data_root=root,
        methods=chosen.methods if methods is None else parse_methods(methods),
        tasks=tasks or chosen.tasks,
        training=replace(
            chosen.training,
            epochs=epochs or chosen.training.epochs,
            step_size=chosen.training.step_size if step_size is None else step_size,
        ),
        seeds=parse_seeds(seeds) if seeds is not None else chosen.seeds,
    )
    check_device(device)
    folder = out or Path("runs") / f"{experiment}-{profile}-{chosen.data}-{datetime.now():%Y%m%d-%H%M%S}"
    must_be_new(folder)
    _carry_out(chosen, profile, folder, device, workers or os.cpu_count() or 1)


def _carry_out(chosen: Any, profile: str, folder: Path, device: str, workers: int) -> None:
    from matplotlib import pyplot as plt
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lop_tutorial import figures
    from lop_tutorial.reproduction import Run, rows, write

    size = chosen.stream(chosen.seeds[0]).shape[-1]
    text = chosen.about if chosen.data == "points" else f"{chosen.about}, {chosen.data} images of {size} pixels"
    sizes = f"{len(chosen.methods)} methods x {len(chosen.seeds)} seeds x {chosen.tasks} tasks"
    console.print(f"{text}: {f'{len(chosen.widths)} widths x ' * bool(chosen.widths)}{sizes}", highlight=False)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("tasks,"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, TextColumn("left"), console=console) as bar:
        running = bar.add_task("training", total=chosen.steps)
        outcome = rows(chosen, device=device, workers=workers)
        for row in write(chosen, profile, outcome, folder, device):
            bar.advance(running)
            if row["train_accuracy"] != row["train_accuracy"]:
                width = f" of width {row['width']}" if "width" in row else ""
                bar.print(f"{row['method']}{width}, seed {row['seed']}: diverged in task {row['task']}, stopped there")
    results = Run.open(folder).results  # what is shown is what is stored
    _print_table(results, chosen, text)
    figures.use()
    picture = BytesIO()
    if results.widths:
        figures.across_widths(results, ends=max(1, results.tasks // 10)).savefig(picture)
    else:
        figures.accuracy_over_tasks(results, title=text, smooth=min(5, results.tasks)).savefig(picture)
    (folder / "accuracy.png").write_bytes(figures.slim_png(picture.getvalue()))
    plt.close("all")
    console.print(f"Run: {folder}", highlight=False)


def _print_table(results: Any, chosen: Any, text: str) -> None:
    from lop_tutorial.reproduction import bin_table

    shown = bin_table(results, bins=chosen.bins, paper=chosen.table, data=text)
    table = Table(*shown.header, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for line in shown.lines:
        table.add_row(*line, style="dim" if line[1] == "paper" else None)
    console.print(table, shown.note)


@app.command()
def study(
    name: Annotated[str, typer.Argument(help="A name in `reproduction/studies.py`, such as methods_search.")],
    out: Annotated[Path, typer.Option(help="The study's folder; what stands there already is not run again.")],
    workers: Annotated[int | None, typer.Option(help="Processes. Default: one a core.", min=1)] = None,
    root: Root = None,
) -> None:
    """Run one of the studies behind the defaults: a table with a row a learner, written plan by plan.

    The folder holds config.json, environment.json and table.csv. A study that was stopped goes on where it was.
    """
    from rich.progress import Progress

    from lop_tutorial.reproduction.study import carry_out

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
    from lop_tutorial.reproduction.studies import STUDIES

    if name not in STUDIES:
        raise ValueError(f"study is {name!r}; known are {', '.join(STUDIES)}")
    return replace(STUDIES[name], base=replace(STUDIES[name].base, data_root=root))


def parse_methods(text: str) -> tuple[str, ...]:
    """ "none, cbp" is ("none", "cbp")."""
    return tuple(method.strip() for method in text.split(",") if method.strip())


def parse_seeds(text: str) -> tuple[int, ...]:
    """ "5" is seeds 0 to 4, "100:108" is 100 to 107, "1,4,7" is just those."""
    try:
        if ":" in text:
            first, end = map(int, text.split(":"))
            found = tuple(range(first, end))
        elif "," in text:
            found = tuple(map(int, text.strip(",").split(",")))
        else:
            found = tuple(range(int(text)))
    except ValueError:
        found = ()
    if not found or min(found) < 0:
        raise ValueError(f"seeds is {text!r}; write 5 (five seeds from 0), 100:108 (from 100 up to 107) or 1,4,7")
    return found


def check_device(device: str) -> None:
    """ValueError unless torch can use it here."""
    import torch

    kind, _, number = device.partition(":")
    if kind not in ("cpu", "cuda") or (number and not number.isdigit()) or (kind == "cpu" and number):
        raise ValueError(f"device is {device!r}; it must be cpu, cuda or cuda:N")
    count = torch.cuda.device_count()
    if kind == "cuda" and int(number or 0) >= count:
        raise ValueError(f"device is {device!r}, but torch sees {count} CUDA devices here; use --device cpu")


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


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 2 after one line on what was wrong, or 130 after an interrupt."""
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


if __name__ == "__main__":
    sys.exit(main())
