"""The map of suspects, on made-up scores whose cells are known."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures.line_up_map import line_up_map, state_scatter
from lop_tutorial.report.suspect_scores import States
from lop_tutorial.report.suspect_verdicts import SuspectScores
from lop_tutorial.running.results import Interval


def score(suspect, setting, mean, half=0.1):
    found = Interval(*(np.array(value) for value in (mean, mean - half, mean + half)))
    rest = Interval(*(np.array(0.0),) * 3)
    return SuspectScores(suspect, setting, "test_gap", 9, found, found, rest, rest, rest, (rest, rest), rest)


@pytest.fixture
def drawn():
    scores = [
        score("weight_norm", "type1", -0.6),
        score("weight_norm", "type2", 0.5),
        score("dead_units", "type1", math.nan),
        score("dead_units", "type2", -0.1),
        score("previous_test", "type1", 0.7),
        score("previous_test", "type2", 0.2),
    ]
    yield scores
    plt.close("all")


def test_cells_say_who_tells_and_who_misleads(drawn):
    (ax,) = line_up_map(drawn, "test_gap").axes
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "dead units −",
        "weight norm −",
        "last test accuracy +",
    ]
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    assert cells == {(1, 0): "−.10", (0, 1): "−.60", (1, 1): "+.50", (0, 2): "+.70", (1, 2): "+.20"}
    frames = [patch for patch in ax.patches if not patch.get_fill()]
    assert [(round(frame.get_x() + 0.46), round(frame.get_y() + 0.44)) for frame in frames] == [(0, 1), (0, 2)]
    (struck,) = [line for line in ax.lines if line.get_gid() == "misleads"]
    assert np.mean(struck.get_xdata()) == 1


def test_a_few_alone(drawn):
    (ax,) = line_up_map(drawn, "test_gap", ("weight_norm",)).axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["weight norm −"]


def test_rows_as_given_and_frames_that_rest_on_few_networks(drawn):
    given = ("weight_norm", "dead_units", "previous_test")
    (ax,) = line_up_map(drawn, "test_gap", given, as_given=True, weak=("type1",)).axes
    assert [text.get_text()[:-2] for text in ax.get_yticklabels()] == [
        "weight norm",
        "dead units",
        "last test accuracy",
    ]
    dotted = {round(patch.get_y() + 0.44): patch.get_linestyle() for patch in ax.patches if not patch.get_fill()}
    assert dotted == {0: (0, (2, 2)), 2: (0, (2, 2))}
    (ax,) = line_up_map(drawn, "test_gap", given, as_given=True, weak=("type2",)).axes
    assert {patch.get_linestyle() for patch in ax.patches if not patch.get_fill()} == {"solid"}


def test_the_explorer_has_ranks_within_a_setting_and_gaps_in_points():
    states = States(
        {
            "setting": np.array(["type1", "type1", "type1", "type2"]),
            "method": np.array(["none", "cbp", "l2_init", "cbp"]),
            "seed": np.arange(4),
            "weight_norm": np.array([3.0, 1.0, 9.0, 7.0]),
            "test_gap": np.array([-0.2, 0.0, -0.5, 0.01]),
        }
    )
    points, kinds = state_scatter(states, ["weight_norm"], "test_gap", ["none", "cbp"], ["type1", "type2"])
    assert points.shape == (1, 2, 2, 2)
    np.testing.assert_allclose(points[0, 0], [[0.75, -20], [0.25, 0]])
    np.testing.assert_allclose(points[0, 1], [[0.5, 1], [np.nan, np.nan]])
    np.testing.assert_array_equal(kinds[0], [[0, 1], [1, 0]])
