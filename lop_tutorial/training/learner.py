"""ONE learner: a network, its optimiser and its intervention on one stream. The definition of what training means."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields

import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn.functional import cross_entropy, mse_loss, one_hot

from lop_tutorial.interventions import Examples, Intervention, Loss, NoIntervention, must_be_sound
from lop_tutorial.networks import HEADS, Network, Watch
from lop_tutorial.seeds import draw_for, seeded, torch_generator
from lop_tutorial.settings_given import must_be_number, must_be_whole
from lop_tutorial.streams import Task
from lop_tutorial.training.augmentation import AUGMENTATIONS
from lop_tutorial.training.cpu import lay_out, lay_out_images
from lop_tutorial.training.divergence import Divergence
from lop_tutorial.training.fitting import (
    must_be_batch,
    must_be_loss,
    must_be_new,
    must_be_one_number,
    must_be_tensors,
    must_fit,
    steps_told,
)
from lop_tutorial.training.optimisers import SGD
from lop_tutorial.training.precision import Precision, strict

LOSSES: dict[str, Loss] = {"cross_entropy": cross_entropy, "squared_error": mse_loss}


@dataclass(frozen=True)
class Training:
    """How a task is learned. The defaults are those of Continual ImageNet (Dohare et al. 2024)."""

    step_size: float = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0
    batch_size: int = 100
    epochs: int = 250
    loss: str = "cross_entropy"
    """cross_entropy or squared_error (mean over the batch and the outputs, labels one-hot)."""
    head: str = "zero"
    """What becomes of the last layer at each new task: "zero", "fresh" (drawn anew) or "keep"."""
    keep_momentum: bool = True
    """Whether SGD's momentum is carried from one task into the next."""
    milestones: tuple[float | int, ...] = ()
    """Shares of a task's epochs after which the step size is multiplied by `factor`; each task begins anew."""
    factor: float | int = 0.2
    augmentation: str = "none"
    """What is done to the images of every batch, one of `AUGMENTATIONS`, before the intervention sees them."""
    keep_best: bool = False
    """Whether a task ends with the weights of the epoch that did best on its validation examples (the first of equals).

    Weights and running averages are set back, momentum and the intervention's memory are not."""

    def __post_init__(self) -> None:
        must_be_number(0, step_size=self.step_size, weight_decay=self.weight_decay, factor=self.factor)
        must_be_number(0, 1, momentum=self.momentum)
        if self.momentum == 1:
            raise ValueError("momentum is 1; it must be less, or no step is ever forgotten")
        must_be_whole(1, batch_size=self.batch_size, epochs=self.epochs)
        for name in ("keep_momentum", "keep_best"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be True or False")
        for name, known in (("loss", tuple(LOSSES)), ("head", HEADS), ("augmentation", tuple(AUGMENTATIONS))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(known)}")
        if not all(0 < share < 1 for share in self.milestones) or sorted(self.milestones) != list(self.milestones):
            raise ValueError(f"milestones are {self.milestones}; they must be rising shares between 0 and 1")

    def step_size_in(self, epoch: int, epochs: int) -> float:
        """SGD's step size in an epoch, counted from 1, of `epochs`."""
        passed = sum(epoch > max(1, round(share * epochs)) for share in self.milestones)
        return self.step_size * self.factor**passed


@dataclass(frozen=True)
class Outcome:
    """What a learner achieved on one task, measured after training on it.

    Accuracies lie in [0, 1]. They are NaN where the network diverged (a logit that is not finite), which is
    not a collapse to chance.
    """

    task: int
    train_accuracy: float
    test_accuracy: float
    train_loss: float
    diverged_step: int | None = field(default=None, metadata={"column": False})
    """The step of this task, counted from 0, whose loss was the first that is not finite; where only what the last step
    left is not finite, the number of steps. None if the learner did not diverge."""

    @property
    def diverged(self) -> bool:
        return self.diverged_step is not None


OUTCOME_FIELDS = tuple(f.name for f in fields(Outcome) if f.metadata.get("column", True))


class Learner:
    """A network that learns task after task.

    `make_network` makes a network from torch's global generator, which the learner seeds: equal seeds give equal
    learners. Restarting draws new weights, the same ones in every learner of that seed. Layers that draw (dropout) draw
    from that generator too, seeded for each epoch; on a GPU from the device's own, which is left alone. `precision` is
    that of the steps' products, one of `PRECISIONS`; what is measured is measured in float32.
    """

    def __init__(
        self,
        make_network: Callable[[], Network],
        training: Training = Training(),
        intervention: Intervention = NoIntervention(),
        *,
        seed: int = 0,
        device: torch.device | str = "cpu",
        precision: str = "fp32",
    ) -> None:
        self.make_network, self.training, self.intervention = make_network, training, intervention
        self.seed, self.device = seed, torch.device(device)
        self.precision = Precision(precision, self.device)
        self.tasks_learned = 0
        self.divergence = Divergence()
        must_be_sound(intervention)
        intervention.check(training.loss)
        self.restart()

    def restart(self) -> None:
        """Fresh weights, a fresh optimiser and a fresh memory of the intervention."""
        with seeded(self.seed, "weights", self.tasks_learned):
            made = self.intervention.build(self.make_network)
        must_be_new(made)
        self.network = lay_out(made, self.device)
        if self.training.head == "zero":
            self.network.reset_head("zero")
        self.optimiser = self._fresh_optimiser()
        self.units = self.network.units()
        self.activations = Watch(self.units).activations if self.intervention.watches else []
        self.draw = draw_for(self.seed, "intervention", self.tasks_learned)
        self.memory = self.intervention.remember(self.network)
        must_be_tensors(self.memory, of=self.intervention.title)

    @property
    def gradients(self) -> dict[str, Float[Tensor, "*weight"]]:
        """The loss's gradients by the weights' names, as the last step left them; empty before the first."""
        return {name: weight.grad for name, weight in self.network.named_parameters() if weight.grad is not None}

    def _fresh_optimiser(self) -> torch.optim.SGD:
        t = self.training
        return SGD(
            self.network.parameters(), lr=t.step_size, momentum=t.momentum, weight_decay=t.weight_decay, fused=True
        )

    def learn(self, task: Task) -> Outcome:
        """Trains on a task's training examples, then measures on both its sets."""
        task = task.to(self.device)
        for _ in self.epochs(task, self.training.epochs):
            pass
        return self.finish(task)

    def epochs(self, task: Task, number: int) -> Iterator[int]:
        """Begins a task and trains on it for `number` epochs: gives 0 before the first step, then 1, 2, ..."""
        self.start(task)
        augment = AUGMENTATIONS[self.training.augmentation]
        examples = Examples.of(lay_out_images(task.train_x), task.train_y, task.outputs, augment)
        order = torch_generator(self.seed, "batches", self.tasks_learned)
        self.divergence = Divergence()
        mixing = draw_for(self.seed, "mixing", self.tasks_learned)
        shown = draw_for(self.seed, "augmentation", self.tasks_learned)
        best = Best() if self.training.keep_best else None
        yield 0
        for epoch in range(1, number + 1):
            self.network.train()
            for group in self.optimiser.param_groups:
                group["lr"] = self.training.step_size_in(epoch, number)
            with seeded(self.seed, "layers", self.tasks_learned, epoch):  # for those that draw, as dropout does
                for batch in self.batches(len(task.train_y), order):
                    x, y = examples.take(batch, shown)
                    made = self.intervention.batch(x, y, mixing, examples.at(batch))
                    self._step(*must_be_batch(made, x, y, self.intervention.title))
            if best:
                best.look(self, task)
            yield epoch
        if best:
            best.put_back(self)

    def finish(self, task: Task) -> Outcome:
        """What follows a task's last step: `end_task` of the intervention, then the measurement."""
        self.end()
        train_loss, train_accuracy = self.evaluate(task.train_x, task.train_y, task.outputs)
        _, test_accuracy = self.evaluate(task.test_x, task.test_y, task.outputs)
        return self.outcome(task, train_loss, train_accuracy, test_accuracy)

    def end(self) -> None:
        """After a task's last step, before the measurement."""
        with torch.no_grad():
            self.intervention.end_task(self)
        self.tasks_learned += 1

    def outcome(self, task: Task, train_loss: float, train_accuracy: float, test_accuracy: float) -> Outcome:
        """What was measured, and whether the learner diverged."""
        first_step = self.divergence.first_step()
        if first_step is None and not math.isfinite(train_accuracy + test_accuracy):
            first_step = self.divergence.steps
        return Outcome(task.index, train_accuracy, test_accuracy, train_loss, first_step)

    def start(self, task: Task) -> None:
        """What goes before a task's first step: the intervention, then the head, then the momentum."""
        if self.tasks_learned == 0:
            must_fit(self.network, task)
            return
        with torch.no_grad():
            self.intervention.start_task(self)
        with seeded(self.seed, "head", self.tasks_learned):
            self.network.reset_head(self.training.head)
        if not self.training.keep_momentum:
            self.optimiser = self._fresh_optimiser()

    def batches(self, examples: int, draw: torch.Generator) -> Int64[Tensor, "step batch"]:
        """One epoch: every example once in random order, in equal batches; what is left over sits this epoch out."""
        size = min(self.training.batch_size, examples)
        order = torch.randperm(examples, generator=draw).to(self.device)
        return order[: examples - examples % size].view(-1, size)

    @steps_told()
    def _step(self, x: Float[Tensor, "batch *shape"], y: Float[Tensor, "batch outputs"]) -> None:
        """A step on a batch as the intervention made it."""
        with self.precision.step():
            with self.precision.forward():
                logits = self.network(x)
            loss = self.intervention.loss(LOSSES[self.training.loss], logits[:, : y.shape[1]].float(), y)
            loss = must_be_loss(loss, self.intervention.title)
            penalty = self.intervention.penalty(self)
            if penalty is not None:
                loss = loss + must_be_one_number(penalty, self.intervention.title)
            self.divergence.see(loss)
            self.optimiser.zero_grad()
            loss.backward()
        if self.intervention.acts("before_step"):
            with torch.no_grad():
                self.intervention.before_step(self)
        self.optimiser.step()
        with torch.no_grad():
            self.intervention.after_step(self)

    @torch.no_grad()
    def evaluate(
        self, x: Float[Tensor, "batch *shape"], y: Int64[Tensor, " batch"], outputs: int, chunk: int = 1000
    ) -> tuple[float, float]:
        """Mean loss and accuracy; the accuracy is NaN where a logit is not finite."""
        self.network.eval()
        with strict(self.device):
            logits = torch.cat([self.network(part)[:, :outputs] for part in x.split(chunk)])
        loss = LOSSES[self.training.loss](logits, one_hot(y, outputs).float()).item()
        finite = bool(logits.isfinite().all())
        return loss, (logits.argmax(dim=1) == y).float().mean().item() if finite else math.nan


class Best:
    """The weights, with running averages, of the epoch that did best on a task's validation examples so far."""

    def __init__(self) -> None:
        self.accuracy = -1.0
        self._weights: dict[str, Tensor] | None = None

    def look(self, learner: Learner, task: Task) -> None:
        """After an epoch. A network that diverged is never the best."""
        _, accuracy = learner.evaluate(*task.validation, task.outputs)
        if accuracy > self.accuracy:
            self.accuracy, self._weights = accuracy, copy.deepcopy(learner.network.state_dict())

    def put_back(self, learner: Learner) -> None:
        """Into the learner's network."""
        if self._weights is not None:
            learner.network.load_state_dict(self._weights)


def live(learner: Learner, tasks: Iterable[Task]) -> Iterator[Outcome]:
    """Learns task after task, giving each outcome as it comes; a learner that diverges stops after that task."""
    for task in tasks:
        outcome = learner.learn(task)
        yield outcome
        if outcome.diverged:
            return
