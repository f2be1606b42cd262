import matplotlib.pyplot as plt
import numpy as np

from lop_tutorial.figures import WIDTH_COLOURS, over_epochs


def test_over_epochs_draws_the_mean_and_leaves_epoch_zero_out():
    figure, ax = plt.subplots()
    over_epochs(ax, [0, 1, 10], np.array([[9.0, 1, 2], [9, 3, 6]]), "wide", "d = 64", "--")
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), [[1, 2], [10, 4]])
    assert (line.get_color(), line.get_linestyle(), ax.get_xscale()) == (WIDTH_COLOURS["wide"], "--", "log")
    plt.close(figure)
