"""A plan's crews as tasks on a Ray cluster: many machines or GPUs, each crew resuming from its own checkpoint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from lop_tutorial.own_classes import own_code_told
from lop_tutorial.running.crews import Crew, Parts, read_cells
from lop_tutorial.running.execute import crew_rows
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Row

RETRIES = 20  # lost machines or killed workers that one crew survives
LOOK = 1.0  # seconds from one look at the crews' rows to the next


def carry_on_with_ray(plan: Plan, crews: Sequence[Crew], device: str, workers: int, parts: Parts) -> Iterator[Row]:
    """The rows of these crews, trained as tasks of the cluster that is there already, one core or one GPU a crew.

    The folder of the run must lie on a file system that all its machines share, under the same path, and lop_tutorial
    must be installed on each. A task whose worker is lost is run again elsewhere, from the crew's last checkpoint.
    Which crews there are was decided before: `workers` of them for each kind of network that can be stacked.
    """
    ray = connected()
    needs = {"num_gpus": 1} if device != "cpu" else {"num_cpus": 1}
    task = ray.remote(max_retries=RETRIES, **needs)(_run_crew)
    unopened = replace(plan)  # without its images: each worker opens them itself
    waiting = [task.remote(unopened, number, crew, device, parts) for number, crew in enumerate(crews)]
    seen = [len(parts.lines(number, kept=True)) for number in range(len(crews))]
    try:
        while waiting:
            ended, waiting = ray.wait(waiting, timeout=LOOK)
            for number in range(len(crews)):
                lines = parts.lines(number)
                yield from (read_cells(parts, line) for line in lines[seen[number] :])
                seen[number] = max(seen[number], len(lines))  # fewer while a lost worker's last tasks come again
            for task_run in ended:
                _result(ray, task_run)
    finally:
        for task_run in waiting:
            ray.cancel(task_run, force=True)


def _run_crew(plan: Plan, number: int, crew: Crew, device: str, parts: Parts) -> None:
    """What a Ray task does: its rows go to the run's folder."""
    with own_code_told():
        for _ in crew_rows(plan, number, crew, device, parts):
            pass


def connected() -> Any:
    """Ray, connected to the cluster that is there; ValueError where Ray or the cluster is missing."""
    try:
        import ray
    except ImportError:
        raise ValueError("the launcher ray needs Ray; install it with: pip install 'lop-tutorial[ray]'") from None
    if not ray.is_initialized():
        with _handlers_kept():
            try:
                ray.init(address="auto", log_to_driver=False)
            except ConnectionError:
                raise ValueError(
                    "no Ray cluster was found; start one with `ray start --head`, or name it in RAY_ADDRESS"
                ) from None
    return ray


def _result(ray: Any, task_run: Any) -> None:
    """Raises what a task raised, as the local launcher does."""
    try:
        ray.get(task_run)
    except ray.exceptions.RayTaskError as error:
        raise error.cause if isinstance(error.cause, Exception) else ValueError(str(error)) from None
    except ray.exceptions.RayError as error:
        raise ChildProcessError(f"a Ray task was lost more than {RETRIES} times ({type(error).__name__})") from None


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray installs its own handler of SIGTERM; here the one that stops a run after its task is to stay."""
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)} if main else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
