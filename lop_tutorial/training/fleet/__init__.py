"""Many learners at once: their weights stacked, their steps recorded."""

from lop_tutorial.training.fleet.fleet import Fleet, live_together, pays
from lop_tutorial.training.fleet.layers import stackable

__all__ = ["Fleet", "live_together", "pays", "stackable"]
