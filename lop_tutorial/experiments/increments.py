"""Class increments from inside: every epoch's accuracies, which classes are taken for which, and fresh networks.

    python -m lop_tutorial.experiments.increments results/increments.json    # some ten minutes on one core

writes what the chapter on Incremental CIFAR-100 shows of it. It goes on where it was stopped.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from lop_tutorial.experiments.catalogue import plan
from lop_tutorial.running.origin import environment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.run import stored_path, write_rows
from lop_tutorial.seeds import draw_for
from lop_tutorial.streams import Task
from lop_tutorial.training import Learner, Outcome
from lop_tutorial.training.augmentation import AUGMENTATIONS

NAME = "increments.json"
SEEDS = tuple(range(8))
TASKS = 5
NETWORKS = {
    "none": "none",
    "retrained": "retrained",
    "g_mixup": "g_mixup",
    "fresh_g_mixup": "g_mixup:fresh=true",
}
"""What each network's method is. The last is in none of the paper's tables."""
LONG = {"equal_steps": False, "equal_epochs": True}
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


def inside(experiment: Plan, method: str, seed: int) -> Iterator[Increment]:
    """Lives a learner's life as `Learner.learn` does, and looks at every epoch.

    ValueError where the plan has no validation images.
    """
    learner, stream = experiment.learner(method, seed), experiment.stream(seed)
    for number in range(experiment.tasks):
        yield _learn(learner, stream.task(number), experiment.training.epochs)


def _learn(learner: Learner, task: Task, epochs: int) -> Increment:
    augment = AUGMENTATIONS[learner.training.augmentation] or (lambda x, draw: x)
    shown = draw_for(learner.seed, "augmented test images", task.index)
    seen: list[list[float]] = []
    for epoch in learner.epochs(task, epochs):
        if epoch:
            sets = (task.validation, (task.test_x, task.test_y), (augment(task.test_x, shown), task.test_y))
            seen.append([learner.evaluate(x, y, task.outputs)[1] for x, y in sets])
    outcome = learner.finish(task)
    valid, test, augmented = np.array(seen).T
    return Increment(outcome, valid, test, augmented, _confusion(learner, task))


@torch.no_grad()
def _confusion(learner: Learner, task: Task) -> Int64[np.ndarray, "class class"]:
    told: Tensor = learner.network.eval()(task.test_x)[:, : task.outputs].argmax(dim=1)
    pairs = task.test_y * task.outputs + told
    return torch.bincount(pairs, minlength=task.outputs**2).view(task.outputs, task.outputs).numpy()


def long(experiment: Plan, seed: int, *, equal_epochs: bool = False) -> Increment:
    """A fresh network on the plan's last increment, with as much training as the others had in all of them.

    As many steps, or as many epochs: these hold more steps, since each has all classes. The schedule is stretched.
    """
    epochs = experiment.training.epochs * experiment.tasks
    if not equal_epochs:  # an epoch's steps grow in proportion to the increment's number
        epochs = round(experiment.training.epochs * (experiment.tasks + 1) / 2)
    training = replace(experiment.training, epochs=epochs)
    learner = replace(experiment, training=training).learner("none", seed)
    return _learn(learner, experiment.stream(seed).task(experiment.tasks - 1), training.epochs)


def quick(tasks: int = TASKS) -> Plan:
    """Table 3's plan in the profile `quick`, of which only the first increments are lived."""
    return replace(plan("table3", "quick"), tasks=tasks)


def stored_increments(network: str, quantity: str = "test_accuracy") -> Float64[np.ndarray, "seed task"]:
    """A quantity of the stored run.

    `train_accuracy`, `test_accuracy` and `chosen_augmented` (on augmented test images) are those of the weights that
    are carried over; `best_test` and `best_augmented` are the best of an increment's epochs, picked by the test images
    themselves; `chosen` is the epoch of the weights carried over.
    """
    rows = [row for row in json.loads(stored_path(NAME).read_text())["rows"] if row["network"] == network]
    if not rows:
        raise ValueError(f"nothing is stored of network {network!r}; there are {', '.join(NETWORKS | LONG)}")
    return np.array([row[quantity] for row in sorted(rows, key=lambda row: row["seed"])], dtype=float)


def row(network: str, seed: int, life: Sequence[Increment]) -> dict[str, Any]:
    """What is stored of a life."""

    def rounded(values: Iterator[float]) -> list[float]:
        return [round(value, 4) for value in values]

    return {
        "network": network,
        "seed": seed,
        "train_accuracy": rounded(one.outcome.train_accuracy for one in life),
        "test_accuracy": rounded(one.outcome.test_accuracy for one in life),
        "best_test": rounded(float(one.test.max()) for one in life),
        "best_augmented": rounded(float(one.augmented.max()) for one in life),
        "chosen_augmented": rounded(float(one.augmented[one.chosen - 1]) for one in life),
        "chosen": [one.chosen for one in life],
    }


def _life(experiment: Plan, network: str, seed: int) -> list[Increment]:
    if network in LONG:
        return [long(experiment, seed, equal_epochs=LONG[network])]
    return list(inside(experiment, NETWORKS[network], seed))


def main(out: Path, seeds: Sequence[int] = SEEDS, experiment: Plan | None = None) -> None:
    """Lives all lives that the file does not have yet, and writes after each seed."""
    torch.set_num_threads(1)
    experiment = experiment or quick()
    wanted = {"seeds": list(seeds), "tasks": experiment.tasks, "training": asdict(experiment.training)}
    document: dict[str, Any] = {"environment": environment() | {"wall_seconds": 0.0}} | wanted | {"rows": []}
    if out.exists():
        document = json.loads(out.read_text())
        found = {name: document[name] for name in wanted}
        if json.dumps(found) != json.dumps(wanted):
            raise ValueError(f"{out} is of other settings; name another file, or remove it first")
    document["environment"]["command"] = f"python -m lop_tutorial.experiments.increments results/{NAME}"
    done = {(row["network"], row["seed"]) for row in document["rows"]}
    for seed in seeds:
        missing = [name for name in NETWORKS | LONG if (name, seed) not in done]
        if not missing:
            continue
        began = time.perf_counter()
        document["rows"] += [row(name, seed, _life(experiment, name, seed)) for name in missing]
        seconds = document["environment"]["wall_seconds"] + time.perf_counter() - began
        document["environment"]["wall_seconds"] = round(seconds, 1)
        head = {name: value for name, value in document.items() if name != "rows"}
        write_rows(out, head, document["rows"])
        print(f"seed {seed}: {seconds:.0f} s so far", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else f"results/{NAME}"))
