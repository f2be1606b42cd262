"""Verdicts put to a new setting of a made-up trial: what is foretold, what comes out, and what counts as agreement."""

import numpy as np
import pytest

from lop_tutorial.experiments.suspects import HELD_OUT_SETTINGS, SETTINGS
from lop_tutorial.report import suspect_held_out
from lop_tutorial.report.suspect_held_out import (
    PARENTS,
    Agreement,
    agreement,
    both_ways,
    lost,
    score_held_out,
    skill_of_all_elsewhere,
    together,
)
from lop_tutorial.report.suspect_scores import States
from lop_tutorial.report.suspect_verdicts import score_suspects

pytest.importorskip("sklearn", reason="regressions need scikit-learn")
SUSPECTS = ["illness", "noise"]


@pytest.fixture(scope="module")
def new(trial):
    """The made-up trial's narrow setting, as if it were another, with seeds that it has not."""
    narrow = trial.states().where(setting="narrow")
    named = {"setting": np.full(len(narrow), "new"), "seed": narrow["seed"] + 300}
    return States(narrow.columns | named)


@pytest.fixture(scope="module")
def stored(trial):
    return list(score_suspects(trial.states(), SUSPECTS, "test_gap", trial.fitted, trial.held_out))


@pytest.fixture
def scored(trial, new, monkeypatch):
    monkeypatch.setattr(suspect_held_out, "PARENTS", {"new": ("narrow", "wide")})
    return lambda states: list(score_held_out(trial.states(), states, SUSPECTS, "test_gap", trial.fitted))


def test_what_is_foretold_comes_out(new, stored, scored):
    found = scored(new)
    assert [(score.suspect, score.setting, score.sign) for score in found] == [
        ("illness", "new", -1),
        ("noise", "new", 0),
    ]
    ill, noise = found
    assert ill.has_skill_elsewhere
    assert not noise.has_skill_elsewhere
    assert ill.seeds_out.low > 0
    assert agreement(stored, found, "new", "test_gap") == Agreement(1, 1, 1, 1, 0, pytest.approx(1))
    assert agreement(stored, found, "new", "test_gap").agrees


def test_a_reversal_is_no_agreement(new, stored, scored):
    turned = scored(States(new.columns | {"illness": -new["illness"]}))
    found = agreement(stored, turned, "new", "test_gap")
    assert (found.told, found.of_told, found.reversed) == (0, 1, 1)
    assert not found.agrees


def test_what_does_not_vary_is_not_counted(new, stored, scored):
    flat = scored(States(new.columns | {"noise": np.ones(len(new))}))
    assert agreement(stored, flat, "new", "test_gap")[:4] == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("counts", "agrees"),
    [
        ((2, 3, 4, 5, 0, 0.6), True),
        ((1, 3, 4, 5, 0, 0.6), False),
        ((2, 3, 3, 5, 0, 0.6), False),
        ((2, 3, 4, 5, 1, 0.6), False),
        ((2, 3, 4, 5, 0, 0.59), False),
        ((0, 0, 5, 5, 0, float("nan")), False),
    ],
)
def test_the_rule_of_agreement(counts, agrees):
    assert Agreement(*counts).agrees is agrees


def test_a_gap_is_lost_by_the_plain_network_late(new, monkeypatch):
    monkeypatch.setattr(suspect_held_out, "LATE", (9, 14))
    mean, _, high = lost(new, "new", "test_gap")
    plain = new.where(method="none", task=(9, 14))
    assert float(mean) == pytest.approx(plain["test_gap"].mean())
    assert high < 0


def test_each_half_of_the_seeds_is_scored_by_the_other(new):
    (a, b), (c, d) = both_ways(new)
    assert (a.seeds, b.seeds) == (d.seeds, c.seeds)
    assert sorted([*a.seeds, *b.seeds]) == new.seeds
    assert not set(a.seeds) & set(b.seeds)


def test_all_suspects_together_elsewhere(trial, new):
    skills = skill_of_all_elsewhere(trial.states(), new, SUSPECTS, "test_gap", trial.fitted)
    assert float(skills["new"]["settings"].low) > 0
    assert float(skills["new"]["seeds"].low) > 0
    assert len(together(trial.states(), new)) == len(trial.states()) + len(new)


def test_parents_are_settings_of_the_trial():
    assert tuple(PARENTS) == HELD_OUT_SETTINGS
    assert {parent for pair in PARENTS.values() for parent in pair} <= set(SETTINGS)
