"""Figures: they take results and compute nothing that a chapter would quote."""

from lop_tutorial.figures.accuracy import accuracy_over_tasks, band, curves, image_rows, running_mean
from lop_tutorial.figures.style import METHOD_COLOURS, PAGE_WIDTH, WIDTH_COLOURS, slim_png, use
from lop_tutorial.figures.terminal_phase import exponent_against_collapse, over_epochs

__all__ = [
    "METHOD_COLOURS",
    "PAGE_WIDTH",
    "WIDTH_COLOURS",
    "accuracy_over_tasks",
    "band",
    "curves",
    "exponent_against_collapse",
    "image_rows",
    "over_epochs",
    "running_mean",
    "slim_png",
    "use",
]
