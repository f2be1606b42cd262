"""A line a method, a dot a seed, and the mean where it belongs; a seed in which either diverged is left out."""

import math

import pytest
from matplotlib import pyplot as plt

from lop_tutorial.figures import gap_dots
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
    assert "points from Retrained" in test.get_xlabel()
    plt.close(figure)


def test_methods_are_drawn_in_the_order_asked_for():
    figure = gap_dots({"": Results(ROWS, planned=2)}, methods=("cbp:maturity=10", "none"))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["CBP", "No Intv."]
    dots = [list(map(float, line.get_xdata())) for line in figure.axes[1].get_lines() if line.get_linestyle() != ":"]
    assert dots[0] == pytest.approx([5, 5])
    plt.close(figure)
