"""A plan carried out into a folder, from its beginning or from where it was left."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import Any

from lop_tutorial.atomic import append, clear_left_over, write_text
from lop_tutorial.interventions import EDITION, FIRST_EDITION, intervention
from lop_tutorial.running.crews import EVERY, STEP, Crew, Parts, cell
from lop_tutorial.running.execute import carry_on, crews_of
from lop_tutorial.running.first_steps import must_take_steps
from lop_tutorial.running.folder import Origins, alone, holds, is_finished, settings_in
from lop_tutorial.running.plan import Plan, former_settings
from lop_tutorial.running.results import Row
from lop_tutorial.running.run import csv_text, must_be_new, place_of, write_json

Launcher = Callable[[Plan, Sequence[Crew], str, int, Parts], Iterator[Row]]
LAUNCHERS = ("local", "ray")


def carry_out(
    plan: Plan,
    profile: str,
    folder: Path,
    *,
    device: str = "cpu",
    workers: int = 1,
    launcher: str = "local",
    resume: bool = False,
    every: float | int = EVERY,
) -> Iterator[Row]:
    """Runs a plan into a folder, which must be new or empty, and gives its rows as they come and as they are written.

    Each crew writes a checkpoint after a task, at most every `every` seconds. With `resume`, the folder may hold a part
    of the same run: then that is kept, and the rows are those that were missing. A file `checkpoints/stop` in the
    folder ends every crew after its current task. However it ended, metrics.csv has the rows of each learner up to
    some task. Where the run is finished they are sorted, and on a CPU the same whether it was resumed or not.

    Raises a ValueError where the folder holds anything else, is in use, was removed, or has a damaged checkpoint; and
    an OSError where the disk is full. Then the last checkpoints are kept.
    """
    if launcher not in LAUNCHERS:
        raise ValueError(f"launcher is {launcher!r}; it must be one of {', '.join(LAUNCHERS)}")
    launch = _launcher(launcher)
    plan = _as_begun(plan, settings_in(folder)) if resume else plan
    parts = Parts(folder.absolute(), plan.columns, every)
    fresh: list[Crew] = []
    if not resume or not begun(folder, plan, profile):
        must_be_new(folder, resume)
        plan.spec.must_repeat(plan.seeds[0])
        must_take_steps(plan, device)
        fresh = crews_of(plan, device, workers)  # what cannot be begun leaves no folder
    with alone(parts.folder / "lock", str(folder)):
        if (folder / "config.json").exists() and not resume:
            must_be_new(folder)
        if not is_finished(folder):
            clear_left_over(folder)
            crews = parts.crews()
            if crews is None:
                _no_rows(folder)
                write_json(folder / "config.json", _config(plan, profile))
                crews = fresh or crews_of(plan, device, workers)
                parts.begin(crews)
            parts.stop.unlink(missing_ok=True)
            yield from _written(plan, parts, crews, launch(plan, crews, device, workers, parts), device)
    if is_finished(folder):
        rmtree(parts.folder, ignore_errors=True)


def _no_rows(folder: Path) -> None:
    """ValueError if rows are there, without the checkpoints from which they could be gone on with."""
    path = folder / "metrics.csv"
    if path.exists() and len(path.read_text(encoding="utf-8").splitlines()) > 1:
        raise ValueError(f"{folder / 'checkpoints'} is missing, and {path} has rows: begin the run in another folder")


def _written(plan: Plan, parts: Parts, crews: Sequence[Crew], rows: Iterator[Row], device: str) -> Iterator[Row]:
    _assemble(plan, parts, crews, kept=True)  # before anything is written: here a damaged checkpoint is refused
    folder, origins = parts.run, Origins(parts.run, device)
    try:
        with open(folder / "metrics.csv", "ab", buffering=0) as file:
            for row in rows:
                append(file, csv_text([[cell(row[name]) for name in plan.columns]]).encode())
                if STEP in row:
                    _assemble_diverged(parts, crews)
                origins.write_every(EVERY)
                yield row
    except BaseException:
        with suppress(OSError):  # the caller sees what went wrong first
            _assemble(plan, parts, crews)
            origins.write(finished=False)
        raise
    try:
        _assemble(plan, parts, crews)
        origins.write(finished=all(parts.finished(number) for number in range(len(crews))))
    except FileNotFoundError as error:
        raise ValueError(f"{folder} was removed while the run went on; what was in it is lost") from error


def _assemble(plan: Plan, parts: Parts, crews: Sequence[Crew], kept: bool = False) -> None:
    """metrics.csv from the crews' rows, by width, method, seed and task; `kept`: those that will not come again."""
    lines = [line for number in range(len(crews)) for line in parts.lines(number, kept)]
    asked = plan.widths, plan.methods, plan.seeds
    lines.sort(key=lambda line: place_of(dict(zip(plan.columns, line, strict=False)), *asked))
    write_text(parts.run / "metrics.csv", csv_text([plan.columns, *(line[:-1] for line in lines)]))
    _assemble_diverged(parts, crews)


def _assemble_diverged(parts: Parts, crews: Sequence[Crew]) -> None:
    """diverged.csv, where a learner diverged: which, in which task, in which step."""
    where = parts.columns[: parts.columns.index("task") + 1]
    diverged = [
        [*line[: len(where)], line[-1]] for number in range(len(crews)) for line in parts.lines(number) if line[-1]
    ]
    if diverged:
        write_text(parts.run / "diverged.csv", csv_text([(*where, "step"), *sorted(diverged)]))


def _config(plan: Plan, profile: str) -> dict[str, Any]:
    """The configuration with the types that JSON gives back: tuples are lists."""
    return dict(json.loads(json.dumps({"profile": profile} | plan.as_config())))


def begun(folder: Path, plan: Plan, profile: str) -> bool:
    """Whether the folder holds a part of this run, or the whole; ValueError if of one with other settings."""
    return holds(folder, _config(_as_begun(plan, settings_in(folder)), profile), former_settings())


def _as_begun(plan: Plan, there: dict[str, Any] | None) -> Plan:
    """The plan with its methods as a run has them that asked for the same ones, perhaps with former defaults."""
    there = there or {}
    edition, methods = there.get("edition", FIRST_EDITION), there.get("methods", ())
    if not isinstance(methods, list) or not all(isinstance(each, str) for each in methods):
        return plan
    if type(edition) is not int or not FIRST_EDITION <= edition <= EDITION:
        return plan
    same = len(methods) == len(plan.methods) and all(
        mine == theirs or plan.intervention(mine) == intervention(theirs, edition)
        for mine, theirs in zip(plan.methods, methods, strict=True)
    )
    return replace(plan, methods=tuple(methods), edition=edition) if same else plan


def _launcher(name: str) -> Launcher:
    """The function of that launcher; ValueError where it is not available, before anything is written."""
    if name == "local":
        return carry_on
    from lop_tutorial.running.ray_tasks import carry_on_with_ray, connected

    connected()
    return carry_on_with_ray
