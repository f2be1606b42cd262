"""What figures on exponents draw: the numbers they are given, where they belong."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures import stretching
from lop_tutorial.running.results import interval


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_rings_of_a_row_share_a_scale_and_rows_do_not():
    turn = np.linspace(0, 2 * np.pi, 9)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    rows = {
        side: [stretching.Ring(circle * size, circle * size, size) for size in sizes]
        for side, sizes in {"on": (2.0, 20.0), "away": (2.0, 0.1)}.items()
    }
    figure = stretching.rings_through_layers(rows)
    ends = [ax.get_xlim()[1] for ax in figure.axes]
    assert ends == pytest.approx([1.12 * 20] * 2 + [1.12 * 2] * 2)
    assert [ax.get_title(loc="left").strip() for ax in figure.axes] == [
        *("A, boundary\nlayer 1: × 2", "layer 2: × 20"),
        *("B, middle\nlayer 1: × 2", "layer 2: × 0.1"),
    ]


def test_layers_begin_at_no_stretch_and_show_medians():
    logs, most = np.array([[1.0, 2, 9], [2, 4, 9]]), np.array([[3.0, 3, 3], [5, 5, 5]])
    (ax,) = stretching.stretch_by_layer({"on": (logs, most)}).axes
    middle, dashed = (line.get_ydata() for line in ax.lines[:2])
    assert middle.tolist() == [0, 2, 4]
    assert dashed.tolist() == [0, 3, 5]


def test_a_slope_of_zero_is_not_drawn():
    (ax,) = stretching.slopes_of_a_unit(np.arange(1.0, 5), {"float32": np.array([0.5, 0.1, 0, 0])}).axes
    assert ax.lines[0].get_xdata().tolist() == [1, 2]
    assert ax.lines[1].get_xydata()[0] == pytest.approx([2, np.log(0.1)])


def test_errors_are_the_worst_over_inputs():
    errors = {"power iteration": np.array([[0.1, 0.2], [0.05, 0.01]]), "Lanczos": np.array([[0.1, 0.1], [1e-9, 1e-8]])}
    (ax,) = stretching.errors_by_product(errors, errors, 1e-3).axes
    assert ax.lines[0].get_xydata().tolist() == [[1, 0.2], [2, 0.05]]
    assert ax.lines[1].get_xydata().tolist() == [[1, 0.1], [2, 1e-8]]  # the line leaves the panel
    assert ax.get_ylim()[0] == pytest.approx(1e-6)


def test_bars_of_head_and_hidden_layers_follow_on_each_other():
    (ax,) = stretching.who_is_steep({"a": (1.0, 3.0, 3.5, -1.0), "b": (2.0, 0.5, 1.0, 0.4)}).axes
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    # head, hidden layers, and these away
    assert np.allclose(bars, [(0, 1), (1, 3), (1, -1), (0, 2), (2, 0.5), (2, 0.4)])
    assert [line.get_xdata()[0] for line in ax.lines] == [3.5, 1.0]


def test_contrasts_are_written_beside_their_intervals():
    found = {"a": (interval(np.array([0.9, 1.1])), 4), "b": (interval(np.array([-0.1, 0.0995])), 1)}
    (ax,) = stretching.contrasts(found).axes
    assert [text.get_text() for text in ax.texts] == ["1.00 (4.0)", "0.00"]


def test_contrast_stands_per_layer_and_summed_and_is_hollow_where_networks_are_missing():
    contrasts = {1: np.array([1.0, 3, 2]), 4: np.array([0.5, 1.5])}
    above, _, below, _ = stretching.contrast_by_depth({"tanh": {8: contrasts}, "ReLU": {}}, whole=3).axes
    assert above.lines[0].get_xydata().tolist() == [[1, 2], [4, 1]]
    line, full, hollow = below.lines
    assert line.get_xydata().tolist() == [[1, 2], [4, 4]]
    assert (full.get_markerfacecolor(), hollow.get_markerfacecolor()) == (line.get_color(), "white")
    assert [text.get_text() for text in below.texts] == ["8 units"]


def test_tasks_count_from_one():
    changes = {"within": ("w", np.array([[0.0, 2], [2, 4]])), "between": ("b", np.array([[1.0, 1], [1, 1]]))}
    (ax,) = stretching.exponents_task_by_task(changes).axes
    assert ax.lines[0].get_xydata().tolist() == [[1, 1], [2, 3]]
    assert ax.lines[1].get_linestyle() == "--"
