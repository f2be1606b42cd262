"""Why continual backpropagation diverges in Table 2: the task of divergence anew, with replacement and without it.

`lop-tutorial reproduce cbp_divergence` makes the table. A ConvNet learns with CBP until its loss is no longer finite.
Then that task, and the one before, are learned again from the state in which they began, in other orders of their
batches. If replacement is what breaks the network, the task can be learned without it; if it is the state, it cannot.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from lop_tutorial.experiments.tables import TABLE2_COLAB
from lop_tutorial.running.experiment import Experiment
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.table import TableRow
from lop_tutorial.streams import Stream
from lop_tutorial.training import Learner, Outcome
from lop_tutorial.training.checkpoint import Facts, restore, state

CBP = "cbp:replacement_rate=0.001"
"""The rate of the table; counted as the benchmark's code counts."""
ORDERS = 4
"""In how many orders of batches a task is learned anew, its own among them."""

State = tuple[dict[str, Tensor], Facts]


def again(base: Plan, seed: int, device: str = "cpu") -> Iterator[TableRow]:
    """One seed's life up to its divergence, as its last row; then its last two tasks anew.

    `task` is that of divergence, counted from 0 (the last of the plan if there is none), `began` the task from whose
    beginning it was learned anew, `order` the order of batches, of which 0 is the one that it had. `growth` is the norm
    of all weights at that beginning over that of the first weights.
    """
    stream, learner = base.stream(seed, base.images_on(device)), base.learner(CBP, seed, device)
    first, began = _norm(learner), {}
    for number in range(base.tasks):
        began[number] = _copied(learner)
        began.pop(number - 2, None)
        outcome = learner.learn(stream.task(number))
        if outcome.diverged:
            break
    for start, kept in reversed(began.items()):
        for method in (CBP, "none"):
            for order in range(ORDERS):
                repeated = base.learner(method, seed, device)
                _restore(repeated, kept)
                row = {"seed": seed, "task": number, "began": start, "replacement": method == CBP, "order": order}
                growth = _norm(repeated) / first
                repeated.seed += 1000 * order  # by which batches are drawn
                yield row | {"growth": growth} | _what_came(repeated, stream, start)
        if not outcome.diverged:
            return


def _what_came(learner: Learner, stream: Stream, number: int) -> TableRow:
    outcome: Outcome = learner.learn(stream.task(number))
    step = math.nan if outcome.diverged_step is None else outcome.diverged_step
    return {"diverged_step": step, "train_accuracy": outcome.train_accuracy}


def _copied(learner: Learner) -> State:
    tensors, facts = state(learner)
    return {name: tensor.clone() for name, tensor in tensors.items()}, facts


def _restore(learner: Learner, kept: State) -> None:
    """The state without a memory of units where the method has none."""
    tensors, facts = kept
    there = {
        name for name in tensors if not name.startswith("memory.") or name.removeprefix("memory.") in learner.memory
    }
    restore(learner, {name: tensors[name] for name in there}, facts)


def _norm(learner: Learner) -> float:
    return math.sqrt(sum(float(weight.detach().square().sum()) for weight in learner.network.parameters()))


@dataclass(frozen=True)
class CbpDivergence(Experiment):
    """An experiment on CIFAR-100."""

    @property
    def plan(self) -> Plan:
        """Table 2's, on the classes of its stored run."""
        base = replace(TABLE2_COLAB, data="cifar100", classes=(0, 80), methods=(CBP,), data_root=self.root, measures=())
        return replace(base, seeds=self.seeds, tasks=self.tasks or base.tasks)

    def sized(self, seeds: tuple[int, ...] | None, tasks: int | None, root: Path | None = None) -> Experiment:
        """The same with other seeds, and so with other parts."""
        other = super().sized(seeds, tasks, root)
        return replace(other, parts=_parts(other.seeds))

    def as_config(self) -> dict[str, Any]:
        """Every setting, for config.json, with the images' content hash."""
        return super().as_config() | {"plan": self.plan.as_config()}

    def rows_of(self, part: TableRow, device: str, workers: int) -> Iterable[TableRow]:
        """One seed's rows; on one process."""
        return self.run(self.plan, part["seed"], device)


def _parts(seeds: tuple[int, ...]) -> tuple[TableRow, ...]:
    return tuple({"seed": seed} for seed in seeds)


SEEDS = tuple(range(10, 16))
EXPERIMENT = CbpDivergence(
    "cbp_divergence",
    "CBP with ConvNet until it diverges, then its last two tasks anew, with replacement and without",
    again,
    parts=_parts(SEEDS),
    seeds=SEEDS,
    tasks=TABLE2_COLAB.tasks,
)
