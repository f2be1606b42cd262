"""Many learners at once: their weights stacked, their steps recorded."""

from lop_tutorial.training.fleet.fleet import Fleet, faster_in_fleet, live_together
from lop_tutorial.training.fleet.layers import stackable

__all__ = ["Fleet", "faster_in_fleet", "live_together", "stackable"]
