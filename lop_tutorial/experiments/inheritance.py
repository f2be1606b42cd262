"""What a task leaves to the next: exponents at each task's points before it is learned, and after.

`lop-tutorial reproduce inheritance` makes the table that the chapter on theory shows, in a few minutes on one core: the
toys of either width, seeds to fit a law to and seeds to test it with.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.geometry import ftle, segments, summary
from lop_tutorial.networks import Network
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import Table, TableRow
from lop_tutorial.running.walk_tasks import Observer, Visit, walk_tasks
from lop_tutorial.seeds import torch_generator
from lop_tutorial.streams import Task
from lop_tutorial.theory import UFM, Contraction, Strengths, contraction, strengths_over_tasks
from lop_tutorial.training import Learner

WIDTHS = (2, 256)
FITTED, HELD_OUT = tuple(range(8)), tuple(range(100, 108))
"""Seeds to which a law is fitted, and seeds that it has not seen."""
PLACES = ("within", "between")
PAIRS, POINTS = 20, 3
"""Segments between the two classes, and points on each."""
QUANTITIES = ("train_accuracy", "test_accuracy", *(f"{when}_{place}" for place in PLACES for when in ("start", "end")))
"""What is measured in every task."""


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
    device: str = "cpu",
    *,
    first: int = 0,
    prepare: Observer | None = None,
    also: Observer | None = None,
) -> Table:
    """Networks to which nothing is done learn a plan's tasks, one a seed; exponents before and after each task.

    They begin with task `first` of their stream. `prepare(learner, task)` may change a network before each task, and
    what `also(learner, task)` measures after each is put into the row. A row a network, its quantities as lists over
    the tasks; NaN once it has diverged.
    """

    def before(learner: Learner, task: Task) -> TableRow:
        if prepare:
            prepare(learner, task)
        return medians(learner.network, task)

    def after(learner: Learner, task: Task) -> TableRow:
        ends = {f"end_{place}": value for place, value in medians(learner.network, task).items()}
        return ends | (also(learner, task) if also else {})

    until, members = replace(experiment, tasks=first + tasks), [("none", seed) for seed in seeds]
    steps = list(walk_tasks(until, members, device, before=before, after=after, begin=lambda _: (first, (), ())))
    width = experiment.make_network().head.in_features
    return Table(
        tuple(
            {"width": width, "seed": seed, "first": first} | _over_tasks([visits[place] for visits in steps], tasks)
            for place, seed in enumerate(seeds)
        )
    )


def _over_tasks(visits: Sequence[Visit | None], tasks: int) -> TableRow:
    """Each quantity of one network's visits, as a list."""
    entries: list[TableRow] = [
        {
            "train_accuracy": visit.outcome.train_accuracy,
            "test_accuracy": visit.outcome.test_accuracy,
            **{f"start_{place}": value for place, value in visit.before.items()},
            **(visit.after or {}),
        }
        for visit in visits
        if visit
    ]
    entries += [{}] * (tasks - len(entries))
    names = Table(tuple(entries)).columns
    return {name: [entry.get(name, math.nan) for entry in entries] for name in names}


def starts_and_ends(
    table: Table, place: str, width: int, seeds: Sequence[int] = FITTED
) -> tuple[Float64[np.ndarray, "seed task"], Float64[np.ndarray, "seed task"]]:
    """The exponents at each task's own points before it was learned, and after it; -inf and NaN as they were."""
    start, end = (table.select(f"{when}_{place}", width=width, seed=tuple(seeds)) for when in ("start", "end"))
    return start, end


def collapse_by_model(
    width: int, phi: Contraction, tasks: int, depth: int, draw: torch.Generator, inputs: int = 20
) -> Float[Tensor, " task"]:
    """By how much the leading exponent has changed before each task if every one contracts one random direction.

    The patch of `lop_tutorial.theory.many_tasks`, point 3, for two classes: the Jacobian, drawn anew, is
    multiplied by phi.along in a random direction and phi.across in all others, and passed on as it is.
    """
    jacobian = torch.randn(width, inputs, generator=draw, dtype=torch.float64)
    norms = []
    for _ in range(tasks):
        norms.append(torch.linalg.matrix_norm(jacobian, ord=2).log())
        direction = torch.nn.functional.normalize(torch.randn(width, 1, generator=draw, dtype=torch.float64), dim=0)
        inside = direction @ (direction.T @ jacobian)
        jacobian = math.exp(phi.along) * inside + math.exp(phi.across) * (jacobian - inside)
    return (torch.stack(norms) - norms[0]) / depth


def start_strengths(experiment: Plan, seeds: Sequence[int] = FITTED) -> Strengths:
    """How strongly untrained networks represent their first task, and their heads: the model's h and w, two classes.

    Class means lie h sqrt(2/n) apart, the rows of the weights w sqrt 2. Medians over seeds.
    """
    strengths = []
    for seed in seeds:
        network, task = experiment.learner("none", seed=seed).network, experiment.stream(seed).task(0)
        with torch.no_grad():
            means = [network.representation(task.train_x[task.train_y == k]).mean(dim=0) for k in (0, 1)]
            rows = network.scale * network.head.weight[:2]
            apart = torch.stack([means[0] - means[1], rows[0] - rows[1]]) / math.sqrt(2)
            strengths.append(apart.norm(dim=1))
    feature, weight = torch.stack(strengths).median(dim=0).values.tolist()
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


def of_width(width: int, seeds: Sequence[int], tasks: int, device: str) -> tuple[TableRow, ...]:
    """The rows of `follow` for the toys of one width."""
    return follow(two_types(width), seeds, tasks, device).rows


EXPERIMENT = Experiment(
    "inheritance",
    "Toy points, exponents at every task's points before it is learned and after",
    of_width,
    parts=tuple({"width": width} for width in WIDTHS),
    seeds=FITTED + HELD_OUT,
    tasks=80,
    settings={
        "training": asdict(two_types(WIDTHS[0]).training),
        "network": {str(width): two_types(width).network_settings for width in WIDTHS},
        "measured": {"pairs": PAIRS, "points": POINTS, "dtype": "float64"},
    },
)
