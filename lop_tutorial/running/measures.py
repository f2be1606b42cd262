"""What can be measured of a network once it has learned a task, beside its accuracy: columns of metrics.csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.geometry import (
    effective_rank,
    ftle,
    segments,
    summary,
    unit_shares,
    weight_norm,
)
from lop_tutorial.networks import Network
from lop_tutorial.streams import Task

Measure = Callable[[Network, Task], dict[str, float]]
_QUANTILES = {"q05": 0.05, "q50": 0.5, "q95": 0.95}


def exponents(network: Network, task: Task) -> dict[str, float]:
    """Quantiles of the representation's leading exponents, within classes and between them.

    Within: at the task's training examples, up to 64 of each class. Between: at five points of each of 64 segments
    that join training examples of two classes (classes 0 and 1 where there are more). In float64: the derivative of a
    saturated unit is a difference that float32 rounds to zero, and the exponent to -inf.
    """
    chosen = torch.cat([(task.train_y == label).nonzero()[:64, 0] for label in range(task.outputs)])
    x, y = task.train_x[chosen], task.train_y[chosen]
    crossing = segments(x, y, 0, 1, pairs=64, points=5, seed=task.index).flatten(0, 1)
    everywhere = ftle(network, torch.cat([x, crossing]), dtype=torch.float64)
    at_samples, on_segments = everywhere.split([len(x), len(crossing)])
    columns: dict[str, float] = {}
    for place, seen in (("within", summary(at_samples)), ("between", summary(on_segments))):
        columns |= {f"ftle_{place}_{name}": seen.quantiles[share] for name, share in _QUANTILES.items()}
    return columns


def health(network: Network, task: Task) -> dict[str, float]:
    """The suspected causes of loss of plasticity, on 200 of the task's test inputs, and the median exponent there.

    Weight norm; effective rank of the representation; shares of dead and of dormant units (tau = 0.025) among all
    hidden ones; the median of the representation's leading exponents, in float64.
    """
    x = task.test_x[:: max(1, len(task.test_x) // 200)][:200]
    with torch.no_grad():
        representation = network.representation(x)
    shares = unit_shares(network, x)
    return {
        "weight_norm": weight_norm(network),
        "effective_rank": effective_rank(representation) if representation.any() else 0.0,
        "dead_units": shares.dead,
        "dormant_units": shares.dormant,
        "ftle_q50": summary(ftle(network, x, dtype=torch.float64)).quantiles[0.5],
    }


MEASURES: dict[str, Measure] = {"exponents": exponents, "health": health}
"""By the name that plans use."""

COLUMNS_OF: dict[str, tuple[str, ...]] = {
    "path": ("path_length", "displacement"),  # taken along the way, by an odometer
    "exponents": tuple(f"ftle_{place}_{name}" for place in ("within", "between") for name in _QUANTILES),
    "health": ("weight_norm", "effective_rank", "dead_units", "dormant_units", "ftle_q50"),
}


def measure(names: Sequence[str], network: Network, task: Task) -> dict[str, float]:
    """The columns of those of the named measures that can be taken once the task is learned.

    Products are never rounded to less than float32.
    """
    columns: dict[str, float] = {}
    with fp32_precision():
        for name in (name for name in names if name in MEASURES):
            columns |= MEASURES[name](network.eval(), task)
    return columns
