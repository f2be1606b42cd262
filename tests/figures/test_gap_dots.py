"""A line a method, a dot a seed, and the mean where it belongs; a seed in which either diverged is left out."""

import math

import pytest
from matplotlib import pyplot as plt

from lop_tutorial.figures import METHOD_COLOURS, gap_dots
from lop_tutorial.running import Results

ENDS = {
    "retrained": {0: 0.5, 1: 0.6, 2: 0.7},
    "none": {0: 0.4, 1: 0.6, 2: 0.65},
    "cbp:maturity=10": {0: 0.55, 1: math.nan, 2: 0.75},
}
ROWS = tuple(
    {"method": method, "seed": seed, "task": task, "train_accuracy": 1.0, "test_accuracy": end if task else 0.1}
    for method, seeds in ENDS.items()
    for seed, end in seeds.items()
    for task in (0, 1)
)


def test_dots_are_the_differences_at_the_end():
    figure = gap_dots({"slow: ": Results(ROWS, planned=2)})
    train, test = figure.axes
    assert [label.get_text() for label in train.get_yticklabels()] == ["slow\nNo Intv.", "slow\nCBP"]
    lines = [list(map(float, line.get_xdata())) for line in test.get_lines() if line.get_linestyle() != ":"]
    dots, _, mean, others, _, other = lines
    assert dots == pytest.approx([-10, 0, -5])
    assert mean == pytest.approx([-5])
    assert others == pytest.approx([5, 5])
    assert other == pytest.approx([5])
    assert test.get_xlabel() == "minus Retrained, points"
    plt.close(figure)


def test_methods_are_drawn_in_the_order_asked_for():
    figure = gap_dots({"": Results(ROWS, planned=2)}, methods=("cbp:maturity=10", "none"))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["CBP", "No Intv."]
    dots = [list(map(float, line.get_xdata())) for line in figure.axes[1].get_lines() if line.get_linestyle() != ":"]
    assert dots[0] == pytest.approx([5, 5])
    plt.close(figure)


def test_one_method_needs_no_name_and_one_panel_is_enough():
    results = Results(ROWS, planned=2)
    figure = gap_dots({"slow: ": results, "fast: ": results}, methods=("none",), parts=("test",))
    (test,) = figure.axes
    assert [label.get_text() for label in test.get_yticklabels()] == ["slow", "fast"]
    dots = [list(map(float, line.get_xdata())) for line in test.get_lines() if line.get_linestyle() != ":"]
    assert dots[0] == pytest.approx([-10, 0, -5]), "test accuracies, not training accuracies"
    plt.close(figure)


def test_what_resets_as_well_is_hollow_in_the_colour_of_what_it_is_joined_with():
    joined = tuple({**row, "method": row["method"].replace("none", "retrained+g_mixup")} for row in ROWS)
    figure = gap_dots({"": Results(joined, planned=2)}, methods=("retrained+g_mixup",), parts=("test",))
    mean = next(line for line in figure.axes[0].get_lines() if line.get_markersize() == 7)
    assert mean.get_color() == METHOD_COLOURS["g_mixup"]
    assert mean.get_markerfacecolor() == "white"
    plt.close(figure)
