"""A plan carried out into a folder, from its beginning or from where it was left."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import MISSING, asdict, fields, replace
from pathlib import Path
from typing import Any

from lop_tutorial.atomic import append, write_text
from lop_tutorial.interventions import FIRST_EDITION, intervention
from lop_tutorial.locking import Taken, lock
from lop_tutorial.running.crews import EVERY, STEP, Crew, Parts, cell, remove
from lop_tutorial.running.execute import carry_on, crews_of
from lop_tutorial.running.origin import environment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Row
from lop_tutorial.running.run import NEEDED, must_be_new, write_json
from lop_tutorial.training import Training

Launcher = Callable[[Plan, Sequence[Crew], str, int, Parts], Iterator[Row]]
LAUNCHERS = ("local", "ray")


def carry_out(
    plan: Plan,
    profile: str,
    folder: Path,
    *,
    device: str = "cpu",
    workers: int = 1,
    engine: str = "fleet",
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
    plan = _as_begun(plan, _settings_there(folder)) if resume else plan
    parts = Parts(folder.absolute(), plan.columns, every)
    fresh: list[Crew] = []
    if not resume or not begun(folder, plan, profile):
        must_be_new(folder, beside=("checkpoints",) if resume else ())
        fresh = crews_of(plan, device, workers, engine)  # what cannot be begun leaves no folder
    with _alone(parts):
        if (folder / "config.json").exists() and not resume:
            must_be_new(folder)
        if not is_finished(folder):
            crews = parts.crews()
            if crews is None:
                _no_rows(folder)
                write_json(folder / "config.json", _config(plan, profile))
                crews = fresh or crews_of(plan, device, workers, engine)
                parts.begin(crews)
            parts.stop.unlink(missing_ok=True)
            yield from _written(plan, parts, crews, _launcher(launcher)(plan, crews, device, workers, parts), device)
        if is_finished(folder):
            remove(parts.folder)


def _no_rows(folder: Path) -> None:
    """ValueError if rows are there, without the checkpoints from which they could be gone on with."""
    path = folder / "metrics.csv"
    if path.exists() and len(path.read_text().splitlines()) > 1:
        raise ValueError(f"{folder / 'checkpoints'} is missing, and {path} has rows: begin the run in another folder")


def _written(plan: Plan, parts: Parts, crews: Sequence[Crew], rows: Iterator[Row], device: str) -> Iterator[Row]:
    folder, origins = parts.run, [*origins_of(parts.run), environment(device)]
    before, began, told = sum(origin.get("wall_seconds") or 0 for origin in origins), time.perf_counter(), 0.0

    def tell(finished: bool) -> None:
        nonlocal told
        told = time.perf_counter()
        origins[-1]["wall_seconds"] = round(told - began, 1)
        whole = {"finished": finished, "wall_seconds": round(before + told - began, 1)}
        write_json(folder / "environment.json", origins[0] | whole | ({"parts": origins} if len(origins) > 1 else {}))

    _assemble(plan, parts, crews, kept=True)  # before anything is written: here a damaged checkpoint is refused
    tell(finished=False)
    try:
        with open(folder / "metrics.csv", "ab", buffering=0) as file:
            for row in rows:
                append(file, _csv([[cell(row[name]) for name in plan.columns]]).encode())
                if STEP in row:
                    _assemble_diverged(parts, crews)
                if time.perf_counter() - told > EVERY:
                    tell(finished=False)
                yield row
    except BaseException:
        with suppress(OSError):  # what went wrong first is what the caller shall see
            _assemble(plan, parts, crews)
            tell(finished=False)
        raise
    try:
        _assemble(plan, parts, crews)
        tell(finished=all(parts.finished(number) for number in range(len(crews))))
    except FileNotFoundError as error:
        raise ValueError(f"{folder} was removed while the run went on; what was in it is lost") from error


def _assemble(plan: Plan, parts: Parts, crews: Sequence[Crew], kept: bool = False) -> None:
    """metrics.csv from the crews' rows, by width, method, seed and task; `kept`: those that will not come again."""
    lines = [line for number in range(len(crews)) for line in parts.lines(number, kept)]
    lines.sort(key=lambda line: _place(plan, dict(zip(plan.columns, line, strict=False))))
    write_text(parts.run / "metrics.csv", _csv([plan.columns, *(line[:-1] for line in lines)]))
    _assemble_diverged(parts, crews)


