"""Warm starts: train on a share of the images, go on with all of them, against all of them from the start.

`lop-tutorial reproduce warm_start` compares methods at one share and one length of the first part, as a plan.
`lop-tutorial reproduce warm_start_gap` varies both, without any method, on the image set `cifar100`. What was foretold,
and what counts as a verdict, stands in `results/warm_start.md`, written before either ran. `warm_start_longer`, made
after both were seen, is their control: networks that never saw a share alone, and are trained for as many steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.measures import measure
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import TableRow
from lop_tutorial.training import Training
from lop_tutorial.training.cpu import keep_memory

LENGTHS = {0.1: (30,), 0.25: (30,), 0.5: (0, 5, 15, 30), 0.75: (30,)}
"""Epochs on a share before all images come, by the share: one length of every share, and every length of a half. Of no
epoch, the network is fresh: it has the others' first weights and batches."""
# Chosen on places 80 to 99 of CIFAR-100's classes and seeds 50 to 53, which no stored run takes.
DRAWN = Plan(
    name="warm_start",
    about="SmallConv on a half of the pictures, then on all",
    benchmark="warm_start",
    procedural={"number": 20, "size": 16, "train": 200},
    image_size=16,
    train_per_class=200,
    warm_start={"share": 0.5, "classes": 10},
    training=Training(step_size=0.05, epochs=30, batch_size=50, head="keep", keep_momentum=False, milestones=(0.7,)),
    methods=(
        "none",
        "retrained",
        "shrink_and_perturb:shrink=0.4:noise=0.1",
        "g_mixup",
        "retrained+g_mixup",
        "l2_init:strength=0.001",
        "cbp:replacement_rate=0.001",
        "head_reset",
    ),
    seeds=tuple(range(6)),
    tasks=2,
    measures=("exponents", "health"),
    measure_every=2,
)
ENDS = ("seed", "first_train", "first_test", "train_accuracy", "test_accuracy")
REAL = replace(DRAWN, data="cifar100", classes=(0, 80), test_per_class=100)
WARM_STARTS = {"quick": DRAWN, "colab": REAL}
LIVE = replace(
    DRAWN,
    network="mlp",
    network_settings={"hidden": (32, 32, 32)},
    procedural={"number": 40, "size": 8, "train": 60, "test": 200},
    image_size=8,
    train_per_class=60,
    training=replace(DRAWN.training, epochs=20, batch_size=20, milestones=()),
    methods=("none", "retrained", "shrink_and_perturb:shrink=0.4:noise=0.1"),
    seeds=tuple(range(12)),
    measures=(),
)
"""So small that a chapter can train it; the chapter sets the step size."""


def gaps(
    share: float, seeds: Sequence[int], device: str = "cpu", base: Plan = REAL, lengths: Sequence[int] | None = None
) -> Iterator[TableRow]:
    """One share, a row a seed; lists over the lengths of the first part, `LENGTHS` of that share where none are given.

    `first_train` and `first_test` are the accuracies before all images come, `train_accuracy` and `test_accuracy` those
    after the plan's epochs on all of them. A step size that falls does so within each length, and again on all.
    """
    plan = replace(base, warm_start={**base.warm_start, "share": share}, seeds=tuple(seeds))
    images = plan.images_on(device)
    lengths = LENGTHS[share] if lengths is None else lengths
    keep_memory()
    for seed in seeds:
        some, everything = plan.stream(seed, images)
        row: TableRow = {"share": share, "seed": seed, "epochs": list(lengths)}
        row |= {name: [] for name in ("first_train", "first_test", "train_accuracy", "test_accuracy")}
        for length in lengths:
            learner = plan.learner("none", seed, device)
            for _ in learner.epochs(some, length):
                pass
            first, second = learner.finish(some), learner.learn(everything)
            row["first_train"].append(first.train_accuracy)
            row["first_test"].append(first.test_accuracy)
            row["train_accuracy"].append(second.train_accuracy)
            row["test_accuracy"].append(second.test_accuracy)
        yield row


def longer(epochs_before: int, seeds: Sequence[int], device: str = "cpu", base: Plan = REAL) -> Iterator[TableRow]:
    """A row a seed: a network that has all images for `epochs_before`, then for the plan's epochs once more.

    With half of the epochs that a warm start spends on a half, it makes as many steps, of the same sizes. Columns are
    `ENDS`, and what is measured of warm starts at the end: exponents, norm, ranks and units.
    """
    plan = replace(base, warm_start={**base.warm_start, "share": 1.0}, seeds=tuple(seeds))
    images = plan.images_on(device)
    keep_memory()
    for seed in seeds:
        begun, everything = plan.stream(seed, images)
        learner = plan.learner("none", seed, device)
        for _ in learner.epochs(begun, epochs_before):
            pass
        first, second = learner.finish(begun), learner.learn(everything)
        ends = (seed, first.train_accuracy, first.test_accuracy, second.train_accuracy, second.test_accuracy)
        yield dict(zip(ENDS, ends, strict=True)) | measure(DRAWN.measures, learner.network, everything)


@dataclass(frozen=True)
class Gap(Experiment):
    """An experiment on stored images."""

    @property
    def plan(self) -> Plan:
        """Where its learners come from, for every share but its own."""
        return replace(REAL, seeds=self.seeds, methods=("none",), measures=(), data_root=self.root)

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json, with the images' content hash."""
        return super().as_config() | {"plan": self.plan.as_config()}

    def rows_of(self, part: TableRow, device: str, workers: int) -> Iterator[TableRow]:
        """The rows of one share; on one process."""
        return iter(self.run(**part, seeds=self.seeds, device=device, base=self.plan))


EXPERIMENT = Gap(
    "warm_start_gap",
    "Test accuracy after a warm start, over the share of the images and the epochs spent on it",
    gaps,
    parts=tuple({"share": share} for share in LENGTHS),
    seeds=(0, 1, 2, 3, 4),
    settings={"lengths": {str(share): lengths for share, lengths in LENGTHS.items()}},
)
CONTROL = Gap(
    "warm_start_longer",
    "Networks that had all images throughout, and as many steps as a warm start from a half",
    longer,
    parts=({"epochs_before": 15},),
    seeds=tuple(range(16)),
)
