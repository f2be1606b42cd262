"""Where exponents are large: networks that have learned the disc, on their decision boundary and away from it.

    python -m lop_tutorial.experiments.disc_networks results/ftle_ridges.json    # about four minutes on one core

writes what the chapter on exponents shows: every kind of network in `SWEEP`, eight seeds each.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor, nn

from lop_tutorial import geometry
from lop_tutorial.geometry import Ridge
from lop_tutorial.interventions import NoIntervention
from lop_tutorial.interventions.intervention import LearnerState
from lop_tutorial.networks import MLP, Network
from lop_tutorial.running.origin import environment
from lop_tutorial.running.run import stored_path, write_rows
from lop_tutorial.streams import Disc
from lop_tutorial.training import Learner, Training

SQUARE = (-1, 1, -1, 1)
"""Where the points of the disc lie, and where exponents are measured."""
NAME = "ftle_ridges.json"


@dataclass(frozen=True)
class DiscNetwork:
    """A kind of MLP, and how it learns the disc. `frozen` hidden layers stay as drawn; only the last layer learns."""

    depth: int = 4
    width: int = 8
    activation: str = "tanh"
    frozen: bool = False
    training: Training = Training(step_size=0.05, epochs=200, batch_size=50)

    def make(self) -> Network:
        """The network, drawn from torch's global generator."""
        network = MLP(Disc.shape, Disc.outputs, hidden=(self.width,) * self.depth, activation=self.activation)
        network.body.requires_grad_(not self.frozen)
        return network

    def after(self, epochs: int, seed: int) -> Learner:
        """A learner after so many passes over the disc's points, 0 for none; more passes begin with the same ones."""
        learner = Learner(self.make, replace(self.training, epochs=max(epochs, 1)), seed=seed)
        if epochs:
            learner.learn(Disc(seed).task(0))
        else:
            learner.network.reset_head("zero")
        return learner

    def on_its_way(self, passes: Sequence[int], seed: int) -> dict[int, Network]:
        """The networks of `after` for several numbers of passes, in the time of the largest."""
        watch = _Watch({count * (Disc(seed).train // self.training.batch_size): count for count in passes if count})
        if watch.steps:
            training = replace(self.training, epochs=max(passes))
            Learner(self.make, training, watch, seed=seed).learn(Disc(seed).task(0))
        return {count: watch.seen[count] if count else self.after(0, seed).network for count in passes}


@dataclass(frozen=True)
class _Watch(NoIntervention):
    """Changes nothing, and keeps a copy of the network after some of its steps."""

    steps: Mapping[int, int]
    """After which step to keep it, and under which name."""
    seen: dict[int, Network] = field(default_factory=dict)
    _done: list[int] = field(default_factory=lambda: [0])

    def after_step(self, learner: LearnerState) -> None:
        self._done[0] += 1
        if self._done[0] in self.steps:
            self.seen[self.steps[self._done[0]]] = deepcopy(learner.network)


@dataclass(frozen=True)
class Picture:
    """A network seen from above: exponents and margins all over `SQUARE`, at the points of `grid`."""

    exponents: Float[Tensor, "rows columns"]
    margins: Float[Tensor, "rows columns"]

    @classmethod
    def of(cls, network: nn.Module, resolution: int = 48) -> Picture:
        """Of a network that takes two numbers and tells two classes apart."""
        return cls(geometry.field(network, SQUARE, resolution), geometry.margin(network, SQUARE, resolution))

    def ridge(self, exponents: Float[Tensor, "rows columns"] | None = None) -> Ridge:
        """Mean exponents on the boundary and away from it; those of another field, if given, at the same places."""
        return geometry.ridge(self.exponents if exponents is None else exponents, self.margins, SQUARE)


def measure(kind: DiscNetwork, seed: int) -> dict[str, Any]:
    """One network, trained: its accuracy, its ridge, and what lay at the same places before it was trained."""
    learner, untrained = kind.after(kind.training.epochs, seed), kind.after(0, seed)
    test = Disc(seed).task(0)
    _, accuracy = learner.evaluate(test.test_x, test.test_y, test.outputs)
    picture = Picture.of(learner.network)
    trained, before = picture.ridge(), picture.ridge(Picture.of(untrained.network).exponents)
    what = {name: getattr(kind, name) for name in ("activation", "depth", "width", "frozen")}
    return what | {
        "seed": seed,
        "test_accuracy": accuracy,
        **trained._asdict(),
        "untrained_on": before.on,
        "untrained_away": before.away,
    }


@dataclass(frozen=True)
class Ridges:
    """What `measure` gave, one row a network."""

    rows: tuple[dict[str, Any], ...]

    def of(self, quantity: str = "contrast", *, learned: float = 0.0, **kind: Any) -> Float64[np.ndarray, " seed"]:
        """A quantity of every network of a kind whose test accuracy is at least `learned`, in the order of seeds.

        A quantity is a column, or "contrast" (on - away), or "untrained_contrast". ValueError where no row is of the
        kind; networks that decide for one class everywhere have no boundary, and give NaN.
        """
        rows = [row for row in self.rows if all(row[name] == value for name, value in kind.items())]
        if not rows:
            raise ValueError(f"no network is of the kind {kind}")
        rows = sorted((row for row in rows if row["test_accuracy"] >= learned), key=lambda row: row["seed"])
        if quantity.endswith("contrast"):
            before = quantity.removesuffix("contrast")
            return np.array([row[f"{before}on"] - row[f"{before}away"] for row in rows])
        return np.array([row[quantity] for row in rows])


def stored_ridges() -> Ridges:
    """The rows that the book shows, from `results/`, where NaN is stored as null."""
    rows = json.loads(stored_path(NAME).read_text())["rows"]
    return Ridges(tuple({name: math.nan if v is None else v for name, v in row.items()} for row in rows))


SEEDS = range(8)
SWEEP = (
    *(
        DiscNetwork(depth, width, activation)
        for activation in ("tanh", "relu")
        for depth in (1, 2, 4, 8)
        for width in (8, 32, 128)
    ),
    DiscNetwork(4, 8, "linear"),
    *(DiscNetwork(2, width, frozen=True) for width in (8, 32, 128)),
)


def sweep(kinds: Iterable[DiscNetwork], seeds: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Every kind with every seed."""
    for kind in kinds:
        for seed in seeds:
            yield measure(kind, seed)


def main(out: Path, kinds: Iterable[DiscNetwork] = SWEEP, seeds: Sequence[int] = SEEDS) -> None:
    """Measures and writes; what is being measured is printed as it comes."""
    torch.set_num_threads(1)
    origin, began, rows = environment(), time.perf_counter(), []
    for row in sweep(kinds, seeds):
        rows.append({name: _stored(value) for name, value in row.items()})
        print(rows[-1], flush=True)
    origin |= {
        "command": f"python -m lop_tutorial.experiments.disc_networks results/{NAME}",
        "wall_seconds": round(time.perf_counter() - began, 1),
    }
    head = {"environment": origin, "training": asdict(DiscNetwork().training)}
    write_rows(out, head, rows)


def _stored(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else round(value, 5)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else f"results/{NAME}"))
