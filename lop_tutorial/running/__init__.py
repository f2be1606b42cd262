"""How an experiment is carried out and stored: plans, crews of learners, runs on disk, and sweeps of settings."""

from lop_tutorial.running.carry_out import carry_out
from lop_tutorial.running.execute import rows
from lop_tutorial.running.plan import Plan
from lop_tutorial.running.results import Interval, Results, finite, interval
from lop_tutorial.running.run import Run, stored

__all__ = ["Interval", "Plan", "Results", "Run", "carry_out", "finite", "interval", "rows", "stored"]
