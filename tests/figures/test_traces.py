import matplotlib.pyplot as plt
import numpy as np

from lop_tutorial.experiments import Traces
from lop_tutorial.figures import WIDTH_COLOURS, exponent_against_collapse, over_epochs


def test_over_epochs_draws_the_mean_and_leaves_epoch_zero_out():
    figure, ax = plt.subplots()
    over_epochs(ax, [0, 1, 10], np.array([[9.0, 1, 2], [9, 3, 6]]), "wide", "d = 64", "--")
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), [[1, 2], [10, 4]])
    assert (line.get_color(), line.get_linestyle(), ax.get_xscale()) == (WIDTH_COLOURS["wide"], "--", "log")
    plt.close(figure)


def test_exponents_begin_where_the_samples_are_fitted():
    """The first seed fits at the second look, the second never: it is not drawn."""
    traces = Traces(
        np.arange(3),
        {
            "train_accuracy": np.array([[0.5, 1, 1], [0.5, 0.6, 0.7]]),
            "nc1": np.array([[3.0, 2, 1], [3, 2, 1]]),
            "ftle": np.array([[0.0, -1, -2], [0, -1, -2]]),
        },
    )
    figure, ax = plt.subplots()
    exponent_against_collapse(ax, traces, "narrow", "clouds")
    curve, dot = ax.lines
    np.testing.assert_array_equal(curve.get_xydata(), [[2, -1], [1, -2]])
    np.testing.assert_array_equal(dot.get_xydata(), [[1, -2]])
    assert curve.get_label() == "clouds"
    plt.close(figure)
