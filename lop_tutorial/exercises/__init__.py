"""Exercises that check themselves: right, or in which way not yet; never the solution."""

from lop_tutorial.exercises.checking import check, progress

__all__ = ["check", "progress"]
