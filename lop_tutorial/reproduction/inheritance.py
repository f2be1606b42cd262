"""What a task leaves to the next: exponents at each task's points before it is learned, and after.

    python -m lop_tutorial.reproduction.inheritance results/inheritance.json    # a few minutes on one core

writes what the chapter on theory shows: the toys of either width, seeds to fit a law to and seeds to test it with.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from scipy.optimize import minimize_scalar
from torch import Tensor

from lop_tutorial.atomic import write_text
from lop_tutorial.geometry import (
    UFM,
    Contraction,
    Strengths,
    contraction,
    ftle,
    segments,
    strengths_over_tasks,
    summary,
)
from lop_tutorial.interventions import intervention
from lop_tutorial.networks import Network
from lop_tutorial.reproduction.plan import Plan
from lop_tutorial.reproduction.plans import two_types
from lop_tutorial.reproduction.runs import environment, stored_path
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams import Task
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


def follow(experiment: Plan, seeds: Sequence[int], tasks: int, device: torch.device | str = "cpu") -> Lives:
    """Networks to which nothing is done learn a plan's tasks, one a seed; exponents before and after each task."""
    streams = {seed: islice(experiment.stream(seed), tasks) for seed in seeds}
    fleet = Fleet(
        experiment.make_network, experiment.training, [(intervention("none"), seed) for seed in seeds], device=device
    )
    width, found = experiment.make_network().head.in_features, []
    for number in range(tasks):
        now = {seed: next(stream) for seed, stream in streams.items()}
        networks = [one.network for one in fleet.learners]
        before = [medians(network, now[seed]) for network, seed in zip(networks, seeds, strict=True)]
        outcomes = fleet.learn(now)
        after = [medians(one.network, now[one.seed]) for one in fleet.learners]
        for seed, start, end, outcome in zip(seeds, before, after, outcomes, strict=True):
            row: Row = {"width": width, "seed": seed, "task": number}
            row |= {name: getattr(outcome, name) for name in ("train_accuracy", "test_accuracy")}
            for place in PLACES:
                row |= {f"start_{place}": start[place], f"end_{place}": end[place]}
            found.append(row)
    return Lives(tuple(found))


@dataclass(frozen=True)
class Lives:
    """What `follow` gave, one row for every task of every seed."""

    rows: tuple[Row, ...]

    def curves(self, quantity: str, width: int, seeds: Sequence[int] = FITTED) -> Float64[np.ndarray, "seed task"]:
        """A quantity of `QUANTITIES` over the tasks; -inf and NaN as they were. ValueError where a seed is missing."""
        if quantity not in QUANTITIES:
            raise ValueError(f"quantity is {quantity!r}; it must be one of {', '.join(QUANTITIES)}")
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


@dataclass(frozen=True)
class SettlingLaw:
    """Factors depend on where they start, f_t = base - pull s_t, and tasks inherit, s_{t+1} = offset + slope e_t.

    With e_t = s_t + f_t this makes s_{t+1} = s* + rate (s_t - s*): a curve that settles wherever |rate| < 1. A constant
    factor is pull = 0; the product law is pull = 0, slope = 1 and offset = 0. What is random from task to task is left
    out: the prediction is that of the mean.
    """

    offset: float | int
    slope: float | int
    base: float | int
    pull: float | int
    left_out: int = 0
    """How many pairs of exponents the fit could not use, as one of them was not finite."""

    @classmethod
    def fit(cls, starts: Float64[np.ndarray, "seed task"], ends: Float64[np.ndarray, "seed task"]) -> SettlingLaw:
        """Two least-squares lines over all tasks of all seeds. ValueError where too few pairs are finite."""
        base, tilt, lost = _line(starts, ends - np.where(np.isfinite(starts), starts, 0))
        offset, slope, lost_between = _line(ends[:, :-1], starts[:, 1:])
        return cls(offset, slope, base, -tilt, lost + lost_between)

    @property
    def rate(self) -> float:
        """Share of the distance to where exponents settle that is left after a task."""
        return float(self.slope * (1 - self.pull))

    @property
    def settles(self) -> float:
        """s*, where the exponents at the start of tasks settle; ValueError unless |rate| < 1."""
        if not -1 < self.rate < 1:
            raise ValueError(f"the rate is {self.rate}; exponents settle only where it lies between -1 and 1")
        return (self.offset + self.slope * self.base) / (1 - self.rate)

    def predict(self, start: Float64[np.ndarray, " seed"], tasks: int) -> Float64[np.ndarray, "seed task"]:
        """The exponents with which each task begins, the first one given."""
        now, found = np.asarray(start, dtype=float), []
        for _ in range(tasks):
            found.append(now)
            now = self.offset + self.slope * (self.base + (1 - self.pull) * now)
        return np.stack(found, axis=-1)


