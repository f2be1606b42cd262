"""The three controls: what is drawn is each seed, old beside fresh, and the paired difference in words."""

import matplotlib.pyplot as plt
import pytest

from lop_tutorial.experiments.controls import EXPERIMENT, FRESH
from lop_tutorial.figures.three_controls import abruptness, time_alone, unlike_tasks
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
    return [list(map(float, line.get_xdata())) for line in ax.lines if line.get_gid() == name]


def names(ax):
    return [label.get_text().replace("\n", " ") for label in ax.get_yticklabels()]


def words(ax):
    return [text.get_text().replace("\n", " ") for text in ax.texts if " to " in text.get_text()]


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_abrupt_and_gradual_worlds():
    type1, type2, pictures = abruptness(TABLE).axes
    assert names(type1) == ["at once", "sliding", "one by one", "at once, new heads", "sliding, new heads"]
    assert names(pictures) == ["at once", "sliding", "at once, new heads"]
    assert drawn(type1, "old seeds")[0] == pytest.approx([0.8, 0.81, 0.82])
    assert drawn(type1, "fresh mean")[0] == pytest.approx([0.91])
    assert drawn(type2, "old mean")[1] == pytest.approx([0.61])
    assert words(type1) == ["−10.0 (−10.0 to −10.0)"] * 5
    assert "training accuracy" in title(type1)
    assert "test accuracy" in title(type2)


def test_stationary_worlds():
    type1, _, pictures = time_alone(TABLE).axes
    assert names(type1) == names(pictures) == ["30 tasks", "all at once", "one task"]
    assert words(pictures)[0] == "−10.0 (−10.0 to −10.0)"
    assert words(pictures)[2].strip("+−").startswith("0.0")


def test_unlike_tasks():
    type1, *_ = unlike_tasks(TABLE).axes
    assert names(type1) == ["same kind", "a plane", "random labels (training)"]
    assert words(type1) == ["−10.0 (−10.0 to −10.0)", "−15.0 (−15.0 to −15.0)", "−10.0 (−10.0 to −10.0)"]
