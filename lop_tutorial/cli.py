"""The command line: reproduce a table, look after image sets and the book, see what is installed."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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
MOST_SEEDS = 1000
ClickError: Any = typer.BadParameter.__mro__[2]  # click's own base class; newer typer carries its own click


@app.command()
def reproduce(
    experiment: Annotated[
        str, typer.Argument(help="table1 to table4, first_look, type1, type2, width or real_images.")
    ],
    profile: Annotated[
        str,
        typer.Option(
            help="quick: two CPU cores, minutes, no download. colab: a T4, real images. h200: an hour of one GPU. "
            "full: the paper's protocol."
        ),
    ] = "quick",
    data: Annotated[str | None, typer.Option(help="procedural, or the name of an image set (see `data list`).")] = None,
    classes: Annotated[
        str | None, typer.Option(help="Only some of the set's classes, by places in a fixed shuffled order: 80:100.")
    ] = None,
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
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, with the same settings, where it was left.")
    ] = False,
    launcher: Annotated[
        str, typer.Option(help="local: processes here. ray: tasks on a Ray cluster that shares the run's folder.")
    ] = "local",
    root: Root = None,
) -> None:
    """Run one of the book's experiments: prints a table, writes a run folder and a figure.

    The folder holds config.json, environment.json, metrics.csv (a row a learner and task, as it ends) and accuracy.png.
    Ctrl-C (or SIGTERM) ends the run after the current task, a second one at once; --resume goes on with it later, and
    also with one that was killed.
    """
    from lop_tutorial.reproduction import plan
    from lop_tutorial.reproduction.runs import must_be_new
    from lop_tutorial.reproduction.whole_run import LAUNCHERS

    if launcher not in LAUNCHERS:
        raise ValueError(f"launcher is {launcher!r}; it must be one of {', '.join(LAUNCHERS)}")
    if resume and out is None:
        raise ValueError("--resume goes on with a run that is there: name its folder with --out")
    chosen = plan(experiment, profile)
    if data is not None and data != chosen.data and "points" in (data, chosen.data):
        told = "toy points, and nothing else" if chosen.data == "points" else "pictures, not toy points"
        raise ValueError(f"data is {data!r}, but {experiment} takes {told}")
    chosen = replace(
        chosen,
        data=data or chosen.data,
        data_root=root,
        classes=chosen.classes if classes is None else parse_classes(classes),
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
    if not resume:
        must_be_new(folder)
    how = {"device": device, "workers": workers or os.cpu_count() or 1, "launcher": launcher, "resume": resume}
    _carry_out(chosen, profile, folder, how)


def _carry_out(chosen: Any, profile: str, folder: Path, how: dict[str, Any]) -> None:
    from matplotlib import pyplot as plt
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lop_tutorial import figures
    from lop_tutorial.reproduction import Run, carry_out
    from lop_tutorial.reproduction.parts import STEP
    from lop_tutorial.reproduction.whole_run import begun

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
    figures.use()
    picture = _curves(results, chosen.as_config(), title=text)
    (folder / "accuracy.png").write_bytes(picture)
    plt.close("all")
    console.print(f"Run: {folder}", highlight=False)


def _what_is_there(folder: Path, columns: tuple[str, ...]) -> int:
    """Says how far a run is that is to be resumed; the number of its rows that will not come again."""
    from lop_tutorial.reproduction import Run
    from lop_tutorial.reproduction.parts import Parts
    from lop_tutorial.reproduction.whole_run import is_finished

    if is_finished(folder):
        console.print(f"{folder} is finished already", highlight=False)
        return len(Run.open(folder).results.rows)
    parts = Parts(folder, columns)
    rows = sum(len(parts.lines(number, kept=True)) for number in range(len(parts.crews() or [])))
    console.print(f"{folder}: {rows} tasks are there", highlight=False)
    return rows


def _foretell(chosen: Any, begin: int, folder: Path, how: dict[str, Any]) -> None:
    """Before a long run, says what it will take from task `begin` on."""
    from lop_tutorial.reproduction.execute import crews_of
    from lop_tutorial.reproduction.forecast import forecast
    from lop_tutorial.reproduction.parts import Parts

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


def _print_table(results: Any, chosen: Any, text: str) -> None:
    from lop_tutorial.reproduction import bin_table

    shown = bin_table(results, bins=chosen.bins, paper=chosen.table, data=text)
    table = Table(*shown.header, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for line in shown.lines:
        table.add_row(*line, style="dim" if line[1] == "paper" else None)
    console.print(table, shown.note)


@app.command()
def report(
    runs: Annotated[
        list[str] | None, typer.Argument(help="Run folders, finished or not, or names in results/. Default: runs/*.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the page goes; an older one is replaced.")] = Path("report"),
) -> None:
    """Write a page about runs: tables with intervals beside the paper's, differences, learning curves, what differs.

    The folder gets report.md, report.html (which needs no other file), numbers.csv and the curves.
    """
    from matplotlib import pyplot as plt

    from lop_tutorial import figures
    from lop_tutorial.reproduction.page import RunReport, find_runs, write_page

    reports = [each for run in find_runs(runs or []) for each in RunReport.each(run)]
    figures.use()
    pictures = {}
    for each in reports:
        if each.run.results.rows and each.run.folder not in pictures:
            pictures[each.run.folder] = _curves(each.run.results, each.config, title=str(each.config["about"]))
    plt.close("all")
    write_page(reports, pictures, out)
    for each in reports:
        console.print(f"{each.name}: {each.progress()}", highlight=False)
    console.print(f"Page: {out / 'report.html'}", highlight=False)


def _curves(results: Any, config: Any, title: str) -> bytes:
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
    """ "5" is seeds 0 to 4, "100:108" is 100 to 107, "1,4,7" is just those, and "7," is 7 alone; 1,000 at most."""
    try:
        if ":" in text:
            first, end = map(int, text.split(":"))
            found = tuple(range(first, min(end, first + MOST_SEEDS + 1)))
        elif "," in text:
            found = tuple(map(int, text.strip(",").split(",")))
        else:
            found = tuple(range(min(int(text), MOST_SEEDS + 1)))
    except ValueError:
        found = ()
    if not found or min(found) < 0:
        raise ValueError(f"seeds is {text!r}; write 5 (five seeds from 0), 100:108 (from 100 up to 107) or 1,4,7")
    if len(found) > MOST_SEEDS:
        raise ValueError(f"seeds is {text!r}; {MOST_SEEDS:,} seeds are the most")
    return found


def parse_classes(text: str) -> tuple[int, int]:
    """ "80:100" is the places 80 to 99."""
    try:
        first, end = map(int, text.split(":"))
    except ValueError:
        raise ValueError(f"classes is {text!r}; write two places with a colon, such as 80:100") from None
    return first, end


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
