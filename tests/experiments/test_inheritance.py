"""Exponents from task to task: what is measured, the law that is fitted, and the rows that the book shows."""

import json
import math
import re
from dataclasses import astuple, replace

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import inheritance
from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.inheritance import (
    EXPERIMENT,
    FITTED,
    HELD_OUT,
    WIDTHS,
    collapse_by_model,
    follow,
    medians,
    starts_and_ends,
)
from lop_tutorial.geometry import within
from lop_tutorial.running.experiment import fill
from lop_tutorial.running.run import stored_path
from lop_tutorial.running.table import load
from lop_tutorial.theory import Contraction, growth_per_task
from lop_tutorial.theory.laws import Growing, PowerLaw, Settling, SettlingLaw, correlation, error


def short(width):
    plan = two_types(width)
    return replace(plan, training=replace(plan.training, epochs=3))


def test_exponents_are_measured_at_the_new_task_before_it_is_learned_and_after():
    """One learner, by itself, against the fleet's first."""
    experiment = short(2)
    found = follow(experiment, (3, 4), 3)
    learner, stream = experiment.learner("none", seed=3), experiment.stream(3)
    for number in range(3):
        task = stream.task(number)
        for when in ("start", "end"):
            if when == "end":
                outcome = learner.learn(task)
            exponents = torch.cat(
                list(within(learner.network, task.train_x, task.train_y, dtype=torch.float64).values())
            )
            measured = found.select(f"{when}_within", width=2, seed=3)[0, number]
            assert measured == pytest.approx(exponents.quantile(0.5, interpolation="nearest").item(), abs=2e-2)
        assert found.select("train_accuracy", seed=3)[0, number] == pytest.approx(outcome.train_accuracy, abs=0.05)


def test_a_network_that_is_flat_has_exponents_of_minus_infinity():
    network, task = short(2).make_network(), two_types(2).stream(0).task(0)
    with torch.no_grad():
        network.body[1].weight.zero_()
    assert medians(network, task) == {"within": -math.inf, "between": -math.inf}


def made_up(law, seeds=5, tasks=40, noise=0.0):
    draw = np.random.default_rng(0)
    starts, ends = np.empty((seeds, tasks)), np.empty((seeds, tasks))
    now = draw.normal(size=seeds)
    for t in range(tasks):
        starts[:, t] = now
        ends[:, t] = now + law.base - law.pull * now + noise * draw.normal(size=seeds)
        now = law.offset + law.slope * ends[:, t] + noise * draw.normal(size=seeds)
    return starts, ends


LAW = SettlingLaw(offset=-0.2, slope=0.9, base=-0.5, pull=0.3)


def test_a_law_is_found_again():
    starts, ends = made_up(LAW)
    found = SettlingLaw.fit(starts, ends)
    np.testing.assert_allclose(
        [found.offset, found.slope, found.base, found.pull], [LAW.offset, LAW.slope, LAW.base, LAW.pull], atol=1e-8
    )
    assert found.left_out == 0
    np.testing.assert_allclose(found.predict(starts[:, 0], 40), starts, atol=1e-8)
    assert starts[:, -1] == pytest.approx(LAW.settles, abs=1e-4)
    assert LAW.settles == pytest.approx((-0.2 - 0.9 * 0.5) / (1 - 0.63))


def test_a_law_is_found_in_noise_and_what_is_not_finite_is_counted():
    starts, ends = made_up(LAW, seeds=200, noise=0.1)
    ends[0, 5], starts[1, 7] = -np.inf, -np.inf
    found = SettlingLaw.fit(starts, ends)
    assert found.left_out == 4  # each of them stands in a factor and in a passage
    assert found.slope == pytest.approx(0.9, abs=0.03)
    assert found.pull == pytest.approx(0.3, abs=0.03)
    assert error(found.predict(starts[:, 0], 40)[:1], starts[:1]) < 0.5


def test_a_whole_curve_is_found_again_where_one_step_is_misled():
    """Noise on what is measured, but not on what is inherited."""
    draw = np.random.default_rng(1)
    true = Settling(settles=-4.0, rate=0.95).predict(draw.normal(scale=0.2, size=100), 60)
    np.testing.assert_allclose([*astuple(Settling.fit(true))], [-4.0, 0.95], atol=1e-3)
    measured = true + 0.5 * draw.normal(size=true.shape)
    assert Settling.fit(measured).rate == pytest.approx(0.95, abs=0.01)
    ends = np.concatenate([measured[:, 1:], measured[:, -1:]], axis=1)  # inherited as it is
    assert SettlingLaw.fit(measured, ends).rate < 0.9
    with pytest.raises(ValueError, match="all finite"):
        Settling.fit(np.full((2, 5), -np.inf))


def test_growth_as_a_logarithm_is_found_again_and_goes_on():
    draw = np.random.default_rng(2)
    true = Growing(gain=0.1, rate=0.8).predict(draw.normal(size=50), 40)
    found = Growing.fit(true[:, :20])
    np.testing.assert_allclose([*astuple(found)], [0.1, 0.8], rtol=1e-3)
    np.testing.assert_allclose(found.predict(true[:, 0], 40), true, atol=1e-3)
    assert true[0, 9] - true[0, 0] == pytest.approx(0.1 * math.log(1 + 0.8 * 9))
    assert error(Settling.fit(true[:, :20]).predict(true[:, 0], 40), true) > 0.02
    with pytest.raises(ValueError, match="all finite"):
        Growing.fit(np.full((2, 5), np.nan))


