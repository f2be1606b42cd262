"""`lop-tutorial reproduce`: run an experiment, stop it, go on with it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from lop_tutorial.atomic import must_take_files
from lop_tutorial.commands.run_plan import run_plan
from lop_tutorial.commands.tabular import fill_table
from lop_tutorial.commands.values import Root, parse_classes, parse_methods, parse_seeds, parse_step_sizes

MOST = 1_000_000


def reproduce(
    experiment: Annotated[
        str,
        typer.Argument(
            help="A plan: table1 to table4, death, first_look, type1, type2, width, real_images or warm_start; one of "
            "the book's own experiments: agent_controls, cartpole_reference, cbp_divergence, changing_control, "
            "changing_control_held_out, changing_games, controls, cures_type1, cures_type2, cures_pairs, "
            "equal_training, heads, increments, inheritance, long_phase, probe_scales, replay_ratio, ridges, "
            "small_rewards, suspects, suspects_held_out, walk, type1_settings, type2_settings, warm_start_gap or "
            "warm_start_longer; or a sweep, such as methods_search."
        ),
    ],
    profile: Annotated[
        str | None,
        typer.Option(
            help="quick (the default): two CPU cores, minutes, no download. colab: a T4, real images. long: a CPU's "
            "days, many tasks. h200: an hour of one GPU. full: the paper's protocol."
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
    step_size: Annotated[
        str | None, typer.Option(help="SGD's step size, and those of methods with their own: 0.1,none=0.01.")
    ] = None,
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
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes, on a CPU. Default: one a core. They change no bit, except (without MKL_CBWR=AUTO) on "
            "processors that are not Intel's: `doctor` says.",
            min=1,
        ),
    ] = None,
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

    for name, word in (("profile", profile), ("data", data), ("network", network), ("stream", stream)):
        if word == "":
            raise ValueError(f"--{name} is empty; leave it out, or give it a value")
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
    common, own = (None, {}) if step_size is None else parse_step_sizes(step_size)
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
            step_size=chosen.training.step_size if common is None else common,
        ),
        step_sizes=own or chosen.step_sizes,
        seeds=parse_seeds(seeds) if seeds is not None else chosen.seeds,
        precision=precision,
    )
    device = choose(device, precision)
    must_suit(chosen, device)
    folder = out or _default_folder(f"{experiment}-{profile}-{chosen.data.replace(':', '.')}")
    if resume:
        must_take_files(folder)
    else:
        must_be_new(folder)
    chosen.spec.must_repeat(chosen.seeds[0])
    how = {
        "device": device,
        "workers": workers or os.cpu_count() or 1,
        "launcher": launcher,
        "resume": resume,
        "every": every,
    }
    run_plan(chosen, profile, folder, how)


def _default_folder(name: str) -> Path:
    return Path("runs") / f"{name}-{datetime.now():%Y%m%d-%H%M%S}"
