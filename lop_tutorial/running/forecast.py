"""A forecast of a run, from a few short tasks: its time, its memory, and how many such learners would fit."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from lop_tutorial.running.crews import Crew
from lop_tutorial.running.execute import crew_rows
from lop_tutorial.running.plan import Plan

LONG = 300.0
"""Seconds from which a run is long, and worth a forecast."""

Kind = tuple[int | str | None, ...]
"""Crews of one width with the same methods: they take the same time."""

TRIAL = 0.5
"""Seconds that the epochs of a trial task last, about, unless the first epoch alone takes longer."""

TINY = 1e-3
"""Seconds that the shortest epoch counts as, at the least, when the epochs of a trial are chosen."""


@dataclass(frozen=True)
class Forecast:
    """`seconds` of the whole run, on `processes`; bytes of memory of all of them; bytes that are free, if that is
    known; and what one learner adds.
    """

    seconds: float
    processes: int
    memory: float
    a_learner: float
    free: float | None

    def __str__(self) -> str:
        on = f" on {self.processes} processes" if self.processes > 1 else ""
        text = f"Expected: about {duration(self.seconds)}{on}, {size(self.memory)} of memory"
        if self.free is None:
            return text
        if self.memory > self.free:
            return f"{text}, but only {size(self.free)} are free: take fewer --workers or --seeds"
        fit = max(1, int(self.free / self.a_learner))
        return f"{text}; {size(self.free)} are free, room for some {fit:,} such learners at a time"


def forecast(
    plan: Plan, crews: Sequence[Crew], device: str, workers: int, *, begin: int = 0, long: float | int = LONG
) -> Forecast | None:
    """Measures a few tasks of one crew of each kind; None if the run will not take `long` seconds.

    A crew's time is taken from two tasks of one epoch and of a few, and scaled to the plan's from task `begin` on. That
    one process runs while nothing else does is assumed; in parallel, processes may hinder each other, and then it
    takes longer. None for a single task, too: the first one warms up, and says little.
    """
    if plan.tasks < 2:
        return None
    workers = min(workers, len(crews)) if device == "cpu" else 1
    kinds: dict[Kind, list[Crew]] = {}
    for crew in crews:
        kinds.setdefault((crew.width, *(method for method, _ in crew.learners)), []).append(crew)
    before = _memory_now(device)
    first = {kind: _task(plan, same[0], device, 1) for kind, same in kinds.items()}
    at_most = {kind: seconds * plan.training.epochs for kind, seconds in first.items()}
    number = in_tasks(plan, begin)
    if _whole(number, kinds, at_most, workers) < long:
        return None
    tasks = {kind: _task_of_plan(plan, same[0], device, first[kind]) for kind, same in kinds.items()}
    own = max(_memory_peak(device) - before, 1.0)
    return Forecast(
        seconds=_whole(number, kinds, tasks, workers),
        processes=workers,
        memory=workers * (before + own),
        a_learner=max(own / max(len(crew.learners) for crew in crews), _weights(plan)),
        free=_memory_free(device),
    )


def in_tasks(plan: Plan, begin: int) -> float:
    """What the plan's tasks from `begin` on amount to, in second tasks: of increments the t-th has t shares."""
    return sum(plan.spec.share(number) for number in range(begin, plan.tasks))


def _whole(number: float | int, kinds: dict[Kind, list[Crew]], task: dict[Kind, float], n: int) -> float:
    """Seconds of all crews on n processes, from the number of tasks and seconds a task."""
    crews = [number * task[kind] for kind, same in kinds.items() for _ in same]
    return max(sum(crews) / n, *crews)


def _task_of_plan(plan: Plan, crew: Crew, device: str, one_epoch: float) -> float:
    """Seconds of one task as the plan has it: its epochs, its share of measurements."""
    one_epoch = min(one_epoch, _task(plan, crew, device, 1))  # once more: a busy machine may have held it up
    epochs, few = plan.training.epochs, max(2, round(TRIAL / max(one_epoch, TINY)))
    if epochs <= few:
        seconds = _task(plan, crew, device, epochs)
    else:
        took = _task(plan, crew, device, few)
        an_epoch = (took - one_epoch) / (few - 1) if took > one_epoch else took / few
        seconds = one_epoch + (epochs - 1) * an_epoch
    if plan.measures:
        seconds += max(0.0, _task(plan, crew, device, 1, measured=True) - one_epoch) / plan.measure_every
    return seconds


def _task(plan: Plan, crew: Crew, device: str, epochs: int, measured: bool = False) -> float:
    """Seconds of the second of two tasks with these epochs: the first warms up."""
    measures = plan.measures if measured else ()
    training = replace(plan.training, epochs=epochs)
    small = replace(plan, tasks=2, training=training, measures=measures, measure_every=1)
    ends = {row["task"]: time.perf_counter() for row in crew_rows(small, 0, crew, device)}
    return ends[1] - ends[0] if 1 in ends else 0.0  # 0: diverged at once


def _weights(plan: Plan) -> float:
    """Bytes of a learner's weights and their momentum."""
    return 2.0 * sum(weight.numel() * weight.element_size() for weight in plan.make_network().parameters())


def _memory_now(device: str) -> float:
    if device.startswith("cuda"):
        torch.cuda.init()  # asked for one by its number, torch does not do so by itself
        torch.cuda.reset_peak_memory_stats(device)
        return float(torch.cuda.memory_allocated(device))
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return _memory_peak(device)
    import resource

    return float(statm.read_text(encoding="utf-8").split()[1]) * resource.getpagesize()


def _memory_peak(device: str) -> float:
    if device.startswith("cuda"):
        return float(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def _memory_free(device: str) -> float | None:
    if device.startswith("cuda"):
        return float(torch.cuda.mem_get_info(device)[0])
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines())
        return float(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError):
        return None


def duration(seconds: float) -> str:
    """A duration to two digits or so: 40 s, 12 min, 3.5 h, 4.2 days."""
    for unit, name, below in ((1, "s", 90), (60, "min", 90 * 60), (3600, "h", 48 * 3600)):
        if seconds < below:
            return f"{seconds / unit:.2g} {name}" if seconds < 10 * unit else f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86400:.2g} days" if seconds < 10 * 86400 else f"{seconds / 86400:.0f} days"


def size(number: float) -> str:
    """Bytes in a readable unit: 340 MB, 2.5 GB."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
