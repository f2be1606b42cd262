"""Figures of agents, on tables made up so that what must be seen is known."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from lop_tutorial.figures.agents_against_fresh import (
    COLOURS,
    games_in_turn,
    leads_in_settings,
    methods_of_agents,
    over_a_long_phase,
    probe_fits,
    probe_on_scales,
    return_and_probe,
)
from lop_tutorial.running.table import Table

RETURNS = {
    "none": (100.0, 120.0),
    "retrained": (80.0, 80.0),
    "injection": (130.0, 130.0),
    "redo:every=100": (60.0, 90.0),
}
TABLE = Table(
    tuple(
        {
            "method": method,
            "seed": seed,
            "return": [value] * 4,
            "probe": [np.nan, 10.0, 100.0, 1000.0],
            "probe_fresh": [np.nan, 0.1, 0.1, 0.1],
        }
        for method, values in RETURNS.items()
        for seed, value in enumerate(values)
    )
)


def drawn(ax, gid):
    return [list(map(float, line.get_ydata())) for line in ax.lines if line.get_gid() == gid]


def test_old_minus_fresh_above_and_the_probe_s_powers_of_ten_below():
    killed = Table(tuple({"method": "killed", "seed": seed, "return": [70.0 + seed] * 4} for seed in range(2)))
    figure = return_and_probe(TABLE, killed)
    above, below = figure.axes
    assert drawn(above, "mean") == [[30.0] * 3, [-9.5] * 3, [0.0] * 3]
    assert [text.get_text() for text in above.texts if text.get_gid() == "name"] == ["old", "units killed", "fresh"]
    old, fresh = drawn(below, "mean")
    assert old == pytest.approx([1, 2, 3])
    assert fresh == pytest.approx([-1, -1, -1])
    for ax in (above, below):
        assert next(list(line.get_xdata()) for line in ax.lines if line.get_gid() == "mean") == [2, 3, 4]
    names = [text for text in below.texts if text.get_gid() == "name"]
    assert {text.get_text(): text.get_color() for text in names} == COLOURS
    assert [text.get_text() for text in below.texts if text.get_gid() == "lost"] == ["1,000 times"]
    plt.close(figure)


def test_a_fit_s_errors_are_drawn_as_powers_of_ten_over_their_steps():
    figure = probe_fits({"old": (1000.0, 10.0, 1.0), "fresh": (1.0, 0.1, 0.01)}, (0, 10, 100), COLOURS)
    (ax,) = figure.axes
    assert drawn(ax, "mean") == [pytest.approx([3, 1, 0]), pytest.approx([0, -1, -2])]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "10", "100"]
    assert "$10^{3}$" in [label.get_text() for label in ax.get_yticklabels()]
    plt.close(figure)


def test_sizes_stand_above_and_errors_over_those_of_fresh_networks_below_as_powers_of_ten():
    columns = {
        "size": (40.0, 90.0),
        "probe": (100.0, 1000.0),
        "size_one": (0.1, 0.1),
        "fresh": (0.1, 0.1),
        "fresh_size_one": (0.01, 0.01),
    }
    rows = (
        {"seed": seed} | {name: [factor * value for value in values] for name, values in columns.items()}
        for seed, factor in enumerate((0.5, 2.0))
    )
    small = Table(
        tuple(
            {
                "method": "none",
                "reward": 0.01,
                "seed": seed,
                "probe": [2.0 * by, 3.0 * by],
                "fresh": [0.2 * by, 0.1 * by],
            }
            for seed, by in enumerate((1.0, 3.0))
        )
    )
    figure = probe_on_scales(Table(tuple(rows)), small)
    above, below = figure.axes
    assert drawn(above, "size") == [pytest.approx([40.0, 90.0])]
    assert drawn(below, "mean") == [pytest.approx(each, abs=1e-9) for each in ([3, 4], [1, 1], [1, np.log10(30)])]
    names = {text.get_text(): text.get_color() for text in below.texts}
    assert names["as it is"] == COLOURS["old"]
    assert set(names) == {"as it is", "standardised", "rewards / 100"}
    plt.close(figure)


def test_methods_stand_in_rows_by_their_lead_over_no_intervention():
    figure = methods_of_agents(TABLE, ("retrained", "injection", "redo:every=100"))
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["Injection", "Retrained", "ReDo"]
    means = [float(line.get_xdata()[0]) for line in left.lines if line.get_marker() == "o"]
    assert means == [20, -30, -35]
    assert [float(line.get_xdata()[0]) for line in right.lines if line.get_marker() == "o"] == pytest.approx([3] * 3)
    references = [
        [float(line.get_xdata()[0]) for line in ax.lines if line.get_gid() == "reference"] for ax in (left, right)
    ]
    assert references == [[0], pytest.approx([0, 3])]
    plt.close(figure)


def test_settings_stand_in_rows_with_what_is_taken_of_their_table():
    rows = [
        {**row, "updates": updates, "return": [updates * value for value in row["return"]]}
        for row in TABLE.rows
        for updates in (1, 4)
    ]
    both = Table(tuple(rows))
    figure = leads_in_settings({"few": (both, {"updates": 1}), "many": (both, {"updates": 4})})
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["few", "many"]
    means = [[float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o"] for ax in (left, right)]
    assert means == [[30, 120], pytest.approx([3, 3])]
    plt.close(figure)


def test_a_long_phase_leaves_out_seeds_whose_blocks_are_empty():
    rows = [
        {"agent": agent, "seed": seed, "return": [10.0 * level, nan_or_10 * level, 30.0 * level]}
        for agent, level in (("old", 2.0), ("fresh", 1.0))
        for seed, nan_or_10 in enumerate((10.0, 12.0, np.nan))
    ]
    figure = over_a_long_phase(Table(tuple(rows)), 900)
    (ax,) = figure.axes
    (line,) = (line for line in ax.lines if line.get_marker() == "o")
    assert list(line.get_ydata()) == pytest.approx([10, 11, 30])
    assert list(line.get_xdata()) == pytest.approx([150, 450, 750])
    assert len(drawn(ax, "seed")) == 3
    plt.close(figure)


def test_each_game_has_its_own_panel_and_its_own_phases():
    rows = [
        {"method": method, "seed": seed, "return": [level + by, 10 * level, level + 2 * by, 20 * level]}
        for method, level in (("none", 2.0), ("retrained", 1.0))
        for seed, by in enumerate((0.0, 1.0))
    ]
    figure = games_in_turn(Table(tuple(rows)), ("pong", "chess"))
    pong, chess = figure.axes
    assert drawn(pong, "mean") == [pytest.approx([2.5, 3]), pytest.approx([1.5, 2])]
    assert drawn(chess, "mean") == [pytest.approx([20, 40]), pytest.approx([10, 20])]
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["pong", "chess"]
    assert chess.get_xticks().tolist() == [1, 2]
    plt.close(figure)
    more = [{**row, "method": "l2_init:strength=0.1"} for row in rows if row["method"] == "retrained"]
    figure = games_in_turn(Table((*rows, *more)), ("pong", "chess"), also=("l2_init:strength=0.1",))
    assert len(drawn(figure.axes[0], "mean")) == 3
    assert "L2 init" in [text.get_text() for text in figure.axes[0].texts]
    plt.close(figure)
