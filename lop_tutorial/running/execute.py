"""Runs a plan's learners: stacked in fleets where their networks allow it, on CPU cores side by side."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from functools import partial
from itertools import count
from queue import Empty
from typing import Any

import torch

from lop_tutorial.running.crews import Crew, Part, Parts
from lop_tutorial.running.measures import measure
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Row
from lop_tutorial.streams import Stream, Task
from lop_tutorial.training import Fleet, Learner, Outcome, live, live_together, pays
from lop_tutorial.training.cpu import keep_memory

ENGINES = ("fleet", "plain")


def rows(plan: Plan, *, device: str = "cpu", workers: int = 1, engine: str = "fleet") -> Iterator[Row]:
    """One row a learner and task, as it ends.

    `engine` "fleet" trains learners together where their networks can be stacked, "plain" one after the other.
    `workers` processes share the learners (CPU only). The rows of one learner come in order and are the same for any
    number of workers up to rounding; those of different learners may alternate. On a CPU every process is held to one
    thread, this one too: small networks gain nothing from more, and the number of threads changes last digits. The
    row in which a learner diverged has the step in `diverged_step`, and is its last.
    """
    yield from carry_on(plan, crews_of(plan, device, workers, engine), device, workers)


def crews_of(plan: Plan, device: str, workers: int, engine: str = "fleet") -> list[Crew]:
    """Who is trained with whom, width by width."""
    if engine not in ENGINES:
        raise ValueError(f"engine is {engine!r}; it must be one of {', '.join(ENGINES)}")
    fleets = (workers if device == "cpu" else 1) if engine == "fleet" else 0
    return [Crew(learners, width) for width, one in plan.at_each_width() for learners in _together(one, device, fleets)]


def _together(plan: Plan, device: str, fleets: int) -> list[list[tuple[str, int]]]:
    """Learners that can be stacked, in `fleets` crews for each kind of network; every other one by itself."""
    alone: list[list[tuple[str, int]]] = []
    together: dict[str, list[tuple[str, int]]] = {}
    for method in plan.methods:
        network = plan.learner(method, plan.seeds[0], device).network
        learners = [(method, seed) for seed in plan.seeds]
        if fleets and pays(network, device):
            together.setdefault(str(network), []).extend(learners)
        else:
            alone += [[learner] for learner in learners]
    parts = [
        [one for one in crew if plan.seeds.index(one[1]) % fleets == part]
        for crew in together.values()
        for part in range(fleets)
    ]
    return [part for part in parts if part] + sorted(alone, key=lambda crew: plan.seeds.index(crew[0][1]))


def carry_on(plan: Plan, crews: Sequence[Crew], device: str, workers: int, parts: Parts | None = None) -> Iterator[Row]:
    """The rows of these crews; with `parts`, they go on from their checkpoints and leave new ones."""
    if device == "cpu":
        torch.set_num_threads(1)
        keep_memory()
    workers = min(workers, len(crews)) if device == "cpu" else 1
    if workers == 1:
        for number, crew in enumerate(crews):
            yield from crew_rows(plan, number, crew, device, parts)
    else:
        yield from _side_by_side(plan, crews, workers, parts)


def crew_rows(plan: Plan, number: int, crew: Crew, device: str, parts: Parts | None = None) -> Iterator[Row]:
    """One crew's rows, from where its checkpoint in `parts` leaves it."""
    with nullcontext() if parts is None else parts.part(number) as part:
        if part is None or not part.stopping():
            for found in _lives(plan, crew, device, part):
                yield from found