def test_growth_as_a_power_is_found_again_and_outgrows_a_logarithm():
    draw = np.random.default_rng(3)
    true = PowerLaw(gain=0.1, power=0.3).predict(draw.normal(size=50), 80)
    found = PowerLaw.fit(true[:, :20])
    np.testing.assert_allclose([*astuple(found)], [0.1, 0.3], rtol=1e-3)
    np.testing.assert_allclose(found.predict(true[:, 0], 80), true, atol=1e-3)
    assert true[0, 16] - true[0, 0] == pytest.approx(0.1 * 16**0.3)
    assert (Growing.fit(true[:, :20]).predict(true[:, 0], 80) < true)[:, -1].all()
    with pytest.raises(ValueError, match="all finite"):
        PowerLaw.fit(np.full((2, 5), np.nan))


def test_the_two_forms_of_the_law_are_one():
    first = np.array([0.3, -1.0])
    np.testing.assert_allclose(LAW.predict(first, 9), Settling(LAW.settles, LAW.rate).predict(first, 9))


def test_a_law_without_a_pull_is_the_product_law():
    product = SettlingLaw(offset=0, slope=1, base=-0.5, pull=0)
    np.testing.assert_allclose(product.predict(np.array([1.0]), 4), [[1, 0.5, 0, -0.5]])
    with pytest.raises(ValueError, match="settle only where"):
        _ = product.settles


def test_a_law_needs_enough_that_is_finite():
    with pytest.raises(ValueError, match="0 pairs of 6 are finite"):
        SettlingLaw.fit(np.full((2, 3), -np.inf), np.zeros((2, 3)))


def test_correlation_and_error_pass_over_what_is_not_finite():
    x, y = np.array([[0.0, 1, 2, -np.inf]]), np.array([[1.0, 3, 5, 7]])
    assert correlation(x, y) == pytest.approx(1)
    assert error(np.array([[1.0, 1, 1, 1]]), np.array([[1.0, 4, 1, -np.inf]])) == pytest.approx(math.sqrt(3))


@pytest.mark.parametrize("width", [2, 4])
def test_the_model_collapses_as_fast_as_the_theory_says(width):
    draw = torch.Generator().manual_seed(0)
    phi = Contraction(-2.0, -0.01)
    changes = torch.stack([collapse_by_model(width, phi, 200, 4, draw) for _ in range(150)])
    assert (changes[:, 0] == 0).all()
    rate = ((changes[:, -1] - changes[:, 99]) / 100).mean().item()
    expected = (growth_per_task(width, 1, -1.99) - 0.01) / 4
    assert rate == pytest.approx(expected, rel=0.03)


def test_one_dimension_collapses_at_once_and_many_hardly_at_all():
    draw = torch.Generator().manual_seed(0)
    one = collapse_by_model(1, Contraction(-8.0, 0.0), 3, 4, draw)
    np.testing.assert_allclose(one, [0, -2, -4])
    assert collapse_by_model(256, Contraction(-30.0, 0.0), 20, 4, draw)[-1] > -0.05


def test_what_is_written_can_be_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(inheritance, "two_types", short)
    small = replace(EXPERIMENT, parts=({"width": 2},), seeds=(0, 100), tasks=2)
    list(fill(small, tmp_path / "run"))
    found, measured = load(tmp_path / "run").table, follow(short(2), [0, 100], 2)
    for quantity in inheritance.QUANTITIES:
        ours, theirs = (table.select(quantity, width=2, seed=(0, 100)) for table in (found, measured))
        assert ours.shape == (2, 2)
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_a_network_that_diverges_is_nan_from_there_on():
    wild = replace(short(2), training=replace(short(2).training, step_size=1e20, epochs=1))
    wild = replace(wild, network_settings={**wild.network_settings, "activation": "relu"})
    found = follow(wild, [0, 1], 3)
    assert not np.isnan(found.select("start_within")[:, 0]).any()
    assert np.isnan(found.select("start_within")[:, 1:]).all()
    assert found.select("train_accuracy").shape == (2, 3)


def test_the_stored_rows_are_whole_and_carry_their_origin():
    stored = load(EXPERIMENT.name)
    assert re.fullmatch(r"[0-9a-f]{40}", stored.environment["commit"]), "the code must have been committed"
    assert not re.search(r"\s/", stored.environment["command"]), "no path of one machine"
    for key in ("date", "packages", "python", "wall_seconds"):
        assert stored.environment[key]
    table = load("inheritance").table
    assert [(row["width"], row["seed"]) for row in table.rows] == [(w, s) for w in WIDTHS for s in FITTED + HELD_OUT]
    for quantity in inheritance.QUANTITIES:
        assert table.select(quantity).shape == (32, 80)
    as_written = json.loads(stored_path(EXPERIMENT.name).read_text())["rows"]
    by_task = {(row["width"], row["seed"], row["task"]): row["end_between"] for row in as_written}
    assert starts_and_ends(table, "between", 256, HELD_OUT)[1][2, 7] == by_task[256, 102, 7]
