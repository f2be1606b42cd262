"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest
from scipy import stats

from lop_tutorial.exercises import check
from lop_tutorial.running import stored

CHANCE = {"a": 0.5, "b": 0.8, "c": 0.2, "d": 0.5}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def cut(values, bins):
    return values.reshape(len(values), bins, -1)


def paired(mine, other, bins):
    return np.nanmean(cut(mine - other, bins).mean(axis=2), axis=0)


def last_bins():
    results = stored("table1_tinyimagenet").results
    return [results.binned(method)[:, -1] for method in ("g_mixup", "retrained")]


def ratio():
    mixed, fresh = last_bins()
    return float(np.hypot(mixed.std(ddof=1), fresh.std(ddof=1)) / (mixed - fresh).std(ddof=1))


def test_the_interval_is_narrowed_less_than_the_standard_error():
    """As the solution has it: the unpaired interval has 8 degrees of freedom, the paired one 4."""
    assert ratio() * stats.t.ppf(0.975, 8) / stats.t.ppf(0.975, 4) == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize(("name", "answer"), [("chance", CHANCE), ("a paired difference", paired)])
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")


def test_pairing_done_right_and_wrong(capsys):
    assert said(capsys, "what pairing buys", ratio()).startswith("what pairing buys: right. ")
    assert "three dots" in said(capsys, "what pairing buys", ...)
    assert "Numbers were expected" in said(capsys, "what pairing buys", "2")
    assert "other way round" in said(capsys, "what pairing buys", 1 / ratio())
    mixed, fresh = last_bins()
    added = (mixed.std(ddof=1) + fresh.std(ddof=1)) / (mixed - fresh).std(ddof=1)
    assert "their squares do" in said(capsys, "what pairing buys", float(added))
    assert "Another number" in said(capsys, "what pairing buys", 10.0)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Case a has no answer"),
        (0.5, "A dictionary was expected"),
        (CHANCE | {"b": "80 %"}, "Case b: Numbers were expected, not text"),
        (CHANCE | {"b": 80}, "Case b: an accuracy lies between 0 and 1"),
        (CHANCE | {"b": 0.5}, "3 of 4 are right; look again at case b"),
        (CHANCE | {"c": 0.5, "d": 0.9}, "2 of 4 are right; look again at case c"),
    ],
)
def test_chance_wrong(answer, words, capsys):
    assert words in said(capsys, "chance", answer)


@pytest.mark.filterwarnings("ignore:Mean of empty slice")  # by the answer that leaves tasks out
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda mine, other, bins: ..., "three dots"),
        (0.5, "A function was expected"),
        (lambda mine, other, bins: -paired(mine, other, bins), "The sign"),
        (
            lambda mine, other, bins: (
                np.nanmean(cut(mine, bins).mean(axis=2), axis=0) - np.nanmean(cut(other, bins).mean(axis=2), axis=0)
            ),
            "within each seed",
        ),
        (
            lambda mine, other, bins: np.nanmean(np.nanmean(cut(mine - other, bins), axis=2), axis=0),
            "every task of the bin",
        ),
        (lambda mine, other, bins: cut(mine - other, bins).mean(axis=2).mean(axis=0), "takes all others"),
        (lambda mine, other, bins: paired(mine, other, bins).mean(), "shape (3,) was expected"),
    ],
)
def test_paired_wrong(answer, words, capsys):
    assert words in said(capsys, "a paired difference", answer)
