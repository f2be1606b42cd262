import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures import medians, squares
from lop_tutorial.figures.landing import crowds
from lop_tutorial.figures.style import CLASS_COLOURS

CORNER, EDGE = np.array([1.0, -1.0]), np.array([-1.0, 0.2])
POINTS = np.vstack([CORNER + 0.01 * np.eye(5, 2), EDGE + 0.01 * np.eye(3, 2), [[0.0, 0.0]]])
LABELS = np.array([0, 0, 0, 1, 1, 0, 0, 0, 1])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_crowds_come_largest_first_and_single_points_are_none():
    found = list(crowds(POINTS, 3))
    assert [members.sum() for _, members in found] == [5, 3]
    np.testing.assert_allclose([centre for centre, _ in found], [CORNER, EDGE], atol=0.01)
    assert list(crowds(POINTS, 6)) == []


def test_a_crowd_says_how_many_of_each_class_lie_there():
    ax = squares({"old": POINTS}, LABELS, crowd=3).axes[0]
    assert [text.get_text() for text in ax.texts] == ["3 discs", "2 triangles", "3 discs", "0 triangles"]
    assert [text.get_color() for text in ax.texts] == 2 * [*CLASS_COLOURS[:2]]
    pointers = [line.get_xydata()[0] for line in ax.get_lines() if line.get_gid() == "pointer"]
    np.testing.assert_allclose(pointers, [CORNER, EDGE], atol=0.01)
    assert np.abs([text.get_position() for text in ax.texts]).max() < 1


def test_medians_leave_nan_out_and_draw_minus_infinity_at_the_floor():
    values = np.array([[-1.0, -np.inf], [-2.0, -np.inf], [-3.0, np.nan]])
    ax = medians({"exponent": {"old": values}}, first=2, floor=-5).axes[0]
    (line,) = (line for line in ax.get_lines() if line.get_gid() == "median")
    np.testing.assert_allclose(line.get_xydata(), [[2, -2], [3, -5]])
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["−∞", "−4"]


def test_medians_have_the_limits_that_are_given_to_their_panel():
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    figure = medians({"cells": {"old": values}, "share": {"old": values}}, limits={"cells": (0, 64)})
    cells, share = (ax.get_ylim() for ax in figure.axes)
    assert cells == (0, 64)
    assert share[1] < 5
