"""What each suspect costs: the time to measure it before a task, over that of training on the task.

In three settings of the trial: toy points with narrow and with wide representations, and SmallConv on pairs of drawn
pictures of the size of the trial's. One CPU thread, and its own time. A network trains on one task; then each suspect
is measured in turn as the next task begins, every time from nothing, and the median over rounds is taken. Suspects
that share a computation, as the two of the Hessian do, cost less together: `all` is the whole line-up at once.

    python benchmarks/suspects.py          # a minute or two

The last line is one JSON object: `ours` and `theirs` are the seconds of the whole line-up and of training on a task
with SmallConv, `ratio` is one over the other, `ratios` has every suspect's in every setting.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch

import lop_tutorial
from lop_tutorial.experiments.suspects import plan_of, state_of
from lop_tutorial.geometry import snapshot
from lop_tutorial.geometry.line_up import LINE_UP, State, measure_all
from lop_tutorial.running import Plan

DRAWN = {"data": "procedural", "procedural": {"number": 40, "size": 16, "train": 200}, "classes": None}
SETTINGS = {
    "type1": lambda: plan_of("type1", (0,), 2),
    "type2": lambda: plan_of("type2", (0,), 2),
    "smallconv": lambda: replace(plan_of("cifar100", (0,), 2), name="drawn", **DRAWN),
}


def seconds(of: Callable[[], object]) -> float:
    begin = time.process_time()
    of()
    return time.process_time() - begin


def costs(plan: Plan, rounds: int) -> tuple[float, dict[str, float]]:
    """Seconds of training on a task, the median over tasks, and of measuring each suspect."""
    learner, stream = plan.learner("none", 0), plan.stream(0)
    start = snapshot(learner.network)
    tasks = [stream.task(t) for t in range(rounds)]
    training = statistics.median(seconds(partial(learner.learn, one)) for one in tasks)
    task = stream.task(rounds)

    def new() -> State:
        return state_of(learner, task, start)

    ways = {suspect.name: suspect.of for suspect in LINE_UP} | {"all": measure_all}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, of in ways.items():
            state = new()
            taken[name].append(seconds(partial(of, state)))
    return training, {name: statistics.median(times) for name, times in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = {name: costs(make(), asked.rounds) for name, make in SETTINGS.items()}
    ratios = {name: {k: round(v / training, 4) for k, v in each.items()} for name, (training, each) in found.items()}
    print(f"{'':22}" + "".join(f"{name:>12}" for name in found) + "   of a training task")
    for suspect in ratios["type1"]:
        print(f"{suspect:22}" + "".join(f"{100 * ratios[name][suspect]:11.1f}%" for name in found))
    print(f"{'training task, ms':22}" + "".join(f"{1000 * training:12.0f}" for training, _ in found.values()))
    print(f"{platform.machine()}, torch {torch.__version__}, lop-tutorial {lop_tutorial.__version__}")
    training, measured = found["smallconv"]
    result = {"ours": round(measured["all"], 3), "theirs": round(training, 3), "ratio": ratios["smallconv"]["all"]}
    print(json.dumps(result | {"ratios": ratios}))


if __name__ == "__main__":
    main()
