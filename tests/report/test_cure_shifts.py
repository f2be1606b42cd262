"""Shifts and verdicts on tables made by hand."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from lop_tutorial.report.cure_shifts import against, finding, normal_scores, shifts, verdict_as_cause
from lop_tutorial.running.table import Table

SEEDS, TASKS = range(6), (9, 19, 29)
PLACES = {  # method: a suspect of fresh networks 10 above that of old ones, one that is the same in both; accuracies
    "none": (0, 0, 0.5, 0.9),
    "retrained": (10, 0, 0.9, 0.9),
    "holder": (9, 5, 0.52, 0.9),
    "curer": (0, -5, 0.85, 0.9),
    "both": (11, 0, 0.88, 0.9),
}


def rows(places=PLACES, lost=()):
    for method, (suspect, other, train, test) in places.items():
        for seed in SEEDS:
            for task in TASKS:
                wobble = 0.01 * math.sin(seed * 7 + task + len(method))
                late = task >= 15
                yield {
                    "setting": "type1",
                    "method": method,
                    "seed": seed,
                    "task": task,
                    "suspect": suspect * late + wobble,
                    "other": other * late + 1e-3 * wobble,
                    "train_accuracy": math.nan if (method, seed) in lost else train + wobble,
                    "test_accuracy": math.nan if (method, seed) in lost else test + wobble,
                }


def test_normal_scores_by_hand():
    values = np.array([[-math.inf, 3.0], [1e9, 3.0]])
    expected = norm.ppf(np.array([[0.5, 2.0], [3.5, 2.0]]) / 4)
    np.testing.assert_allclose(normal_scores(values), expected)
    np.testing.assert_allclose(normal_scores(np.array([math.nan, 2.0])), [math.nan, 0])
    assert np.isnan(normal_scores(np.array([math.nan]))).all()


def test_who_holds_and_who_cures():
    found = shifts(Table(tuple(rows())), "type1", ("suspect", "other"))
    assert [found.holds(method, "suspect") for method in ("holder", "curer", "both")] == [True, False, True]
    assert [found.cures(method, 0) for method in ("holder", "curer", "both")] == [False, True, True]
    assert found.gap("curer", 0).mean == pytest.approx(-0.05, abs=0.01)
    assert found.gap("curer", 0, "none").mean == pytest.approx(0.35, abs=0.01)
    assert against(found, "suspect", 0) == (["both"], ["holder"], ["curer"])


def test_where_nothing_is_lost_or_fresh_networks_are_no_other_nothing_is_said():
    found = shifts(Table(tuple(rows())), "type1", ("suspect", "other"))
    assert {found.cures(method, 1) for method in PLACES} == {None}
    assert {found.holds(method, "other") for method in ("holder", "curer", "both")} == {None}
    assert against(found, "suspect", 1) == ([], [], [])


def test_a_shift_is_that_of_late_tasks_seed_by_seed():
    """30 networks at each late task; a method's six have neighbouring ranks, so its score is near their middle's."""
    found = shifts(Table(tuple(rows())), "type1", ("suspect",))
    low, high = norm.ppf(np.arange(12, 18) / 30 + 0.5 / 30).mean(), norm.ppf(np.arange(6) / 30 + 0.5 / 30)
    assert found.shift("both", "suspect").mean > found.shift("holder", "suspect").mean > low - high.max()
    early = shifts(Table(tuple(rows())), "type1", ("suspect",), late=29)
    assert early.shift("both", "suspect").mean == pytest.approx(found.shift("both", "suspect").mean, abs=0.5)


def test_networks_that_diverged_are_left_out_and_counted():
    found = shifts(Table(tuple(rows(lost=[("curer", 2), ("curer", 3)]))), "type1", ("suspect",))
    assert found.diverged("curer") == 2
    assert found.diverged("both") == 0
    assert found.cures("curer", 0) is True
    assert math.isfinite(found.gap("curer", 0).high)


def test_without_a_reference_there_are_no_shifts():
    some = Table(tuple(row for row in rows() if row["method"] != "retrained"))
    with pytest.raises(ValueError, match="type1 has no late states of 'retrained'"):
        shifts(some, "type1", ("suspect",))


def setting(**places):
    return shifts(
        Table(tuple(rows({name: PLACES[name] for name in ("none", "retrained")} | places))), "type1", ("suspect",)
    )


HOLDS, CURES, BOTH = PLACES["holder"], PLACES["curer"], PLACES["both"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([{"muon": BOTH, "fire": BOTH}], "stands"),
        ([{"muon": BOTH, "g_mixup": BOTH}], "stands"),
        ([{"muon": BOTH}], "open"),
        ([{"g_mixup": BOTH, "g_mixup:M=1": BOTH}], "open"),
        ([{"muon": BOTH, "fire": BOTH, "upgd": HOLDS}], "open"),
        ([{"muon": BOTH, "fire": BOTH, "upgd": HOLDS}, {"muon": BOTH, "fire": BOTH}], "stands"),
        ([{"muon": BOTH, "fire": BOTH, "upgd": HOLDS}, {"muon": CURES}], "cleared"),
        ([{"muon": BOTH, "fire": BOTH}, {"upgd": HOLDS, "fire": CURES}], "cleared"),
    ],
)
def test_what_is_left_of_a_suspect_over_all_settings(settings, expected):
    assert verdict_as_cause([finding(setting(**places), "suspect") for places in settings]) == expected
