"""Scores and verdicts on made-up trials, in which it is known who tells what."""

import math

import numpy as np
import pytest

from lop_tutorial.report.suspect_scores import (
    States,
    each_out,
    in_ranks,
    jackknife,
    over_all,
    rank_correlation,
    seeds_out,
    skill,
    states_of,
    within_age,
    within_method,
)
from lop_tutorial.running.results import interval
from lop_tutorial.running.table import Table

pytest.importorskip("sklearn", reason="regressions need scikit-learn")


@pytest.fixture(scope="module")
def states(trial):
    return trial.states()


def test_another_table_is_none_of_a_trial():
    with pytest.raises(ValueError, match="the table has no method, setting, test_accuracy, train_accuracy, so it is"):
        states_of(Table(({"seed": 1, "task": 2},)))


def test_rank_correlation_knows_infinities_and_leaves_holes_out():
    x = np.array([-math.inf, 0.0, 3.0, math.nan, 5.0])
    assert rank_correlation(x, np.array([1.0, 2.0, 3.0, -9.0, 4.0])) == pytest.approx(1)
    assert rank_correlation(x, np.array([4.0, 3.0, 2.0, 9.0, 1.0])) == pytest.approx(-1)
    assert math.isnan(rank_correlation(np.ones(5), x))
    assert math.isnan(rank_correlation(x[3:4], x[3:4]))


def test_age_alone_tells_over_all_but_not_within_an_age(states):
    narrow = states.where(setting="narrow")
    assert over_all(narrow, "age", "test_gap") < -0.3
    assert math.isnan(within_age(narrow, "age", "test_gap"))
    assert within_age(narrow, "illness", "test_gap") == pytest.approx(-1)
    assert within_method(narrow, "illness", "test_gap") == pytest.approx(-1)
    assert abs(within_age(narrow, "noise", "test_gap")) < 0.3


def test_jackknife_of_a_mean_is_the_interval_of_the_seeds_means(states):
    means = [states.where(seed=seed)["noise"].mean() for seed in states.seeds]
    found = jackknife(lambda some: some["noise"].mean(), states)
    np.testing.assert_allclose(found, interval(np.array(means)))


def test_ranks_are_within_a_setting():
    columns = {"setting": np.array(["a", "a", "b", "b", "b"]), "x": np.array([5.0, -math.inf, 100, 200, math.nan])}
    ranked = in_ranks(States(columns | {"seed": np.zeros(5)}), ["x"])["x"]
    np.testing.assert_allclose(ranked, [0.75, 0.25, 0.25, 0.75, math.nan])


@pytest.mark.parametrize("held", ["seeds", "method", "setting"])
def test_skill_is_near_one_for_the_cause_and_none_for_noise(states, trial, held):
    ranked = in_ranks(states, ["illness", "noise"])

    def out():
        return (
            seeds_out(ranked, trial.fitted, trial.held_out)
            if held == "seeds"
            else each_out(ranked, held, trial.fitted, trial.held_out)
        )

    cause, noise = skill(["illness"], "test_gap", out()), skill(["noise"], "test_gap", out())
    assert cause.shape == (6,)
    assert cause.mean() > 0.8
    assert noise.mean() < 0.2


def test_what_is_scored_was_not_fitted(states, trial):
    for known, scored in each_out(states, "method", trial.fitted, trial.held_out):
        assert not set(known.seeds) & set(scored.seeds)
        assert not set(known["method"]) & set(scored["method"])


def test_skill_of_the_mean_alone_is_zero_and_of_nothing_to_tell_is_nan(states, trial):
    empty = States(states.columns | {"hole": np.full(len(states), np.nan)})
    np.testing.assert_allclose(
        skill(["hole"], "test_gap", seeds_out(empty, trial.fitted, trial.held_out)), 0, atol=1e-12
    )
    flat = States(states.columns | {"test_gap": np.zeros(len(states))})
    assert np.isnan(skill(["noise"], "test_gap", seeds_out(flat, trial.fitted, trial.held_out))).all()


def test_gaps_are_taken_from_the_fresh_network_of_the_same_task():
    place = {"setting": "type1", "seed": 3}
    rows = (
        place | {"method": "none", "task": 4, "train_accuracy": 0.5, "test_accuracy": 0.75, "loss": 1.0},
        place | {"method": "none", "task": 9, "train_accuracy": math.nan, "test_accuracy": math.nan, "loss": 2.0},
        place | {"method": "retrained", "task": 9, "train_accuracy": 0.9, "test_accuracy": 0.9, "loss": 2.0},
        place | {"method": "retrained", "task": 4, "train_accuracy": 1.0, "test_accuracy": 0.5, "loss": 2.0},
    )
    lonely = place | {"method": "none", "task": 14, "train_accuracy": 0.6, "test_accuracy": 0.6, "loss": 1.0}
    states = states_of(Table((*rows, lonely)))  # the fresh network diverged in the 14th
    assert (states["train_gap"].tolist(), states["test_gap"].tolist()) == ([-0.5], [0.25])
    assert states["method"].tolist() == ["none"]
    with pytest.raises(ValueError, match="no fresh networks stand beside those of type1; run the part 'retrained'"):
        states_of(Table(rows[:1]))


def test_what_only_names_the_method_tells_nothing_within_one():
    draw, rows = np.random.default_rng(1), []
    for method, level in (("none", 0.0), ("cbp", 1.0)):
        for seed in range(40):
            rows.append({"method": method, "seed": seed, "task": 4, "suspect": level + 0.1 * draw.normal()})
            rows[-1]["gap"] = level + 0.1 * draw.normal()
    states = States({name: np.array([row[name] for row in rows]) for name in rows[0]})
    assert within_age(states, "suspect", "gap") > 0.7
    assert abs(within_method(states, "suspect", "gap")) < 0.3
