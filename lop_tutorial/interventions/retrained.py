"""A fresh network for every task: nothing is carried over, so nothing can be lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lop_tutorial.interventions.intervention import Intervention

if TYPE_CHECKING:
    from lop_tutorial.training.learner import Learner


@dataclass(frozen=True)
class Retrained(Intervention):
    """Retrained in the paper's tables: fresh weights and a fresh optimiser at each task."""

    title: ClassVar[str] = "Retrained"

    def start_task(self, learner: Learner) -> None:
        learner.restart()