def _lives(plan: Plan, crew: Crew, device: str, part: Part | None) -> Iterator[list[Row]]:
    """Task after task, the rows of all its learners."""
    plan = plan.at(crew.width)
    images = plan.images_on(device)
    streams = {seed: plan.stream(seed, images) for _, seed in crew.learners}
    learners: list[Learner]
    live_on: Callable[[dict[int, Iterator[Task]]], Iterator[list[Outcome | None]]]
    if len(crew.learners) == 1:
        (method, alone), *_ = crew.learners
        learners = [plan.learner(method, alone, device)]
        live_on = lambda tasks: ([outcome] for outcome in live(learners[0], tasks[alone]))  # noqa: E731
    else:
        members = [(plan.intervention(method), seed) for method, seed in crew.learners]
        fleet = Fleet(plan.make_network, plan.training, members, device=device, precision=plan.precision)
        learners, live_on = fleet.learners, partial(live_together, fleet)
    first = part.restore(learners) if part else 0
    if part and part.finished:
        return
    gone = part.diverged if part else [False] * len(crew.learners)
    outcomes = live_on({seed: _tasks(stream, first, plan.tasks) for seed, stream in streams.items()})
    done = first
    for done, found in zip(count(first + 1), outcomes, strict=False):
        rows = []
        for place, ((method, seed), learner, outcome) in enumerate(zip(crew.learners, learners, found, strict=True)):
            if outcome is not None and not gone[place]:
                told = {name: value for name, value in asdict(outcome).items() if value is not None}
                row: Row = {**plan.place, "method": method, "seed": seed, **told}
                rows.append(row | _measured(plan, learner, streams[seed], outcome))
                gone[place] = outcome.diverged
        if part:
            part.add(rows)
        yield rows
        if all(gone):
            break
        if part and done < plan.tasks and part.due():
            part.keep(learners, done)
            if part.stopping():
                return
    if part:
        part.keep(learners, done, finished=True)


def _tasks(stream: Stream, first: int, end: int) -> Iterator[Task]:
    return map(stream.task, range(first, end if stream.length is None else min(end, stream.length)))


def _measured(plan: Plan, learner: Learner, stream: Stream, outcome: Outcome) -> Row:
    if not plan.measures:
        return {}
    if outcome.diverged or (outcome.task + 1) % plan.measure_every:
        return dict.fromkeys(plan.measured, math.nan)
    return {**measure(plan.measures, learner.network, stream.task(outcome.task).to(learner.device))}


def _side_by_side(plan: Plan, crews: Sequence[Crew], workers: int, parts: Parts | None) -> Iterator[Row]:
    context = multiprocessing.get_context("spawn")
    done: Any = context.Queue()
    todo: Any = context.Queue()
    for numbered in enumerate(crews):
        todo.put(numbered)
    for _ in range(workers):
        todo.put(None)
    unopened = replace(plan)  # without its images: each worker opens them itself
    processes = [context.Process(target=_work, args=(unopened, todo, done, parts), daemon=True) for _ in range(workers)]
    with _signals_held():  # they are this process's affair: workers never see them
        for process in processes:
            process.start()
    try:
        working = workers
        while working:
            try:
                message = done.get(timeout=1)
            except Empty:
                dead = [p for p in processes if p.exitcode not in (None, 0)]
                if dead:
                    raise ChildProcessError(
                        f"a worker process ended with exit code {dead[0].exitcode}; was memory short? Try --workers 1"
                    ) from None
                continue
            if message is None:
                working -= 1
            elif isinstance(message, BaseException):
                raise message
            else:
                yield message
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


@contextmanager
def _signals_held() -> Iterator[None]:
    """Interrupts wait until the block is over; processes that it starts never get any."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(plan: Plan, todo: Any, done: Any, parts: Parts | None) -> None:
    torch.set_num_threads(1)
    keep_memory()
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        while (numbered := todo.get()) is not None:
            for row in crew_rows(plan, numbered[0], numbered[1], "cpu", parts):
                done.put(row)
        done.put(None)
    except (ValueError, OSError) as error:
        done.put(error)
    except Exception as error:  # it may not travel between processes: its text does
        done.put(RuntimeError(f"{error!r} in a worker process:\n{traceback.format_exc()}"))


def _end_with_the_parent() -> None:
    """A worker whose parent was killed must not go on writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
