"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import math

import numpy as np
import pytest
import torch

from lop_tutorial.exercises import check
from lop_tutorial.exercises.chapters.theory_checks import _WINS_FROM
from lop_tutorial.theory import decompose_change, growth_per_task, settles_at

SETTLED = {"a": -6, "b": -1, "c": -0.3, "d": -math.inf, "e": -0.5}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def account(starts, ends, before, after):
    factors, elsewhere = ends - starts, after - before
    return factors.sum(), elsewhere.sum(), (elsewhere - factors).sum()


def by_the_package(starts, ends, before, after):
    """The factors are those of `decompose_change`; a dent is how far own points have sunk below the others."""
    factors = decompose_change(torch.tensor(starts), torch.tensor(ends)).factors
    sunk = ((after - ends) - (before - starts)).sum()
    return [factors, factors + sunk, sunk]


def test_the_predictions_are_those_of_the_package():
    laws = {"a": (-0.5, 0.9, -0.1), "b": (-0.5, 0.5, 0.0), "c": (-0.5, 0.0, 0.2)}
    for case, law in laws.items():
        assert settles_at(*law) == pytest.approx(SETTLED[case])


def test_the_width_is_that_of_the_package():
    growth = [sum(growth_per_task(d, 1, math.log(g)) for g in (0.2, 1.5)) / 2 for d in range(1, 40)]
    assert next(d for d, rate in enumerate(growth, 1) if rate > 0) == _WINS_FROM
    assert min(growth[_WINS_FROM - 1 :]) > 0


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("where it settles", SETTLED),
        ("where it acts", account),
        ("where it acts", by_the_package),
        ("where stretch wins", _WINS_FROM),
    ],
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (3, "A dictionary was expected"),
        ({}, "Case a has no answer"),
        (SETTLED | {"b": "x"}, "Case b: Numbers were expected"),
        (SETTLED | {"b": [1]}, "Case b: One number was expected"),
        (SETTLED | {"a": -0.6}, "4 of 5 are right; look again at case a"),
        (SETTLED | {"c": 0.2}, "look again at case c: a slope of zero"),
        (SETTLED | {"d": -100}, "look again at case d: nothing is recovered"),
        (SETTLED | {"e": -math.inf}, "look again at case e: write down"),
    ],
)
def test_settling_wrong(answer, words, capsys):
    assert words in said(capsys, "where it settles", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (3, "A function was expected"),
        (lambda *life: ..., "three dots"),
        (lambda *life: account(*life)[:2], "was expected"),
        (lambda s, e, b, a: (*account(s, e, b, a)[:2], -account(s, e, b, a)[2]), "Mind the sign of the dents"),
        (lambda s, e, b, a: account(e, s, a, b), "after minus before"),
        (lambda s, e, b, a: (*account(s, e, b, a)[:2], (s[1:] - e[:-1]).sum()), "sum of the passages"),
        (lambda s, e, b, a: (account(s, e, b, a)[1], account(s, e, b, a)[0], account(s, e, b, a)[2]), "changed places"),
        (lambda s, e, b, a: np.array(account(s, e, b, a)) / len(s), "wanted are sums"),
        (lambda *life: (0.0, 0.0, 0.0), "None of the 3 entries"),
    ],
)
def test_account_wrong(answer, words, capsys):
    assert words in said(capsys, "where it acts", answer)


@pytest.mark.parametrize(("answer", "words"), [(..., "three dots"), (40, "the smallest"), (1, "collapse wins")])
def test_width_wrong(answer, words, capsys):
    assert words in said(capsys, "where stretch wins", answer)
