"""What figures on neural collapse draw: the numbers they are given, where they belong."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.experiments import Traces
from lop_tutorial.figures import end_of_training as pictures

SQUARE = np.array([[1.0, 0], [2, 0], [-1, 0], [-2, 0]])
LABELS = np.array([0, 0, 1, 1])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def traces(**values):
    return Traces(np.array([0, 1, 10]), {name: np.array(rows, dtype=float) for name, rows in values.items()})


def test_clouds_fill_their_panels_and_keep_their_classes_marks():
    figure = pictures.clouds_over_time({"a": SQUARE, "b": 2 * SQUARE}, LABELS, SQUARE[:2])
    assert [ax.get_xlim()[1] for ax in figure.axes] == pytest.approx([2.2, 4.4])
    (inset,) = figure.axes[1].child_axes
    assert inset.get_xlim() == pytest.approx([1 - 0.44, 1 + 0.44])  # a tenth of the panel, around the first corner
    _, first, second = figure.axes[0].lines
    assert first.get_xydata().tolist() == [[1, 0], [2, 0]]
    assert (first.get_marker(), second.get_marker()) == ("o", "^")


def test_borders_are_those_of_the_last_layer_and_of_the_nearest_mean():
    """Weights along x with a bias change their mind at x = -1/2; the means lie at 1.5 and -1.5, their border at 0."""
    weight, bias = np.array([[1.0, 0], [-1, 0]]), np.array([1.0, 0])
    (ax,) = pictures.four_properties({"a": (SQUARE, weight, bias)}, LABELS).axes
    places = [
        np.mean([path.vertices[:, 0].mean() for path in drawn.get_paths() if len(path)]) for drawn in ax.collections
    ]
    assert places == pytest.approx([-0.5, -0.5, 0, 0], abs=0.02)


def test_what_fell_before_the_last_mistake_does_not_count():
    """Without a mistake from pass 10 and from pass 20 on: one look at twice that, where half and an eighth are left."""
    values = {"train_accuracy": [[0, 0.5, 1, 1, 1], [0, 0.5, 0.5, 1, 1]], "nc1": [[9, 8, 4, 2, 1], [9, 16, 8, 4, 0.5]]}
    one = Traces(np.array([0, 5, 10, 20, 40]), {name: np.array(rows, dtype=float) for name, rows in values.items()})
    (ax,) = pictures.since_last_mistake({"nc1": "NC1"}, one).axes
    passes, shares = ax.lines[0].get_xydata().T
    assert (passes[0], passes[-1]) == pytest.approx((0.5, 2))
    assert np.interp(0, np.log(passes), shares) == pytest.approx(1, rel=0.05)
    assert shares[-1] == pytest.approx((1 / 2 * 1 / 8) ** 0.5)


def test_all_products_are_on_the_scale_of_the_last():
    last = np.array([[1.0, -0.5], [-0.5, 1]])
    figure = pictures.gram_matrices({"a": 9 * last, "b": last}, classes=2)
    assert [ax.images[0].get_clim() for ax in figure.axes[:2]] == [(-1, 1), (-1, 1)]


def test_a_life_ends_in_a_filled_mark():
    life = np.array([[0.1, 0.2], [1.0, 1.5]])
    (ax,) = pictures.phase_planes({"no decay": (0.0, 1.5, [life])}, target=1.5, samples=4, reach=2.0).axes
    _, path, start, end = ax.lines
    np.testing.assert_array_equal(path.get_xydata(), life)
    assert (start.get_xydata().tolist(), end.get_xydata().tolist()) == ([[0.1, 0.2]], [[1.0, 1.5]])


def test_predictions_lie_across_and_measurements_up():
    groups = {"clouds": ("black", "o", (-1, -1), np.array([-2.0, -3]), np.array([-1.0, -1.5]))}
    (ax,) = pictures.predicted_and_measured(groups).axes
    assert ax.lines[2].get_xydata().tolist() == [[-2, -1], [-3, -1.5]]


def test_a_curve_is_drawn_for_its_quantities_only():
    one = traces(nc1=[[9, 1, 0.1], [9, 3, 0.3]], across=[[1, 1, 1], [1, 1, 1]])
    curves = [(one, "narrow", "d = 2", "-", ("nc1",)), (one, "wide", "d = 64", "--", ("nc1", "across"))]
    figure = pictures.front_and_side({"nc1": "NC1", "across": "across"}, curves)
    assert [len(ax.lines) for ax in figure.axes] == [2, 1]
    assert figure.axes[0].lines[0].get_ydata() == pytest.approx([3**0.5, 0.03**0.5])  # geometric means


def test_a_row_is_blue_only_where_every_network_was_squeezed():
    (ax,) = pictures.change_by_one_task({"a": np.array([-1.0, -0.1]), "b": np.array([-1.0, 0.1])}).axes
    first, second = (line.get_color() for line in ax.lines[:2])
    assert first != second


def test_two_clocks_and_model_beside_network_draw_what_they_are_given():
    times = np.arange(1.0, 4)
    figure = pictures.two_clocks(
        {"a": (times, times, "red")}, [2 * times], {"b": (times, 3 * times, "blue")}, [4 * times]
    )
    assert [line.get_ydata()[-1] for ax in figure.axes for line in ax.lines] == [3, 6, 9, 12]
    assert [line.get_linestyle() for line in figure.axes[1].lines] == ["-", ":"]
    one = traces(nc1=[[9, 1, 0.1], [9, 3, 0.3]], nc3=[[1, 1, 1], [1, 1, 1]])
    values = np.array([[[0.5, 0.25], [0.4, 0.2]], [[0.7, 0.6], [0.9, 0.8]]])
    figure = pictures.model_beside_network(
        {"nc1": "NC1", "nc3": "NC3"},
        {"d = 2": ("narrow", "-", one)},
        {"m": ("wide", ":", np.array([1, 10]), values)},
    )
    assert [len(ax.lines) for ax in figure.axes] == [1, 2, 1, 2]
    assert figure.axes[0].lines[0].get_ydata() == pytest.approx([3**0.5, 0.03**0.5])
    assert [ax.lines[0].get_ydata().tolist() for ax in figure.axes[1::2]] == [[0.5, 0.25], [0.7, 0.6]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["d = 2"]
