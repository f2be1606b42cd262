"""`lop-tutorial reproduce`: run an experiment, stop it, go on with it."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from lop_tutorial.commands.report import picture_of
from lop_tutorial.commands.tabular import fill_table
from lop_tutorial.commands.values import INTERRUPTED, Root, parse_classes, parse_methods, parse_seeds

if TYPE_CHECKING:  # imported where they are used: --help shall not wait for torch
    from lop_tutorial.running import Plan, Results, Run

console = Console()
MOST = 1_000_000


def reproduce(
    experiment: Annotated[
        str,
        typer.Argument(
            help="A plan: table1 to table4, death, first_look, type1, type2, width or real_images; one of the book's "
            "own experiments: heads, increments, inheritance, ridges, walk, type1_settings or type2_settings; or a "
            "sweep, such as methods_search."
        ),
    ],
    profile: Annotated[
        str | None,
        typer.Option(
            help="quick (the default): two CPU cores, minutes, no download. colab: a T4, real images. h200: an hour of "
            "one GPU. full: the paper's protocol."
        ),
    ] = None,
    data: Annotated[str | None, typer.Option(help="procedural, or the name of an image set (see `data list`).")] = None,
    classes: Annotated[
        str | None, typer.Option(help="Only some of the set's classes, by places in a fixed shuffled order: 80:100.")
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Methods with commas, settings with colons: none,cbp,g_mixup:M=0.5:intra=1 (listed below); your own "
            "as my_package.module:MyMethod:strength=0.1."
        ),
    ] = None,
    network: Annotated[
        str | None,
        typer.Option(help="mlp, smallconv, convnet, resnet18, or your own: my_package.module:MyNetwork."),
    ] = None,
    stream: Annotated[
        str | None, typer.Option(help="Your own stream of tasks, in place of images: my_package.module:MyStream.")
    ] = None,
    tasks: Annotated[int | None, typer.Option(help="Tasks of each learner.", min=1, max=MOST)] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of each task.", min=1, max=MOST)] = None,
    step_size: Annotated[float | None, typer.Option(help="SGD's step size.")] = None,
    seeds: Annotated[
        str | None, typer.Option(help="5 (five seeds from 0), 100:108 (from 100 up to 107) or 1,4,7.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="The run's folder, new or empty. Default: runs/ and a name with the date."),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N, mps, or auto: cuda where there is one.")] = "auto",
    precision: Annotated[
        str, typer.Option(help="Of a step's products: fp32, bf16, or tf32 on CUDA. What is measured stays fp32.")
    ] = "fp32",
    workers: Annotated[int | None, typer.Option(help="Processes, on a CPU. Default: one a core.", min=1)] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out, with the same settings, where it was left.")
    ] = False,
    every: Annotated[float, typer.Option(help="Seconds between checkpoints; 0: one after each task.", min=0)] = 30,
    launcher: Annotated[
        str, typer.Option(help="local: processes here. ray: tasks on a Ray cluster that shares the run's folder.")
    ] = "local",
    root: Root = None,
) -> None:
    """Run one of the book's experiments: prints a table, writes a run folder and a figure.

    The folder holds config.json, environment.json, metrics.csv (a row a learner and task, as it ends) and accuracy.png.
    Ctrl-C (or SIGTERM) ends the run after the current task, a second one at once; --resume goes on with it later, and
    also with one that was killed.

    Of the book's own experiments and of sweeps, the folder holds table.csv (a row a learner) in place of metrics.csv,
    and what was not finished when it was stopped is one part of the table. They take --seeds, --tasks, --out,
    --device, --workers, --resume and --root.
    """
    from lop_tutorial.experiments import PLANS, plan
    from lop_tutorial.experiments.own import OWN
    from lop_tutorial.own_classes import is_address
    from lop_tutorial.running.carry_out import LAUNCHERS
    from lop_tutorial.running.run import must_be_new
    from lop_tutorial.running.suited import must_suit
    from lop_tutorial.training.devices import choose

    if launcher not in LAUNCHERS:
        raise ValueError(f"launcher is {launcher!r}; it must be one of {', '.join(LAUNCHERS)}")
    if resume and out is None:
        raise ValueError("--resume goes on with a run that is there: name its folder with --out")
    if experiment in OWN:
        changed: dict[str, Any] = {
            "profile": profile,
            "data": data,
            "classes": classes,
            "methods": methods,
            "network": network,
            "stream": stream,
            "epochs": epochs,
        }
        changed |= {"step-size": step_size, "precision": precision != "fp32", "launcher": launcher != "local"}
        given = [f"--{name}" for name, value in changed.items() if value not in (None, False)]
        if given:
            raise ValueError(f"{experiment} takes no {', '.join(given)}: these belong to plans ({', '.join(PLANS)})")
        device = "cpu" if device == "auto" else choose(device)  # small, and on a GPU not tested
        if device == "mps":
            raise ValueError(f"device is 'mps', which has no float64, and {experiment} cannot do without: use cpu")
        wanted = OWN[experiment].sized(parse_seeds(seeds) if seeds is not None else None, tasks, root)
        how = {"device": device, "workers": workers or os.cpu_count() or 1, "resume": resume}
        fill_table(wanted, out or _default_folder(experiment), how)
        return
    if experiment not in PLANS:
        raise ValueError(f"experiment is {experiment!r}; known are {', '.join([*PLANS, *OWN])}")
    profile = profile or "quick"
    chosen = plan(experiment, profile)
    if stream is not None:
        if data is not None or classes is not None:
            raise ValueError(f"stream is {stream!r}, which has its own data: leave out --data and --classes")
        if not is_address(stream):
            raise ValueError(f"stream is {stream!r}; write my_package.module:MyStream")
    elif data is not None and replace(chosen, data=data).spec.what != chosen.spec.what:
        raise ValueError(f"data is {data!r}, but {experiment} takes {chosen.spec.what}, and nothing else")
    chosen = replace(
        chosen,
        data=stream or data or chosen.data,
        network=network or chosen.network,
        network_settings=chosen.network_settings if network in (None, chosen.network) else {},
        widths=chosen.widths if network in (None, chosen.network) else (),
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
        precision=precision,
    )
    device = choose(device, precision)
    must_suit(chosen, device)
    folder = out or _default_folder(f"{experiment}-{profile}-{chosen.data.replace(':', '.')}")
    if not resume:
        must_be_new(folder)
    chosen.spec.must_repeat(chosen.seeds[0])
    how = {
        "device": device,
        "workers": workers or os.cpu_count() or 1,
        "launcher": launcher,
        "resume": resume,
        "every": every,
    }
    _train(chosen, profile, folder, how)


def _default_folder(name: str) -> Path:
    return Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"


def _train(chosen: Plan, profile: str, folder: Path, how: dict[str, Any]) -> None:
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
    """Says how far a run is that is to be resumed; the number of its rows that will not come again."""
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
    """Before a long run, says what it will take from task `begin` on."""
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
    """Which learners of a finished run stopped because they were at chance for so many tasks."""
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

    shown = bin_table(results, bins=chosen.bins, paper=chosen.table, data=text)
    table = Table(*shown.header, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for line in shown.lines:
        table.add_row(*line, style="dim" if line[1] == "paper" else None)
    console.print(table, shown.note)
