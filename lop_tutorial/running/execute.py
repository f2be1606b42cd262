"""Runs a plan's learners: in fleets where that is faster, on a CPU in several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from queue import Empty
from typing import Any

from lop_tutorial.own_classes import own_code_told
from lop_tutorial.running.crews import Crew, Part, Parts
from lop_tutorial.running.main_guard import must_be_guarded
from lop_tutorial.running.measures import measure
from lop_tutorial.running.odometer import Odometer
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Row
from lop_tutorial.running.walk_tasks import row_of, walk_tasks
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner, faster_in_fleet


def rows(plan: Plan, *, device: str = "cpu", workers: int = 1) -> Iterator[Row]:
    """One row a learner and task, as it ends.

    Learners are trained together where that is faster. `workers` processes share them (CPU only). On a CPU the rows of
    one learner are the same, to the last bit, whoever else is trained and by however many workers, and come in order;
    those of different learners may alternate. Every process is held to one thread then, this one too: small networks
    gain nothing from more, and the number of threads changes last digits. The row in which a learner diverged has the
    step in `diverged_step`, and is its last.
    """
    yield from carry_on(plan, crews_of(plan, device, workers), device, workers)


def crews_of(plan: Plan, device: str, workers: int) -> list[Crew]:
    """The crews of a plan, width by width."""
    must_be_guarded(workers if device == "cpu" else 1)
    fleets = workers if device == "cpu" else 1
    return [
        Crew(learners, width)
        for width, at_width in plan.at_each_width()
        for learners in _together(at_width, device, fleets)
    ]


def _together(plan: Plan, device: str, fleets: int) -> list[list[tuple[str, int]]]:
    """Learners that can be stacked, in `fleets` crews for each kind of network; each of the others alone."""
    alone: list[list[tuple[str, int]]] = []
    together: dict[str, list[tuple[str, int]]] = {}
    for method in plan.methods:
        network = plan.learner(method, plan.seeds[0], device).network
        learners = [(method, seed) for seed in plan.seeds]
        if faster_in_fleet(network, device) and "path" not in plan.measures:
            same = f"{network} {plan.training_of(method).step_size}"
            together.setdefault(same, []).extend(learners)
        else:
            alone += [[learner] for learner in learners]
    parts = [
        [(method, seed) for method, seed in crew if plan.seeds.index(seed) % fleets == part]
        for crew in together.values()
        for part in range(fleets)
    ]
    return [part for part in parts if part] + sorted(alone, key=lambda crew: plan.seeds.index(crew[0][1]))


def carry_on(plan: Plan, crews: Sequence[Crew], device: str, workers: int, parts: Parts | None = None) -> Iterator[Row]:
    """The rows of these crews; with `parts`, they go on from their checkpoints and leave new ones."""
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
            for rows_of_task in _task_by_task(plan.at(crew.width), crew, device, part):
                yield from rows_of_task


def _task_by_task(plan: Plan, crew: Crew, device: str, part: Part | None) -> Iterator[list[Row]]:
    """The rows of all learners of a crew, task after task; with `part`, they are on disk before they are given."""
    learners: Sequence[Learner] = ()
    done = 0
    odometers: dict[int, Odometer] = {}

    def begin(new: Sequence[Learner]) -> tuple[int, Sequence[bool], Sequence[int]]:
        nonlocal learners, done
        learners, done = new, part.restore(new) if part else 0
        return (done, part.ended, part.at_chance) if part else (done, (), ())

    def start_odometer(learner: Learner, task: Task) -> None:
        if "path" in plan.measures:
            odometers[learner.seed] = Odometer(learner)

    def look(learner: Learner, task: Task) -> Mapping[str, float]:
        path = odometers.pop(learner.seed).read() if odometers else {}
        return {} if (task.index + 1) % plan.measure_every else path | measure(plan.measures, learner.network, task)

    for visits in walk_tasks(plan, crew.learners, device, before=start_odometer, after=look, begin=begin):
        done += 1
        rows = [row_of(plan, method, visit) for (method, _), visit in zip(crew.learners, visits, strict=True) if visit]
        if part:
            part.add(rows)
            part.ended = [visit is None or visit.ended for visit in visits]
            part.at_chance = [0 if visit is None else visit.at_chance for visit in visits]
        yield rows
        if part and done < plan.tasks and part.due():
            part.keep(learners, done)
            if part.stopping():
                return
    if part and not part.finished:
        part.keep(learners, done, finished=True)


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
    with _signals_held():  # this process handles them; workers never see any
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
    """Blocks SIGINT and SIGTERM until the end of the block; processes started in it never receive them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(plan: Plan, todo: Any, done: Any, parts: Parts | None) -> None:
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        with own_code_told():
            while (numbered := todo.get()) is not None:
                for row in crew_rows(plan, numbered[0], numbered[1], "cpu", parts):
                    done.put(row)
        done.put(None)
    except (ValueError, OSError) as error:
        done.put(error)
    except Exception as error:  # it may not travel between processes: its text does
        done.put(RuntimeError(f"{error!r} in a worker process:\n{traceback.format_exc()}"))


def _end_with_the_parent() -> None:
    """Ends this worker when its parent is killed, so that it does not go on writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
