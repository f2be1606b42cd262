"""Training: one learner, the plain loop."""

from lop_tutorial.training.learner import LOSSES, OUTCOME_FIELDS, Learner, Outcome, Training, live
from lop_tutorial.training.watching import watch

__all__ = ["LOSSES", "OUTCOME_FIELDS", "Learner", "Outcome", "Training", "live", "watch"]
