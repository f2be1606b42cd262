"""Dots of the levels stand at the scores of the made-up trial."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures import correlation_levels as module
from lop_tutorial.figures.correlation_levels import correlation_levels
from lop_tutorial.report.suspect_scores import States, within_age, within_method


def test_a_panel_a_setting_and_a_dot_a_level(monkeypatch):
    draw, rows = np.random.default_rng(0), []
    for setting in ("narrow", "wide"):
        for method in ("none", "cbp"):
            for seed in range(6):
                for task in (4, 9):
                    level = (method == "cbp") + 0.3 * draw.normal()
                    rows.append({"setting": setting, "method": method, "seed": seed, "task": task, "ill": level})
                    rows[-1]["test_gap"] = (method == "cbp") + 0.3 * draw.normal()
    states = States({name: np.array([row[name] for row in rows]) for name in rows[0]})
    monkeypatch.setitem(module.TITLES, "ill", "illness")
    panels = {"Narrow": ("narrow", "test_gap"), "Wide": ("wide", "test_gap")}
    figure = correlation_levels(states, ["ill"], panels)
    narrow, wide = figure.axes
    assert [text.get_text() for text in narrow.get_yticklabels()] == ["illness"]
    assert [text.get_text() for legend in figure.legends for text in legend.get_texts()] == list(module.LEVELS)
    assert narrow.get_legend() is wide.get_legend() is None
    dots = [container.lines[0].get_xdata()[0] for container in narrow.containers]
    here = states.where(setting="narrow")
    assert abs(dots[0] - within_age(here, "ill", "test_gap")) < 0.1  # jackknife values have nearly this mean
    assert dots[0] > dots[1] + 0.3
    assert dots[1] == pytest.approx(within_method(here, "ill", "test_gap"), abs=0.15)
    assert dots[2] == pytest.approx(within_age(here.where(method="none"), "ill", "test_gap"), abs=0.15)
    assert abs(dots[2] - dots[1]) > 0.01
    assert not [*narrow.texts, *wide.texts]
    still = States(states.columns | {"ill": np.where(states["setting"] == "wide", 0.0, states["ill"])})
    said = [[text.get_text() for text in ax.texts] for ax in correlation_levels(still, ["ill"], panels).axes]
    assert said == [[], ["does not vary"]]
    plt.close("all")
