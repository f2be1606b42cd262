"""Training: one learner, the plain loop (`learner.py`, where `_step` is the step); many at once, the fast one."""

from lop_tutorial.training.fleet import Fleet, faster_in_fleet, live_together, stackable
from lop_tutorial.training.learner import LOSSES, OUTCOME_FIELDS, Learner, Outcome, Training, live
from lop_tutorial.training.precision import PRECISIONS
from lop_tutorial.training.watching import watch

__all__ = [
    "LOSSES",
    "OUTCOME_FIELDS",
    "PRECISIONS",
    "Fleet",
    "Learner",
    "Outcome",
    "Training",
    "faster_in_fleet",
    "live",
    "live_together",
    "stackable",
    "watch",
]