@dataclass(frozen=True)
class Settling:
    """The curve s_t = settles + (s_0 - settles) rate^t, which `SettlingLaw` makes, with its two numbers free."""

    settles: float | int
    rate: float | int

    @classmethod
    def fit(cls, starts: Float64[np.ndarray, "seed task"]) -> Settling:
        """The curve nearest to whole lives, each from its own first exponent; all must be finite.

        `SettlingLaw.fit` looks one task ahead, and what is random in a task makes its rate too small, as noise on x
        flattens any fitted line. A whole curve is not misled in this way, but needs whole lives. Rates from 0 to 0.999.
        """
        if starts.ndim != 2 or starts.shape[1] < 3 or not np.isfinite(starts).all():
            raise ValueError(f"starts has shape {starts.shape}; it must be (seed, task), 3 tasks or more, all finite")

        def best(rate: float) -> Settling:
            left = rate ** np.arange(starts.shape[1])
            free, known = np.broadcast_to(1 - left, starts.shape), starts[:, :1] * left
            return cls(float(((starts - known) * free).sum() / np.square(free).sum()), rate)

        def missed(rate: float) -> float:
            return error(best(rate).predict(starts[:, 0], starts.shape[1]), starts)

        return best(float(minimize_scalar(missed, bounds=(0, 0.999), method="bounded").x))

    def predict(self, start: Float64[np.ndarray, " seed"], tasks: int) -> Float64[np.ndarray, "seed task"]:
        """The exponents with which each task begins, the first one given."""
        return self.settles + np.outer(np.asarray(start) - self.settles, self.rate ** np.arange(tasks))


def _line(x: Float64[np.ndarray, "..."], y: Float64[np.ndarray, "..."]) -> tuple[float, float, int]:
    """Offset and slope of the line y(x) nearest to all finite pairs, and how many pairs were left out."""
    finite = np.isfinite(x) & np.isfinite(y)
    if finite.sum() < 3:
        raise ValueError(f"{finite.sum()} pairs of {x.size} are finite; a line needs at least 3")
    slope, offset = np.polyfit(x[finite], y[finite], 1)
    return float(offset), float(slope), int((~finite).sum())


def correlation(x: Float64[np.ndarray, "..."], y: Float64[np.ndarray, "..."]) -> float:
    """Pearson's, over all pairs that are finite."""
    finite = np.isfinite(x) & np.isfinite(y)
    return float(np.corrcoef(x[finite], y[finite])[0, 1])


def error(predicted: Float64[np.ndarray, "seed task"], measured: Float64[np.ndarray, "seed task"]) -> float:
    """Root mean square over all that was measured to be finite."""
    finite = np.isfinite(measured)
    return float(np.sqrt(np.square(predicted[finite] - measured[finite]).mean()))


def collapse_by_model(
    width: int, phi: Contraction, tasks: int, depth: int, draw: torch.Generator, inputs: int = 20
) -> Float[Tensor, " task"]:
    """By how much the leading exponent has changed before each task if every one contracts one random direction.

    The patch of `lop_tutorial.geometry.accumulation`, point 3, for two classes: the Jacobian, drawn anew, is
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
    return Lives(tuple({name: _read(value) for name, value in row.items()} for row in rows))


def main(out: Path, widths: Sequence[int] = WIDTHS, seeds: Sequence[int] = FITTED + HELD_OUT, tasks: int = 80) -> None:
    """Follows all seeds at either width, and writes."""
    torch.set_num_threads(1)
    origin, began = environment(), time.perf_counter()
    rows: list[Row] = []
    for width in widths:
        rows += follow(two_types(width), seeds, tasks).rows
        print(f"width {width}: {time.perf_counter() - began:.0f} s", flush=True)
    origin |= {
        "command": f"python -m lop_tutorial.reproduction.inheritance results/{NAME}",
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
    lines = ",\n".join(json.dumps({name: _stored(value) for name, value in row.items()}) for row in rows)
    write_text(out, json.dumps(head, indent=1)[:-2] + f',\n "rows": [\n{lines}\n]}}\n')


def _stored(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    if math.isinf(value):
        return "-inf" if value < 0 else "inf"
    return None if math.isnan(value) else round(value, 4)


def _read(value: Any) -> Any:
    return math.nan if value is None else float(value) if isinstance(value, str) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
