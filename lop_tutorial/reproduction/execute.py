"""Runs a plan's learners, on a GPU or in this process one after the other, on CPU cores side by side."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice
from queue import Empty
from typing import Any

import torch

from lop_tutorial.reproduction.plan import Plan
from lop_tutorial.reproduction.results import Row
from lop_tutorial.training import live


def rows(plan: Plan, *, device: str = "cpu", workers: int = 1) -> Iterator[Row]:
    """One row a learner and task, as it ends.

    `workers` processes share the learners (CPU only). The rows of one learner come in order and are the same for any
    number of workers; those of different learners may alternate. On a CPU every process is held to one thread, this
    one too: small networks gain nothing from more, and the number of threads changes last digits.
    """
    if device == "cpu":
        torch.set_num_threads(1)
    learners = [(method, seed) for seed in plan.seeds for method in plan.methods]
    if workers == 1 or device != "cpu":
        for method, seed in learners:
            yield from _life(plan, method, seed, device)
    else:
        yield from _side_by_side(plan, learners, min(workers, len(learners)))


def _life(plan: Plan, method: str, seed: int, device: str) -> Iterator[Row]:
    learner = plan.learner(method, seed, device)
    for outcome in live(learner, islice(plan.stream(seed), plan.tasks)):
        yield {"method": method, "seed": seed, **asdict(outcome)}


def _side_by_side(plan: Plan, learners: list[tuple[str, int]], workers: int) -> Iterator[Row]:
    context = multiprocessing.get_context("spawn")
    done: Any = context.Queue()
    todo: Any = context.Queue()
    for learner in learners:
        todo.put(learner)
    for _ in range(workers):
        todo.put(None)
    unopened = replace(plan)  # without its images: each worker opens them itself
    processes = [context.Process(target=_work, args=(unopened, todo, done), daemon=True) for _ in range(workers)]
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


def _work(plan: Plan, todo: Any, done: Any) -> None:
    torch.set_num_threads(1)
    try:
        while (learner := todo.get()) is not None:
            method, seed = learner
            for row in _life(plan, method, seed, "cpu"):
                done.put(row)
        done.put(None)
    except Exception as error:
        done.put(error)
