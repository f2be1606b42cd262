"""A fresh network for every task: nothing is carried over, so nothing can be lost."""

from dataclasses import dataclass
from typing import ClassVar

from lop_tutorial.interventions.intervention import Intervention, LearnerState


@dataclass(frozen=True)
class Retrained(Intervention):
    """Retrained in the paper's tables: fresh weights and a fresh optimiser at each task."""

    title: ClassVar[str] = "Retrained"

    def start_task(self, learner: LearnerState) -> None:
        learner.restart()
