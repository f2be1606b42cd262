"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import math

import numpy as np
import pytest

from lop_tutorial.exercises import check
from lop_tutorial.exercises.chapters.theory_checks import _WINS_FROM
from lop_tutorial.theory import growth_per_task, settles_at
from lop_tutorial.theory.laws import SettlingLaw

SETTLED = {"a": -6, "b": -1, "c": -0.3, "d": -math.inf, "e": -0.5}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def curve(s0, a, b, c, k, tasks):
    found = [s0]
    while len(found) < tasks:
        found.append(a + b * (c + (1 - k) * found[-1]))
    return found


def by_the_package(s0, a, b, c, k, tasks):
    return SettlingLaw(offset=a, slope=b, base=c, pull=k).predict(np.array([s0]), tasks)[0]


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
        ("a curve of exponents", curve),
        ("a curve of exponents", by_the_package),
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
        (lambda *law: ..., "three dots"),
        (lambda s0, a, b, c, k, tasks: [c + (1 - k) * s for s in curve(s0, a, b, c, k, tasks)], "at the end of"),
        (lambda s0, a, b, c, k, tasks: curve(s0, a, b, c, k, tasks + 1)[1:], "The first entry is missing"),
        (lambda s0, a, b, c, k, tasks: curve(s0, a, b, c, k, tasks + 1), "One task too many"),
        (lambda s0, a, b, c, k, tasks: curve(s0, 0, 1, c, k, tasks), "The passage from task to task"),
        (lambda s0, a, b, c, k, tasks: curve(s0, a, b, c, 0, tasks), "must depend on where"),
        (lambda s0, a, b, c, k, tasks: curve(s0, a, b, c, -k, tasks), "Mind the sign of k"),
        (lambda s0, a, b, c, k, tasks: [s0] * tasks, "For s0, a, b, c, k = 0.4"),
    ],
)
def test_curve_wrong(answer, words, capsys):
    assert words in said(capsys, "a curve of exponents", answer)


@pytest.mark.parametrize(("answer", "words"), [(..., "three dots"), (40, "the smallest"), (1, "collapse wins")])
def test_width_wrong(answer, words, capsys):
    assert words in said(capsys, "where stretch wins", answer)
