"""Methods side by side: differences seed by seed, learners that diverged left out and counted, the order."""

import math

import pytest

from lop_tutorial.figures import against_retrained, factor_against_accuracy, factor_correlations
from lop_tutorial.report.ranking import FACTORS, rank_methods
from lop_tutorial.running.table import Table

LATE = {
    "none": [0.5, 0.6, 0.7],
    "retrained": [0.7, 0.8, 0.9],
    "l2_init:strength=0.1": [0.7, 0.9, 0.77],
    "cbp": [0.9, math.nan, 0.9],
    "crelu": [math.nan] * 3,
}


@pytest.fixture
def table():
    table = []
    for place, (method, late) in enumerate(LATE.items()):
        for seed, value in enumerate(late):
            row = {
                "data": "d",
                "loss": "cross_entropy",
                "step_size": "0.1",
                "method": method,
                "seed": seed,
                "test_late": value,
                "train_late": value,
            }
            row |= {"test_early": 0.8, "train_early": 0.9}
            row |= {f"{name}_late": float(place) if value == value else math.nan for name in FACTORS}
            table.append(row)
    table[0]["ftle_q50_late"] = table[1]["ftle_q50_late"] = -math.inf
    return table


@pytest.fixture
def stands(table):
    return rank_methods(Table(tuple(table)), "d")


def test_one_step_size_at_a_time(table):
    table[3]["step_size"] = "0.3"
    with pytest.raises(ValueError, match=r"step_size is 0\.1, 0\.3"):
        rank_methods(Table(tuple(table)), "d")


def test_differences_are_taken_seed_by_seed(stands):
    assert float(stands["l2_init"].above_none.mean) == pytest.approx(0.19)
    assert float(stands["l2_init"].above_retrained.mean) == pytest.approx(-0.01)
    assert float(stands["cbp"].above_none.mean) == pytest.approx((0.4 + 0.2) / 2)  # the two seeds that finished


def test_divergence_is_counted_and_comes_last(stands):
    assert [one.method.split(":")[0] for one in stands] == ["retrained", "l2_init", "none", "cbp", "crelu"]
    assert [(one.finished, one.learners) for one in stands] == [(3, 3), (3, 3), (3, 3), (2, 3), (0, 3)]
    assert stands["cbp"].late == pytest.approx(0.9)
    text = stands._repr_markdown_()
    assert "*1 of 3 diverged*" in text
    assert "*all of 3 diverged*" in text


def test_factors_are_medians_and_an_infinite_one_has_a_rank(stands):
    assert stands["none"].factors["ftle_q50"] == -math.inf
    assert stands["none"].factors["dead_units"] == 0
    correlation, methods = stands.correlation("ftle_q50")  # factors -inf, 1, 2; accuracies .6, .8, .79
    assert methods == 3
    assert correlation == pytest.approx(0.5)


def test_figures_show_every_method_that_has_a_number(stands):
    (ax,) = against_retrained({"D": stands}, seeds_of=("l2_init",)).axes
    (seeds,) = (line for line in ax.get_lines() if line.get_gid() == "seeds")
    assert list(seeds.get_xdata()) == pytest.approx([0, 10, -13])
    shown = {line.get_gid() for line in ax.get_lines() if str(line.get_gid()).startswith("D, ")}
    assert shown == {f"D, {method}" for method in ("none", "l2_init:strength=0.1", "cbp")}
    assert {text.get_text() for text in ax.texts} == {"diverged", "1 of 3", "all"}
    named = {"none": [(10, 0.7)], "retrained": [(20, 0.8)], "cbp": [(30, 0.9)]}
    (ax,) = factor_against_accuracy({"D": stands}, "dead_units", named).axes
    lines = {tuple(line.get_ydata()): list(line.get_xdata()) for line in ax.get_lines()}
    assert lines == {(0.5, 0.6, 0.7): [0] * 3, (0.7, 0.8, 0.9): [100] * 3, (0.9, 0.9): [300] * 2}, "in percent"
    assert ax.get_xlabel() == "dead units (%)"
    first = ax.texts[0]
    assert (first.get_text(), first.get_position()) == ("No Intv.", (10, 0.7))


def test_what_lies_beyond_the_lowest_value_is_told_at_the_edge(stands):
    def beyond(lowest):
        (ax,) = against_retrained({"D": stands}, seeds_of=("l2_init",), lowest=lowest).axes
        assert ax.get_xlim()[0] == lowest
        return {text.get_text().strip() for text in ax.texts if text.get_gid() == "beyond"}

    assert beyond(-10) == {"◂ −20", "◂ 1 seed"}
    assert beyond(-25) == set()


def test_the_figure_of_correlations_has_a_mark_and_an_interval_for_each_factor_and_set(stands):
    (ax,) = factor_correlations({"D": stands, "E": stands}).axes
    marks = [line for line in ax.get_lines() if line.get_label() in "DE"]
    expected = [stands.correlation(name)[0] for name in reversed(FACTORS)]
    assert [list(line.get_xdata()) for line in marks] == [expected, expected]
    assert sum(line.get_gid() == "interval" for line in ax.get_lines()) == 2 * len(FACTORS)


def test_the_interval_of_a_correlation_covers_the_draws_of_methods():
    def with_methods(late):
        rows = []
        for place, value in enumerate([0.1, 0.2, *late]):
            row = {"data": "d", "loss": "l", "step_size": "1", "seed": 0, "method": f"m{place}", "test_late": value}
            row |= {"train_late": value, "test_early": value, "train_early": value}
            rows.append(row | {f"{name}_late": float(place) for name in FACTORS})
        rows[0]["method"], rows[1]["method"] = "none", "retrained"
        return rank_methods(Table(tuple(rows)), "d")

    ordered = with_methods([0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    assert [float(end) for end in ordered.correlation_interval("dead_units")] == pytest.approx([1, 1, 1])
    mixed = with_methods([0.7, 0.3, 0.8, 0.4, 0.6, 0.5])
    mean, low, high = (float(end) for end in mixed.correlation_interval("dead_units"))
    assert -1 <= low < mean < high <= 1
    assert mean == mixed.correlation("dead_units")[0]
    alone = mixed.correlation("dead_units", without=("none", "retrained"))
    assert alone[1] == 6
    assert alone[0] == pytest.approx(-1 / 7)  # ranks 5 1 6 2 4 3: 1 - 6 * 40 / 210


def test_the_references_must_be_there(table):
    with pytest.raises(ValueError, match="no rows of both"):
        rank_methods(Table(tuple(row for row in table if row["method"] != "retrained")), "d")


def test_bold_takes_five_seeds(table):
    def cells(seeds):
        rows = [row | {"seed": seed} for row in table if row["seed"] == 0 for seed in range(seeds)]
        for row in rows:
            row["test_late"] += 1e-3 * row["seed"] * (row["method"] == "none")
        ranking = rank_methods(Table(tuple(rows)), "d")
        return ranking["l2_init"].pairs_none, "**+19.8" in ranking._repr_markdown_()

    assert cells(4) == (4, False)
    assert cells(5) == (5, True)
