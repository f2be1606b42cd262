"""The three controls: what is drawn is each seed's paired difference, its mean with interval, and the mean in words."""

import matplotlib.pyplot as plt
import pytest

from lop_tutorial.experiments.controls import EXPERIMENT, FRESH
from lop_tutorial.figures.three_controls import three_controls
from lop_tutorial.running.table import Table

KINDS = ("same_train", "same_test", "plane_train", "plane_test", "labels_train", "labels_test")


def level(setting, world, kind):
    """Fresh ones at 0.9; others 0.1 lower, but for one task alone; 0.05 lower still on the plane."""
    lost = 0 if world in (FRESH, "one_task") else 0.1 + 0.05 * kind.startswith("plane")
    return 0.9 - lost - 0.2 * (setting == "type2")


TABLE = Table(
    tuple(
        {**part, "seed": seed} | {kind: level(part["setting"], part["world"], kind) + 0.01 * seed for kind in KINDS}
        for part in EXPERIMENT.parts
        for seed in (0, 1, 2)
    )
)


def title(ax):
    """Wherever the style puts it."""
    return ax.get_title("left") + ax.get_title()


def drawn(ax, name):
    """By the row's place, what stands there across."""
    return {round(line.get_ydata()[0]): list(line.get_xdata()) for line in ax.lines if line.get_gid() == name}


def told(ax):
    return {text.xy[1]: text.get_text() for text in ax.texts if text.get_gid() == "told"}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


ROWS = {
    1: "abrupt",
    2: "sliding",
    3: "exchanged",
    5: "all together",
    6: "the first alone",
    8: "abrupt",
    9: "sliding",
    11: "a plane",
    12: "random labels",
}


def test_every_row_is_the_old_networks_less_the_fresh_ones():
    type1, type2, pictures = three_controls(TABLE).axes
    assert {
        round(y): text.get_text() for y, text in zip(type1.get_yticks(), type1.get_yticklabels(), strict=True)
    } == ROWS
    groups = {text.get_position()[1]: text.get_text() for text in type1.texts if text.get_gid() == "group"}
    assert groups == {
        0: "head kept, tasks one after another",
        4: "head kept, no change of task",
        7: "new heads, tasks one after another",
        10: "new heads, abrupt, then another kind of task",
    }
    expected = {row: -10.0 for row in ROWS} | {6: 0.0, 11: -15.0}
    for ax in (type1, type2):
        assert {row: x[0] for row, x in drawn(ax, "mean").items()} == pytest.approx(expected)
        assert {row: value.replace("−", "-").lstrip("+-") for row, value in told(ax).items()} == {
            row: f"{abs(value):.1f}" for row, value in expected.items()
        }
        assert all(value.startswith("−") for row, value in told(ax).items() if row != 6)
    assert sorted(drawn(pictures, "mean")) == [1, 2, 5, 6, 8, 11, 12]  # what pictures have
    assert [text.xy[1] for text in pictures.texts if text.get_gid() == "not run"] == [3, 9]
    assert not [text for text in type1.texts if text.get_gid() == "not run"]
    assert "training" in title(type1)
    assert "test" in title(type2)
    assert "training" in title(pictures)


def test_seeds_are_paired_and_the_line_is_their_interval():
    rows = [dict(row) for row in TABLE.rows]
    for row in rows:
        if (row["setting"], row["world"], row["head"]) == ("type1", "sliding", "keep"):
            row["same_train"] -= 0.02 * row["seed"]
    type1 = three_controls(Table(tuple(rows))).axes[0]
    assert drawn(type1, "seeds")[2] == pytest.approx([-10, -12, -14])
    assert drawn(type1, "mean")[2] == pytest.approx([-12])
    half = 4.302653 * 2 / 3**0.5  # t with two degrees of freedom, deviation 2, three seeds
    assert drawn(type1, "interval")[2] == pytest.approx([-12 - half, -12 + half], abs=1e-4)
    assert told(type1)[2] == "−12.0"
