"""Where exponents are large: networks that have learned the disc, on their decision boundary and away from it.

`lop-tutorial reproduce ridges` makes the table that the chapter on exponents shows, in about four minutes on one core:
every kind of network in `KINDS`, eight seeds each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from typing import Any

from jaxtyping import Float
from torch import Tensor, nn

from lop_tutorial import geometry
from lop_tutorial.geometry import Ridge
from lop_tutorial.networks import MLP, Network
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.table import Table, TableRow, load
from lop_tutorial.streams import Disc
from lop_tutorial.training import Learner, Training, watch

SQUARE = (-1, 1, -1, 1)
"""Where the points of the disc lie, and where exponents are measured."""


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
        learner, networks = self.after(0, seed), {}
        for count in watch(learner, Disc(seed).task(0), sorted(passes)):
            networks[count] = deepcopy(learner.network)
        return {count: networks[count] for count in passes}


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


def ridge_of(kind: DiscNetwork, seed: int) -> TableRow:
    """One network, trained: its accuracy, its ridge, and what lay at the same places before it was trained."""
    learner, untrained = kind.after(kind.training.epochs, seed), kind.after(0, seed)
    test = Disc(seed).task(0)
    _, accuracy = learner.evaluate(test.test_x, test.test_y, test.outputs)
    picture = Picture.of(learner.network)
    trained, before = picture.ridge(), picture.ridge(Picture.of(untrained.network).exponents)
    return {
        **{name: getattr(kind, name) for name in KIND},
        "seed": seed,
        "test_accuracy": accuracy,
        **trained._asdict(),
        "untrained_on": before.on,
        "untrained_away": before.away,
    }


KIND = ("activation", "depth", "width", "frozen")
KINDS = (
    *(
        DiscNetwork(depth, width, activation)
        for activation in ("tanh", "relu")
        for depth in (1, 2, 4, 8)
        for width in (8, 32, 128)
    ),
    DiscNetwork(4, 8, "linear"),
    *(DiscNetwork(2, width, frozen=True) for width in (8, 32, 128)),
)


def ridges(seeds: Sequence[int], device: str = "cpu", **kind: Any) -> Iterator[TableRow]:
    """A row a seed of one kind of network, on the CPU."""
    if device != "cpu":
        raise ValueError(f"device is {device!r}; these small networks are trained on the CPU, use --device cpu")
    for seed in seeds:
        yield ridge_of(DiscNetwork(**kind), seed)


EXPERIMENT = Experiment(
    "ridges",
    "Networks that have learned the disc, exponents on their boundary and away from it",
    ridges,
    parts=tuple({name: getattr(kind, name) for name in KIND} for kind in KINDS),
    seeds=tuple(range(8)),
    settings={"training": asdict(DiscNetwork().training)},
)


def stored_ridges() -> Table:
    """The rows that the book shows, from `results/`, and the columns "contrast" (on - away) and "untrained_contrast".

    Networks that decide for one class everywhere have no boundary; theirs are NaN.
    """
    return with_contrast(load("ftle_ridges").table)


def with_contrast(table: Table) -> Table:
    """The rows with what is on the boundary minus what is away from it, trained and untrained."""
    names = ("contrast", "untrained_contrast")
    contrasts = [table.select(f"{of}on") - table.select(f"{of}away") for of in ("", "untrained_")]
    rows = zip(table.where().rows, *contrasts, strict=True)
    return Table(tuple(row | dict(zip(names, values, strict=True)) for row, *values in rows))
