"""Survival: curves by hand, and laws that find again what lives were drawn from, also where many are censored."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lifelines", reason="needs the extra analysis")

from dataclasses import replace
from functools import cache

from lop_tutorial.report.survival import FORMS, Lifetimes, fit, lifetimes
from lop_tutorial.running import Results, Run, stored

STEPS = (0.1, 0.085, 0.07, 0.05)
CONSTANT, SLOPE, SCALE = np.log(30) + 3 * np.log(0.1), -3.0, 0.4
"""Weibull lives: 30 tasks at a step size of 0.1, and step size to the power -3."""


def drawn(draw, learners=8, end=300.0, form="power", constant=CONSTANT, slope=SLOPE):
    lives = []
    for step in STEPS:
        time = np.exp(constant + slope * FORMS[form](step) + SCALE * np.log(draw.exponential(size=learners)))
        lives.append(Lifetimes(step, np.minimum(time, end), time < end))
    return lives


def true_time(step, dead=0.5):
    return np.exp(CONSTANT + SLOPE * np.log(step) + SCALE * np.log(-np.log(1 - dead)))


def test_the_curve_and_the_median_by_hand():
    """Deaths at 2, 4 and 9, one alive at 5: alive are 3/4, 1/2, then none of the one left at risk."""
    lives = Lifetimes(0.1, np.array([2.0, 4.0, 5.0, 9.0]), np.array([True, True, False, True]))
    times, share = lives.curve()
    np.testing.assert_array_equal(times, [0, 2, 4, 5, 9])
    np.testing.assert_allclose(share[:, 0], [1, 0.75, 0.5, 0.5, 0])
    assert lives.median.mean == 4
    assert np.isinf(Lifetimes(0.1, np.array([3.0, 9, 9]), np.array([True, False, False])).median.mean)


def test_half_are_dead_after_the_fourth_death_of_eight():
    lives = Lifetimes(0.1, np.array([12.0, 17, 21, 22, 27, 32, 36, 56]), np.ones(8, dtype=bool))
    assert lives.median.mean == 22
    assert lives.median.low < 22 < lives.median.high


def test_with_many_lives_the_law_is_found_again():
    law = fit(drawn(np.random.default_rng(0), learners=4000))
    assert law.slope == pytest.approx(SLOPE, abs=0.1)
    assert law.scale == pytest.approx(SCALE, abs=0.02)
    assert law.shape.mean == pytest.approx(1 / law.scale)
    assert law.shape.low < law.shape.mean < law.shape.high
    for dead in (0.1, 0.5, 0.9):
        assert law.time(0.03, dead).mean == pytest.approx(true_time(0.03, dead), rel=0.1)
    share = 1 - np.exp(-np.exp((np.log(500) - CONSTANT - SLOPE * np.log(0.04)) / SCALE))
    assert law.dead_by(0.04, 500, 1000).mean == pytest.approx(1000 * share, rel=0.05)


@cache
def laws():
    """Sixty laws of eight lives a step, each with the random numbers that go on after its lives."""
    draws = [np.random.default_rng(seed) for seed in range(60)]
    return [(fit(drawn(draw)), draw) for draw in draws]


def test_intervals_of_predictions_from_eight_lives_a_step_cover():
    """95 % intervals of normal theory, from 32 lives: somewhat too narrow, and not much."""
    covered, slopes, shapes = [], [], []
    for law, _ in laws():
        found = law.time(0.03)
        covered.append(found.low <= true_time(0.03) <= found.high)
        slopes.append(law.slope_interval.low <= SLOPE <= law.slope_interval.high)
        shapes.append(law.shape.low <= 1 / SCALE <= law.shape.high)
    assert np.mean(covered) >= 0.85
    assert np.mean(slopes) >= 0.85
    assert np.mean(shapes) >= 0.85


def test_the_number_that_dies_is_within_what_was_foretold():
    within = []
    for law, draw in laws():
        time = np.exp(CONSTANT + SLOPE * np.log(0.04) + SCALE * np.log(draw.exponential(size=8)))
        foretold = law.dead_by(0.04, 400.0, 8)
        within.append(foretold.low <= (time < 400).sum() <= foretold.high)
    assert np.mean(within) >= 0.9


def test_the_form_that_lives_were_drawn_from_has_the_lower_aic():
    draw = np.random.default_rng(0)
    power = drawn(draw, learners=1000)
    exponential = drawn(draw, learners=1000, form="exponential", constant=1.0, slope=0.2)
    assert fit(power, "power").aic < fit(power, "exponential").aic
    assert fit(exponential, "exponential").aic < fit(exponential, "power").aic


def test_lives_are_read_off_a_run():
    run = stored("class_pairs_tinyimagenet")
    found = lifetimes(run)
    assert found.step_size == 0.1
    assert (found.times[4], found.died[4]) == (17, True)  # at chance from the 18th task on, to the last
    assert (found.times[2], found.died[2]) == (100, False)


def test_a_life_can_be_counted_until_it_fails():
    accuracies = [0.95] * 7 + [0.6] * 10  # four of .95 and six of .6 are .74 in the mean
    rows = [{"method": "none", "seed": 0, "task": t, "train_accuracy": a} for t, a in enumerate(accuracies)]
    run = Run(Path("a run"), {"training": {"step_size": 0.1}}, {"finished": True}, Results(tuple(rows)))
    failed, alive = lifetimes(run, event="failure"), lifetimes(run)
    assert (failed.times.tolist(), failed.died.tolist()) == ([3.0], [True])
    assert (alive.times.tolist(), alive.died.tolist()) == ([17.0], [False])
    with pytest.raises(ValueError, match="one of death, failure"):
        lifetimes(run, event="boredom")


def test_of_three_classes_one_in_two_right_is_not_chance():
    rows = [{"method": "none", "seed": 0, "task": t, "train_accuracy": a} for t, a in enumerate([0.9, 0.45, 0.45])]
    run = Run(Path("a run"), {"training": {"step_size": 0.1}}, {"finished": True}, Results(tuple(rows)))
    assert lifetimes(run, dead_after=2).died.tolist() == [True]
    assert lifetimes(run, dead_after=2, outputs=3).died.tolist() == [False]


def test_a_clock_is_summed_up_to_death():
    rows = [
        {"method": "none", "seed": 0, "task": t, "train_accuracy": a, "test_accuracy": a, "path_length": 2.0}
        for t, a in enumerate([0.9, 0.9, 0.9, 0.5, 0.5])
    ]
    config = {"training": {"step_size": 0.1}}
    run = Run(Path("run"), config, {"finished": True}, Results(tuple(rows), planned=9))
    assert lifetimes(run, dead_after=2, clock="path_length").times.tolist() == [6.0]
    assert lifetimes(run, dead_after=2).times.tolist() == [3.0]
    assert lifetimes(run, dead_after=3).died.tolist() == [False]
    with pytest.raises(ValueError, match="still on their way"):
        lifetimes(replace(run, environment={"finished": False}))


def test_a_method_with_a_step_size_of_its_own_lived_at_that_one():
    rows = [{"method": "none", "seed": 0, "task": t, "train_accuracy": 0.9, "test_accuracy": 0.8} for t in range(4)]
    config = {"training": {"step_size": 0.025}, "step_sizes": {"none": 0.005}}
    run = Run(Path("run"), config, {"finished": True}, Results(tuple(rows)))
    assert lifetimes(run).step_size == 0.005
    config["step_sizes"] = {"layer_norm": 0.005}
    assert lifetimes(run).step_size == 0.025


def test_a_law_needs_deaths_at_two_step_sizes():
    lives = drawn(np.random.default_rng(0))[:1]
    with pytest.raises(ValueError, match="learners died at 1 step sizes; a law needs two at least"):
        fit(lives)
    with pytest.raises(ValueError, match="form is 'cubic'; it must be one of power, exponential"):
        fit(lives, "cubic")