def _place(plan: Plan, row: dict[str, str]) -> tuple[int, ...]:
    width = plan.widths.index(int(row["width"])) if plan.widths else 0
    return width, plan.methods.index(row["method"]), plan.seeds.index(int(row["seed"])), int(row["task"])


def _assemble_diverged(parts: Parts, crews: Sequence[Crew]) -> None:
    """diverged.csv, where a learner diverged: which, in which task, in which step."""
    where = parts.columns[: parts.columns.index("task") + 1]
    found = [
        [*line[: len(where)], line[-1]] for number in range(len(crews)) for line in parts.lines(number) if line[-1]
    ]
    if found:
        write_text(parts.run / "diverged.csv", _csv([(*where, "step"), *sorted(found)]))


def _csv(lines: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


@contextmanager
def _alone(parts: Parts) -> Iterator[None]:
    """While this process has the run's folder to itself."""
    parts.folder.mkdir(parents=True, exist_ok=True)
    with open(parts.folder / "lock", "ab") as file:
        try:
            lock(file)
        except Taken:
            raise ValueError(f"{parts.run} is in use: another process carries out this run; end that first") from None
        yield


def _config(plan: Plan, profile: str) -> dict[str, Any]:
    """As it can be read again from JSON."""
    return dict(json.loads(json.dumps({"profile": profile} | plan.as_config())))


def begun(folder: Path, plan: Plan, profile: str) -> bool:
    """Whether the folder holds a part of this run, or the whole; ValueError if of one with other settings."""
    there = _settings_there(folder)
    if there is None:
        return False
    plan = _as_begun(plan, there)
    ours, theirs = _flat(_config(plan, profile)), _usual() | _flat(there)
    changed = [name for name in {**theirs, **ours} if ours.get(name, "not set") != theirs.get(name, "not set")]
    if changed:
        values = [f"{name} is {ours.get(name, 'not set')!r}, was {theirs.get(name, 'not set')!r}" for name in changed]
        told = "; ".join(values[:5]) + f"; and {len(values) - 5} more" * (len(values) > 5)
        raise ValueError(f"{folder} was begun with other settings: {told}. Ask for the same, or use --out")
    return True


def _settings_there(folder: Path) -> dict[str, Any] | None:
    """What the folder's config.json says; None if there is none, ValueError if it is damaged."""
    path = folder / "config.json"
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder with --out")
    try:
        there = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is damaged ({error}); begin the run anew in another folder") from error
    if not isinstance(there, dict):
        raise ValueError(f"{path} is damaged (it holds no settings); begin the run anew in another folder")
    return there


def _as_begun(plan: Plan, there: dict[str, Any] | None) -> Plan:
    """The plan with its methods as a run has them that asked for the same ones, perhaps with former defaults."""
    edition, methods = (there or {}).get("edition", FIRST_EDITION), (there or {}).get("methods", ())
    same = len(methods) == len(plan.methods) and all(
        mine == theirs or plan.intervention(mine) == intervention(theirs, edition)
        for mine, theirs in zip(plan.methods, methods, strict=True)
    )
    return replace(plan, methods=tuple(methods), edition=edition) if same else plan


def _usual() -> dict[str, Any]:
    """What a setting was, for a run that is older than it."""
    plain = {f.name: f.default for f in fields(Plan) if f.name != "data_root" and f.default is not MISSING}
    plain["edition"] = FIRST_EDITION
    return _flat(json.loads(json.dumps(plain | {"training": asdict(Training())})))


def _flat(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"training": {"epochs": 3}} is {"training.epochs": 3}."""
    found: dict[str, Any] = {}
    for name, value in config.items():
        found |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) and value else {f"{prefix}{name}": value}
    return found


def origins_of(folder: Path) -> list[dict[str, Any]]:
    """Where the parts of a run come from that were carried out before, each as `environment` has it."""
    try:
        whole = json.loads((folder / "environment.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return []
    if not isinstance(whole, dict):
        return []
    return whole.get("parts") or [{name: value for name, value in whole.items() if name != "finished"}]


def is_finished(folder: Path) -> bool:
    """Whether the folder's environment.json says so."""
    try:
        found = json.loads((folder / "environment.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    return isinstance(found, dict) and found.get("finished") is True and set(NEEDED["environment.json"]) <= set(found)


def _launcher(name: str) -> Launcher:
    if name == "local":
        return carry_on
    from lop_tutorial.running.ray_tasks import carry_on_with_ray

    return carry_on_with_ray
