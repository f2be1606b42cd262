"""What a task leaves to the next: exponents at each task's points before it is learned, and after.

    python -m lop_tutorial.experiments.inheritance results/inheritance.json    # a few minutes on one core

writes what the chapter on theory shows: the toys of either width, seeds to fit a law to and seeds to test it with.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.geometry import ftle, segments, summary
from lop_tutorial.interventions import intervention
from lop_tutorial.networks import Network
from lop_tutorial.running.origin import environment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.run import stored_path, write_rows
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams import Task
from lop_tutorial.theory import UFM, Contraction, Strengths, contraction, strengths_over_tasks
from lop_tutorial.training import Fleet

NAME = "inheritance.json"
WIDTHS = (2, 256)
FITTED, HELD_OUT = tuple(range(8)), tuple(range(100, 108))
"""Seeds to which a law is fitted, and seeds that it has not seen."""
PLACES = ("within", "between")
PAIRS, POINTS = 20, 3
"""Segments between the two classes, and points on each."""
QUANTITIES = ("train_accuracy", "test_accuracy", *(f"{when}_{place}" for place in PLACES for when in ("start", "end")))

Row = dict[str, Any]
Change = Callable[[Network, int], None]
Look = Callable[[Network, int], Row]


def medians(network: Network, task: Task, pairs: int = PAIRS, points: int = POINTS) -> dict[str, float]:
    """The median leading exponent at a task's training points (`within`), and between its two classes (`between`).

    Per layer; float64, so that a tanh unit is flat only above 19, not 9. -inf where half of the Jacobians are zero.
    """
    labels = [int(label) for label in task.train_y.unique()]
    between = segments(task.train_x, task.train_y, *labels, pairs=pairs, points=points).flatten(0, 1)
    places = torch.cat([task.train_x, between])
    exponents: Float[Tensor, " point"] = ftle(network, places, method="exact", dtype=torch.float64)[:, 0]
    parts = exponents.split([len(task.train_x), len(between)])
    return {place: summary(part).quantiles[0.5] for place, part in zip(PLACES, parts, strict=True)}


def follow(
    experiment: Plan,
    seeds: Sequence[int],
    tasks: int,
    device: torch.device | str = "cpu",
    *,
    first: int = 0,
    prepare: Change | None = None,
    also: Look | None = None,
) -> Lives:
    """Networks to which nothing is done learn a plan's tasks, one a seed; exponents before and after each task.

    They begin with task `first` of their stream. `prepare(network, seed)` may change a network before each task, and
    what `also(network, seed)` measures after each is put into the row.
    """
    streams = {seed: experiment.stream(seed) for seed in seeds}
    fleet = Fleet(
        experiment.make_network, experiment.training, [(intervention("none"), seed) for seed in seeds], device=device
    )
    width, found = experiment.make_network().head.in_features, []
    for number in range(first, first + tasks):
        now = {seed: stream.task(number).to(device) for seed, stream in streams.items()}
        before = []
        for one in fleet.learners:
            if prepare:
                prepare(one.network, one.seed)
            before.append(medians(one.network, now[one.seed]))
        outcomes = fleet.learn(now)
        for one, start, outcome in zip(fleet.learners, before, outcomes, strict=True):
            end = medians(one.network, now[one.seed])
            row: Row = {"width": width, "seed": one.seed, "task": number}
            row |= {name: getattr(outcome, name) for name in ("train_accuracy", "test_accuracy")}
            for place in PLACES:
                row |= {f"start_{place}": start[place], f"end_{place}": end[place]}
            found.append(row | (also(one.network, one.seed) if also else {}))
    return Lives(tuple(found))


@dataclass(frozen=True)
class Lives:
    """What `follow` gave, one row for every task of every seed."""

    rows: tuple[Row, ...]

    def curves(self, quantity: str, width: int, seeds: Sequence[int] = FITTED) -> Float64[np.ndarray, "seed task"]:
        """A quantity over the tasks, as it is called in the rows; -inf and NaN as they were.

        ValueError where a seed is missing, or the quantity.
        """
        known = [name for name in self.rows[0] if name not in ("width", "seed", "task")] if self.rows else []
        if quantity not in known:
            raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(known)}")
        lives = []
        for seed in seeds:
            life = [row for row in self.rows if (row["width"], row["seed"]) == (width, seed)]
            if not life:
                raise ValueError(f"there is no life of seed {seed} at width {width}")
            lives.append([row[quantity] for row in sorted(life, key=lambda row: row["task"])])
        return np.array(lives)

    def starts_and_ends(
        self, place: str, width: int, seeds: Sequence[int] = FITTED
    ) -> tuple[Float64[np.ndarray, "seed task"], Float64[np.ndarray, "seed task"]]:
        """The exponents at each task's own points before it was learned, and after it."""
        return self.curves(f"start_{place}", width, seeds), self.curves(f"end_{place}", width, seeds)


