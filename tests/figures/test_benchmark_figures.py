"""Figures of the chapters on the benchmarks: what stands in them is what was given."""

import math

import numpy as np
import pytest
from matplotlib import pyplot as plt

from lop_tutorial.figures.before_death import before_death
from lop_tutorial.figures.beside_paper import beside_paper
from lop_tutorial.figures.by_step_size import by_step_size
from lop_tutorial.report import paper_table
from lop_tutorial.running import Results


def lives(accuracies, **quantities):
    """Rows of learners: an accuracy a task for each method and seed, and other quantities with the same shape."""
    return Results(
        tuple(
            {"method": method, "seed": seed, "task": task, "train_accuracy": value, "test_accuracy": value}
            | {name: values[method][seed][task] for name, values in quantities.items()}
            for method, seeds in accuracies.items()
            for seed, curve in enumerate(seeds)
            for task, value in enumerate(curve)
        )
    )


def test_a_run_stands_beside_the_paper_s_numbers():
    rising = [[0.5, 0.6, 0.7, 0.8, 0.9], [0.7, 0.8, 0.9, 1.0, math.nan]]
    figure = beside_paper(lives({"none": rising, "mixup": rising}), table=2)
    shown = [ax for ax in figure.axes if ax.get_visible()]
    titles = ["".join(ax.get_title(loc=place) for place in ("left", "center", "right")) for ax in shown]
    assert titles == ["No Intv."], "the table has no mixup"
    paper, *ours = (line for line in shown[0].lines if line.get_gid())
    assert tuple(paper.get_ydata()) == paper_table(2).rows["No Intv."]
    assert [float(dot.get_ydata()[0]) for dot in ours] == pytest.approx([0.6, 0.7, 0.8, 0.9, 0.9])
    plt.close(figure)


def test_seeds_that_fall_into_two_groups_are_drawn_one_by_one():
    curves = [[0.9, 0.9, 0.9, 0.5, math.nan], [0.9, 0.9, 0.9, 0.9, math.nan]]
    (ax,) = (ax for ax in beside_paper(lives({"none": curves}), table=1, each_seed=("none",)).axes if ax.get_visible())
    seeds = [line.get_ydata().tolist() for line in ax.lines if line.get_gid() == "seed"]
    assert seeds == [[0.9, 0.9]] * 3 + [[0.5, 0.9], []]
    means = [float(line.get_ydata()[0]) for line in ax.lines if line.get_gid() == "mean"]
    assert means == pytest.approx([0.9, 0.9, 0.9, 0.7, math.nan], nan_ok=True)
    assert not [line for line in ax.lines if line.get_gid() == "ours"]
    plt.close("all")


def test_a_bin_in_which_no_learner_is_left_has_no_dot():
    figure = beside_paper(lives({"none": [[0.5, 0.6, 0.7, 0.8, math.nan]]}), table=1)
    dots = [float(line.get_ydata()[0]) for line in figure.axes[0].lines if line.get_gid() == "ours"]
    assert np.isnan(dots).tolist() == [False] * 4 + [True]
    plt.close(figure)


def test_on_the_way_to_death_infinity_is_counted_and_accuracies_are_means():
    measured = [math.nan, 0.5, math.nan, -math.inf]
    figure = before_death(
        lives(
            {"none": [[1.0, 0.8, 0.5, 0.5]], "retrained": [[0.9] * 4]},
            exponent={"none": [measured], "retrained": [[math.nan, 0.25, math.nan, 0.3]]},
        ),
        {"training accuracy": "train_accuracy", "exponent": "exponent"},
        every=2,
    )
    above, below = figure.axes
    curves = [line for line in above.lines if line.get_gid() is None]
    assert [list(map(float, line.get_ydata())) for line in curves] == [pytest.approx([0.9, 0.5])]
    (gone,) = (text for text in below.texts if text.get_gid() == "gone")
    assert (gone.get_position()[0], gone.get_text()) == (4, "1")
    assert below.get_ylim()[0] < gone.get_position()[1] < 0.25
    assert "−∞" in [text.get_text() for text in below.texts]
    assert "−∞" not in [text.get_text() for text in above.texts]
    plt.close(figure)


def test_over_step_sizes_few_seeds_are_hollow_and_no_seed_is_no_dot():
    ends = {"none": {0.1: np.full(5, 0.7), 0.2: np.array([0.5, 0.6]), 0.4: np.empty(0)}}
    figure = by_step_size({"pairs": ends})
    (ax,) = figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [(float(dot.get_xdata()[0]), float(dot.get_ydata()[0])) for dot in dots] == [(0.1, 0.7), (0.2, 0.55)]
    assert [dot.get_markerfacecolor() for dot in dots][1] == "white"
    assert [text.get_text() for text in ax.texts] == ["No Intv."]
    plt.close(figure)
