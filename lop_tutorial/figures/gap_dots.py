"""How far methods end from a reference on the last task: a dot a seed, and the mean with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.pyplot import subplots

from lop_tutorial.figures.named import seeds_in_row
from lop_tutorial.figures.style import COLUMN_WIDTH, method_colour
from lop_tutorial.interventions import title, without_settings
from lop_tutorial.running import Results, finite, interval


def gap_dots(
    runs: Mapping[str, Results],
    reference: str = "retrained",
    methods: Sequence[str] | None = None,
    parts: Sequence[str] = ("train", "test"),
) -> Figure:
    """Training and test accuracy of methods after the last task, minus the reference's, in points; a panel for each.

    `runs` by the words that stand before a method's name; each has the reference, and every row is of its own run.
    Where all rows are of one method, its name is left out. `methods` in the order of their rows; where it is None, all
    but the reference. `parts` says which panels there are. A method that resets as well, such as
    "retrained+g_mixup", has the colour of what it is joined with, and is hollow. Seeds in which either diverged are
    left out.
    """
    lines = [
        (words, results, method)
        for words, results in runs.items()
        for method in methods or results.methods
        if method != reference
    ]
    figure, axes = subplots(1, len(parts), sharey=True, squeeze=False, figsize=(COLUMN_WIDTH, 1.0 + 0.42 * len(lines)))
    for axis, part in zip(axes[0], parts, strict=True):
        axis.axvline(0, color=method_colour(reference), linestyle=":")
        for place, (_, results, method) in enumerate(lines):
            _line(axis, place, results, method, reference, f"{part}_accuracy")
        axis.set_title("training accuracy" if part == "train" else "test accuracy")
        axis.set_xlabel(f"minus {title(reference)}, points")
        axis.grid(axis="y", visible=False)
    one = len({method for _, _, method in lines}) == 1 and all(runs)
    names = [
        words.rstrip(": ") if one else f"{words}{title(without_settings(method))}".replace(": ", "\n")
        for words, _, method in lines
    ]
    axes[0, 0].set_yticks(range(len(lines)), names)
    axes[0, 0].set_ylim(len(lines) - 0.5, -0.5)
    return figure


def _line(axis: Axes, place: int, results: Results, method: str, reference: str, quantity: str) -> None:
    paired = results.paired(method, reference)
    gaps = 100 * finite((paired.curves(method, quantity) - paired.curves(reference, quantity))[:, -1:])[:, 0]
    colour = method_colour(method.split("+")[-1])
    seeds_in_row(axis, place, gaps, interval(gaps), colour, filled="+" not in method)
