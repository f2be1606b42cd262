"""The rules for agents, on tables made up so that the answer is known."""

import numpy as np
import pytest

from lop_tutorial.report.agent_verdicts import (
    change_of_lead,
    late,
    lead,
    of_published,
    overlap,
    probe_excess,
    probe_lost,
    type_by_exponents,
)
from lop_tutorial.running.table import Table

FRESH = {"return": 150.0, "probe": 0.2, "probe_fresh": 0.2, "ftle_within_q05": -0.5, "ftle_between_q95": 0.5}


def table(seeds=6, **changed):
    """No Intv. and Retrained over six phases; the first begins like the second and has `changed` in the last three."""
    draw, rows = np.random.default_rng(0), []
    for method in ("none", "retrained"):
        for seed in range(seeds):
            row = {"method": method, "seed": seed}
            for name, value in FRESH.items():
                end = changed.get(name, value) if method == "none" else value
                row[name] = [float(v) for v in np.array([value] * 3 + [end] * 3) * draw.normal(1, 1e-3, 6)]
            rows.append(row)
    return Table(tuple(rows))


def test_the_last_three_phases_by_hand():
    rows = ({"seed": 1, "return": [9.0, 9.0, 1.0, np.nan, 3.0]}, {"seed": 0, "return": [9.0, 9.0] + [np.nan] * 3})
    found = late(Table(rows), "return")
    assert np.isnan(found[0])
    assert found[1] == 2


def test_a_loss_in_return_is_seen_and_its_absence():
    assert lead(table(**{"return": 120.0}), "none", "retrained").high < -25
    found = lead(table(), "none", "retrained")
    assert found.low < 0 < found.high


def test_a_loss_in_the_probe_is_a_ratio():
    assert probe_lost(table(probe=2.0)).mean == pytest.approx(1, abs=0.01)
    assert probe_lost(table()).mean == pytest.approx(0, abs=0.01)


def test_the_probe_of_a_seed_is_the_mean_of_its_logarithms():
    rows = ({"method": "none", "seed": 0, "probe": [np.nan, 10.0, 1.0, 100.0], "probe_fresh": [np.nan, 1.0, 1.0, 0.1]},)
    assert probe_excess(Table(rows)) == pytest.approx([(1 + 0 + 3) / 3])


def test_a_lead_that_more_updates_take_away_by_hand():
    """With one update 30 and 50 ahead, with four 10 behind and 20 ahead: -40 and -30."""
    returns = {
        (1, "none"): (130, 150),
        (1, "retrained"): (100, 100),
        (4, "none"): (90, 120),
        (4, "retrained"): (100, 100),
    }
    rows = [
        {"method": method, "updates": updates, "seed": seed, "return": [0.0] + [float(value)] * 3}
        for (updates, method), values in returns.items()
        for seed, value in enumerate(values)
    ]
    found = change_of_lead(Table(tuple(rows)), "none", "retrained", many=4, few=1)
    assert found.mean == -35
    assert (found.low, found.high) == pytest.approx((-35 - 12.7062 * 5, -35 + 12.7062 * 5), abs=1e-3)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"ftle_within_q05": -3.0}, "Type-1"),
        ({"ftle_within_q05": -np.inf}, "Type-1"),
        ({"ftle_between_q95": 0.9}, "Type-2"),
        ({"ftle_within_q05": -3.0, "ftle_between_q95": 0.9}, "both"),
        ({"ftle_between_q95": 0.1}, "neither"),
        ({"ftle_between_q95": np.nan}, "neither"),
    ],
)
def test_types_by_exponents(changed, found):
    assert type_by_exponents(table(**changed)) == found
    assert type_by_exponents(table(seeds=5, **changed)) == "neither", "five of five prove nothing"


def test_a_published_interval_by_hand():
    """Three seeds: 4.3027 standard errors."""
    found = of_published(488.69, 16.11, 3)
    assert (round(float(found.low), 1), round(float(found.high), 1)) == (448.7, 528.7)
    assert overlap(found, of_published(430.0, 10.0, 3))
    assert not overlap(found, of_published(400.0, 10.0, 3))
