"""A new last layer for every task, whatever the training does with it."""

from dataclasses import dataclass
from typing import ClassVar

from lop_tutorial.interventions.intervention import Intervention, LearnerState, one_of
from lop_tutorial.interventions.replacement import optimiser_state


@dataclass(frozen=True)
class HeadReset(Intervention):
    """At each new task the head is drawn anew ("fresh") or set to 0 ("zero"), and what the optimiser has gathered for
    it is cleared. A variant in Dohare et al. (2024) for Incremental CIFAR-100, where the head otherwise stays.

    The training's own rule (`Training.head`) comes after it. Where that is "keep", the head is as `how` says. Where it
    is "zero" or "fresh", the weights are the training's, and what this method adds is the cleared momentum: without
    it, the last task's goes on pushing the new head, unless the training drops all momentum between tasks.
    """

    title: ClassVar[str] = "Head reset"
    source: ClassVar[str] = "dohare2024"
    how: str = "fresh"

    def __post_init__(self) -> None:
        one_of(("fresh", "zero"), how=self.how)

    def start_task(self, learner: LearnerState) -> None:
        network, head = learner.network, learner.network.head
        if self.how == "fresh":
            head.weight.copy_(network.fresh_weight(head, learner.draw))
            head.bias.copy_(network.fresh_bias(head, learner.draw))
        else:
            network.reset_head("zero")
        for weight in (head.weight, head.bias):
            for moment in optimiser_state(learner.optimiser, weight):
                moment.zero_()