def collapse_by_model(
    width: int, phi: Contraction, tasks: int, depth: int, draw: torch.Generator, inputs: int = 20
) -> Float[Tensor, " task"]:
    """By how much the leading exponent has changed before each task if every one contracts one random direction.

    The patch of `lop_tutorial.theory.many_tasks`, point 3, for two classes: the Jacobian, drawn anew, is
    multiplied by phi.along in a random direction and phi.across in all others, and passed on as it is.
    """
    jacobian = torch.randn(width, inputs, generator=draw, dtype=torch.float64)
    found = []
    for _ in range(tasks):
        found.append(torch.linalg.matrix_norm(jacobian, ord=2).log())
        direction = torch.nn.functional.normalize(torch.randn(width, 1, generator=draw, dtype=torch.float64), dim=0)
        inside = direction @ (direction.T @ jacobian)
        jacobian = math.exp(phi.along) * inside + math.exp(phi.across) * (jacobian - inside)
    return (torch.stack(found) - found[0]) / depth


def start_strengths(experiment: Plan, seeds: Sequence[int] = FITTED) -> Strengths:
    """How strongly untrained networks represent their first task, and their heads: the model's h and w, two classes.

    Class means lie h sqrt(2/n) apart, the rows of the weights w sqrt 2. Medians over seeds.
    """
    found = []
    for seed in seeds:
        network, task = experiment.learner("none", seed=seed).network, experiment.stream(seed).task(0)
        with torch.no_grad():
            means = [network.representation(task.train_x[task.train_y == k]).mean(dim=0) for k in (0, 1)]
            rows = network.scale * network.head.weight[:2]
            apart = torch.stack([means[0] - means[1], rows[0] - rows[1]]) / math.sqrt(2)
            found.append(apart.norm(dim=1))
    feature, weight = torch.stack(found).median(dim=0).values.tolist()
    return Strengths(feature * math.sqrt(len(task.train_y) / 2), weight)


def by_model(
    experiment: Plan, tasks: int, decay: float = 0.0, draws: int = 8
) -> tuple[Float64[np.ndarray, "draw task"], Float64[np.ndarray, "task"]]:
    """What the unconstrained features model says of a plan: changes of exponents, within a class and between two.

    Nothing is fitted: strengths are those of untrained networks, the time of a task is that of its training. `decay`,
    of features and weights alike, is the model's only. Between classes every task is learned to its end, and begins
    with a new head and the features' strength that the last one left.
    """
    start, task, how = start_strengths(experiment), experiment.stream(0).task(0), experiment.training
    examples, depth = len(task.train_y), experiment.make_network().depth
    steps = how.epochs * (examples // min(how.batch_size, examples))
    time_of_task = steps * how.step_size / (1 - how.momentum)
    along = contraction(UFM(2, examples // 2), start, time_of_task).along
    width, forgotten = experiment.make_network().head.in_features, -decay * time_of_task
    draw = torch_generator(0, "model", str(width))
    patches = [collapse_by_model(width, Contraction(along, 0.0), tasks, depth, draw) for _ in range(draws)]
    within = torch.stack(patches).numpy() + forgotten * np.arange(tasks) / depth
    ufm = UFM(2, examples // 2, feature_decay=decay, weight_decay=decay)
    strengths = np.array(strengths_over_tasks(ufm, tasks - 1, start.feature, start.weight))
    return within, np.log(strengths / strengths[0]) / depth


def stored_lives() -> Lives:
    """The lives that the book shows, from `results/`, where -inf is stored as "-inf" and NaN as null."""
    rows = json.loads(stored_path(NAME).read_text())["rows"]
    return Lives(tuple(map(unstored_row, rows)))


def main(out: Path, widths: Sequence[int] = WIDTHS, seeds: Sequence[int] = FITTED + HELD_OUT, tasks: int = 80) -> None:
    """Follows all seeds at either width, and writes."""
    torch.set_num_threads(1)
    origin, began = environment(), time.perf_counter()
    rows: list[Row] = []
    for width in widths:
        rows += follow(two_types(width), seeds, tasks).rows
        print(f"width {width}: {time.perf_counter() - began:.0f} s", flush=True)
    origin |= {
        "command": f"python -m lop_tutorial.experiments.inheritance results/{NAME}",
        "wall_seconds": round(time.perf_counter() - began, 1),
    }
    head = {
        "environment": origin,
        "training": asdict(two_types(widths[0]).training),
        "network": {str(width): two_types(width).network_settings for width in widths},
        "measured": {"pairs": PAIRS, "points": POINTS, "dtype": "float64"},
        "seeds": list(seeds),
        "tasks": tasks,
    }
    write_rows(out, head, map(stored_row, rows))


def stored_row(row: Row) -> Row:
    """A row as JSON can hold it: four digits, -inf as "-inf", NaN as null."""
    return {name: _stored(value) for name, value in row.items()}


def unstored_row(row: Row) -> Row:
    """What `stored_row` was given, to four digits."""
    return {name: value if name == "kind" else _read(value) for name, value in row.items()}


def _stored(value: Any) -> Any:
    if isinstance(value, list):
        return [_stored(one) for one in value]
    if not isinstance(value, float):
        return value
    if math.isinf(value):
        return "-inf" if value < 0 else "inf"
    return None if math.isnan(value) else round(value, 4)


def _read(value: Any) -> Any:
    return math.nan if value is None else float(value) if isinstance(value, str) else value


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else f"results/{NAME}"))
