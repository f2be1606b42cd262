"""Figures: they take results and compute nothing that a chapter would quote."""

from lop_tutorial.figures.accuracy import accuracy_over_tasks, band, curves, image_rows, running_mean
from lop_tutorial.figures.claim_bars import claim_bars
from lop_tutorial.figures.fields import exponent_fields
from lop_tutorial.figures.gap_dots import gap_dots
from lop_tutorial.figures.landing import mark_floor, medians, squares
from lop_tutorial.figures.named import name_ends
from lop_tutorial.figures.old_and_fresh import each_network, losses, old_and_fresh
from lop_tutorial.figures.side_by_side import against_retrained, factor_against_accuracy, factor_correlations
from lop_tutorial.figures.style import (
    COLUMN_WIDTH,
    METHOD_COLOURS,
    PAGE_WIDTH,
    PROBE_COLOURS,
    WIDTH_COLOURS,
    method_colour,
    slim_png,
    use,
)
from lop_tutorial.figures.traces import over_epochs
from lop_tutorial.figures.widths import across_widths

__all__ = [
    "COLUMN_WIDTH",
    "METHOD_COLOURS",
    "PAGE_WIDTH",
    "PROBE_COLOURS",
    "WIDTH_COLOURS",
    "accuracy_over_tasks",
    "across_widths",
    "against_retrained",
    "band",
    "claim_bars",
    "curves",
    "each_network",
    "exponent_fields",
    "factor_against_accuracy",
    "factor_correlations",
    "gap_dots",
    "image_rows",
    "losses",
    "mark_floor",
    "medians",
    "method_colour",
    "name_ends",
    "old_and_fresh",
    "over_epochs",
    "running_mean",
    "slim_png",
    "squares",
    "use",
]
