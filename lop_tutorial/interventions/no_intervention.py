"""The network goes from task to task as it is."""

from dataclasses import dataclass
from typing import ClassVar

from lop_tutorial.interventions.intervention import Intervention


@dataclass(frozen=True)
class NoIntervention(Intervention):
    """No Intv. in the paper's tables: what every other method is held against."""

    title: ClassVar[str] = "No Intv."
