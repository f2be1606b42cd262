"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from lop_tutorial.exercises import check
from lop_tutorial.report.loss_type import MARGIN
from lop_tutorial.running import stored

RIGHT = {"a": "Type-2", "b": "Type-1", "c": "both", "d": "Type-1"}
RUNS = {"a": (0.975, 0.70), "b": (0.71, 0.60), "c": (0.90, 0.72), "d": (0.93, 0.81)}
FRESH = (0.98, 0.84)
WAYS = {"as they are": "yes", "detrended": "no"}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def share_lower(mine, fresh):
    return (np.nanmean(mine, axis=1) < np.nanmean(fresh, axis=1)).mean()


def test_the_four_verdicts_follow_from_the_rule():
    for run, (train, test) in RUNS.items():
        lost = round(FRESH[0] - train, 6) > MARGIN
        grown = round((train - test) - (FRESH[0] - FRESH[1]), 6) > MARGIN
        assert RIGHT[run] == ("both" if lost and grown else "Type-1" if lost else "Type-2" if grown else "neither")


@pytest.mark.parametrize(
    ("name", "answer"), [("four runs", RIGHT), ("sign of a tail", share_lower), ("dispersion", WAYS)]
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Run a has no answer"),
        ("Type-1", "A dictionary was expected"),
        (RIGHT | {"b": 1}, "Run b: 1 is not one of"),
        (RIGHT | {"b": "both"}, "3 of 4 are right; look again at run b: is the gap"),
        (RIGHT | {"a": "both", "d": "neither"}, "2 of 4 are right; look again at run a"),
        (RIGHT | {"d": "neither"}, "by accuracy alone"),
    ],
)
def test_four_runs_wrong(answer, words, capsys):
    assert words in said(capsys, "four runs", answer)


@pytest.mark.filterwarnings("ignore:invalid value encountered in subtract")  # by the answer that subtracts
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda mine, fresh: ..., "three dots"),
        (0.5, "A function was expected"),
        (lambda mine, fresh: (mine.mean(axis=1) < fresh.mean(axis=1)).mean(), "leave out what was not measured"),
        (lambda mine, fresh: (mine < fresh)[:, 1:].mean(), "compare the means over tasks"),
        (lambda mine, fresh: 1 - share_lower(mine, fresh), "higher or equal"),
        (lambda mine, fresh: (np.nanmean(mine - fresh, axis=1) < 0).mean(), "do not subtract"),
        (lambda mine, fresh: 0.9, "another number"),
    ],
)
def test_share_wrong(answer, words, capsys):
    assert words in said(capsys, "sign of a tail", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Way as they are has no answer"),
        (WAYS | {"as they are": "no"}, "without their signs"),
        (WAYS | {"detrended": "yes"}, "take the straight line out of both"),
    ],
)
def test_dispersion_wrong(answer, words, capsys):
    assert words in said(capsys, "dispersion", answer)


def strength(values, lost, trend):
    """The mean over seeds of a rank correlation, without its sign; without the straight lines in time if asked to."""
    found = []
    for x, y in zip(values, lost, strict=True):
        at = np.flatnonzero(~np.isnan(x))
        lines = [np.zeros(len(at)) if trend else np.polyval(np.polyfit(at, z[at], 1), at) for z in (x, y)]
        found.append(spearmanr(x[at] - lines[0], y[at] - lines[1]).statistic)
    return abs(np.mean(found))


def test_the_dispersion_is_ahead_only_by_its_drift():
    run = stored("real_images_tinyimagenet").results.at(256)
    high, low = (run.curves("none", name) for name in ("ftle_between_q95", "ftle_within_q05"))
    lost = run.curves("none", "train_accuracy") - run.curves("retrained", "train_accuracy")
    for way, trend in (("as they are", True), ("detrended", False)):
        spread, *tails = (strength(values, lost, trend) for values in (high - low, high, low))
        assert WAYS[way] == ("yes" if spread > max(tails) else "no")
