"""Class increments epoch by epoch: accuracies, confusion of classes, and fresh networks beside.

`lop-tutorial reproduce increments` makes the table that the chapter on Incremental CIFAR-100 shows, in some ten minutes
on one core.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from lop_tutorial.experiments.catalogue import plan
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import TableRow
from lop_tutorial.seeds import draw_for
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner, Outcome
from lop_tutorial.training.augmentation import AUGMENTATIONS

SEEDS = tuple(range(8))
TASKS = 5
COMPARED = {
    "none": "none",
    "retrained": "retrained",
    "g_mixup": "g_mixup",
    "fresh_g_mixup": "retrained+g_mixup",
}
"""What each network's method is. The last is in none of the paper's tables."""
LONG_TRAINED = {"equal_steps": False, "equal_epochs": True}
"""Fresh weights for the last increment alone, with as many steps or epochs as the others had in all increments."""


@dataclass(frozen=True)
class Increment:
    """One increment of one learner.

    After each epoch: the accuracy on validation images, on test images, and on test images that were flipped, moved
    and turned like training images. `confusion[i, j]` counts test images of the i-th class that came, taken for the
    j-th, by the weights that the increment ends with.
    """

    outcome: Outcome
    valid: Float64[np.ndarray, " epoch"]
    test: Float64[np.ndarray, " epoch"]
    augmented: Float64[np.ndarray, " epoch"]
    confusion: Int64[np.ndarray, "class class"]

    @property
    def chosen(self) -> int:
        """The epoch, counted from 1, whose weights are carried over: the first of the best on validation images."""
        return int(np.nan_to_num(self.valid, nan=-1).argmax()) + 1


def inside(experiment: Plan, method: str, seed: int, device: str = "cpu") -> Iterator[Increment]:
    """Trains a learner as `Learner.learn` does, task after task, and looks at it after every epoch.

    ValueError where the plan has no validation images.
    """
    learner = experiment.learner(method, seed, device)
    stream = experiment.stream(seed, experiment.images_on(device))
    for number in range(experiment.tasks):
        yield _learn(learner, stream.task(number), experiment.training.epochs)


def _learn(learner: Learner, task: Task, epochs: int) -> Increment:
    task = task.to(learner.device)
    augment = AUGMENTATIONS[learner.training.augmentation] or (lambda x, draw: x)
    shown = draw_for(learner.seed, "augmented test images", task.index)
    accuracies: list[list[float]] = []
    for epoch in learner.epochs(task, epochs):
        if epoch:
            sets = (task.validation, (task.test_x, task.test_y), (augment(task.test_x, shown), task.test_y))
            accuracies.append([learner.evaluate(x, y, task.outputs)[1] for x, y in sets])
    outcome = learner.finish(task)
    valid, test, augmented = np.array(accuracies).T
    return Increment(outcome, valid, test, augmented, _confusion(learner, task))


@torch.no_grad()
def _confusion(learner: Learner, task: Task) -> Int64[np.ndarray, "class class"]:
    chosen: Tensor = learner.network.eval()(task.test_x)[:, : task.outputs].argmax(dim=1)
    pairs = task.test_y * task.outputs + chosen
    return torch.bincount(pairs, minlength=task.outputs**2).view(task.outputs, task.outputs).cpu().numpy()


def long(experiment: Plan, seed: int, *, equal_epochs: bool = False, device: str = "cpu") -> Increment:
    """A fresh network on the plan's last increment, with as much training as the others had in all of them.

    As many steps, or as many epochs: these hold more steps, since each has all classes. The schedule is stretched.
    """
    epochs = experiment.training.epochs * experiment.tasks
    if not equal_epochs:  # an epoch's steps grow in proportion to the increment's number
        epochs = round(experiment.training.epochs * (experiment.tasks + 1) / 2)
    training = replace(experiment.training, epochs=epochs)
    learner = replace(experiment, training=training).learner("none", seed, device)
    return _learn(learner, experiment.stream(seed).task(experiment.tasks - 1), training.epochs)


def quick(tasks: int = TASKS) -> Plan:
    """Table 3's plan in the profile `quick`, of which only the first increments are learned."""
    return replace(plan("table3", "quick"), tasks=tasks)


def by_network(network: str, seeds: Sequence[int], tasks: int, device: str = "cpu") -> Iterator[TableRow]:
    """One of `COMPARED` or `LONG_TRAINED`, a row a seed; quantities as lists over the increments.

    `train_accuracy`, `test_accuracy` and `chosen_augmented` (on augmented test images) are those of the weights that
    are carried over; `best_test` and `best_augmented` are the best of an increment's epochs, picked by the test images
    themselves; `chosen` is the epoch of the weights carried over.
    """
    experiment = quick(tasks)
    for seed in seeds:
        if network in LONG_TRAINED:
            learned: Iterable[Increment] = [long(experiment, seed, equal_epochs=LONG_TRAINED[network], device=device)]
        else:
            learned = inside(experiment, COMPARED[network], seed, device)
        yield row_of_increments(network, seed, list(learned))


def row_of_increments(network: str, seed: int, increments: Sequence[Increment]) -> TableRow:
    """What is stored of a learner."""
    return {
        "network": network,
        "seed": seed,
        "train_accuracy": [each.outcome.train_accuracy for each in increments],
        "test_accuracy": [each.outcome.test_accuracy for each in increments],
        "best_test": [float(each.test.max()) for each in increments],
        "best_augmented": [float(each.augmented.max()) for each in increments],
        "chosen_augmented": [float(each.augmented[each.chosen - 1]) for each in increments],
        "chosen": [each.chosen for each in increments],
    }


EXPERIMENT = Experiment(
    "increments",
    "A narrow ResNet-18 on class increments, kept and fresh networks epoch by epoch",
    by_network,
    parts=tuple({"network": network} for network in COMPARED | LONG_TRAINED),
    seeds=SEEDS,
    tasks=TASKS,
    settings={"training": asdict(quick().training)},
)
