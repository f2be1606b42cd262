"""Runs a plan's learners: stacked in fleets where their networks allow it, on CPU cores side by side."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice
from queue import Empty
from typing import Any

import torch

from lop_tutorial.interventions import intervention
from lop_tutorial.reproduction.measures import measure
from lop_tutorial.reproduction.plan import Plan
from lop_tutorial.reproduction.results import Row
from lop_tutorial.streams import Stream
from lop_tutorial.training import Fleet, Learner, Outcome, live, live_together, stackable

ENGINES = ("fleet", "plain")


Crew = list[tuple[str, int]]
"""Learners, as (method, seed), that one process trains together."""

Job = tuple[Plan, Crew]
"""A crew, and the plan that it follows: a plan with several widths is one plan for each of them."""


def rows(plan: Plan, *, device: str = "cpu", workers: int = 1, engine: str = "fleet") -> Iterator[Row]:
    """One row a learner and task, as it ends.

    `engine` "fleet" trains learners together where their networks can be stacked, "plain" one after the other.
    `workers` processes share the learners (CPU only). The rows of one learner come in order and are the same for any
    number of workers; those of different learners may alternate. On a CPU every process is held to one thread, this
    one too: small networks gain nothing from more, and the number of threads changes last digits.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine is {engine!r}; it must be one of {', '.join(ENGINES)}")
    if device == "cpu":
        torch.set_num_threads(1)
    else:
        workers = 1
    fleets = workers if engine == "fleet" else 0
    jobs = [(one, crew) for one in plan.at_each_width() for crew in _crews(one, device, fleets)]
    if workers == 1:
        for one, crew in jobs:
            yield from _lives(one, crew, device)
    else:
        yield from _side_by_side(jobs, min(workers, len(jobs)))


def _crews(plan: Plan, device: str, fleets: int) -> list[Crew]:
    """Learners that can be stacked, in `fleets` crews for each kind of network; every other one by itself."""
    alone: list[Crew] = []
    together: dict[str, Crew] = {}
    for method in plan.methods:
        network = plan.learner(method, plan.seeds[0], device).network
        learners = [(method, seed) for seed in plan.seeds]
        if fleets and stackable(network):
            together.setdefault(str(network), []).extend(learners)
        else:
            alone += [[learner] for learner in learners]
    parts = [
        [one for one in crew if plan.seeds.index(one[1]) % fleets == part]
        for crew in together.values()
        for part in range(fleets)
    ]
    return [part for part in parts if part] + sorted(alone, key=lambda crew: plan.seeds.index(crew[0][1]))


def _lives(plan: Plan, crew: Crew, device: str) -> Iterator[Row]:
    streams = {seed: plan.stream(seed) for _, seed in crew}
    tasks = {seed: islice(stream, plan.tasks) for seed, stream in streams.items()}
    learners: list[Learner]
    outcomes: Iterator[list[Outcome | None]]
    if len(crew) == 1:
        (method, seed), *_ = crew
        learners = [plan.learner(method, seed, device)]
        outcomes = ([outcome] for outcome in live(learners[0], tasks[seed]))
    else:
        fleet = Fleet(plan.make_network, plan.training, [(intervention(m), seed) for m, seed in crew], device=device)
        learners, outcomes = fleet.learners, live_together(fleet, tasks)
    for found in outcomes:
        for (method, seed), learner, outcome in zip(crew, learners, found, strict=True):
            if outcome is not None:
                row: Row = {**plan.place, "method": method, "seed": seed, **asdict(outcome)}
                yield row | _measured(plan, learner, streams[seed], outcome)


def _measured(plan: Plan, learner: Learner, stream: Stream, outcome: Outcome) -> Row:
    if not plan.measures:
        return {}
    if outcome.diverged or (outcome.task + 1) % plan.measure_every:
        return dict.fromkeys(plan.measured, math.nan)
    return {**measure(plan.measures, learner.network, stream.task(outcome.task).to(learner.device))}


def _side_by_side(jobs: list[Job], workers: int) -> Iterator[Row]:
    context = multiprocessing.get_context("spawn")
    done: Any = context.Queue()
    todo: Any = context.Queue()
    for plan, crew in jobs:
        todo.put((replace(plan), crew))  # a copy without its images: each worker opens them itself
    for _ in range(workers):
        todo.put(None)
    processes = [context.Process(target=_work, args=(todo, done), daemon=True) for _ in range(workers)]
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
                    raise RuntimeError(
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
            process.terminate()
        for process in processes:
            process.join()


def _work(todo: Any, done: Any) -> None:
    torch.set_num_threads(1)
    try:
        while (job := todo.get()) is not None:
            plan, crew = job
            for row in _lives(plan, crew, "cpu"):
                done.put(row)
        done.put(None)
    except Exception as error:
        done.put(error)
