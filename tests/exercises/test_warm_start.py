"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import math

import numpy as np
import pytest

from lop_tutorial.exercises import check
from lop_tutorial.running import interval


def said(capsys, exercise, answer):
    check(exercise, answer)
    return " ".join(capsys.readouterr().out.split())


def gap(warm, fresh):
    return list(interval(100 * (warm - fresh)))


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [("shrunk exponents", math.log(0.4)), ("warm start gap", gap), ("same sign", "ftle_between_q50")],
)
def test_done_right(exercise, answer, capsys):
    assert said(capsys, exercise, answer).startswith(f"{exercise}: right. ")


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("shrunk exponents", -math.log(0.4), "The sign"),
        ("shrunk exponents", 4 * math.log(0.4), "Too large by a factor of 4, the number of layers"),
        ("warm start gap", 3, "A function was expected"),
        ("warm start gap", lambda warm, fresh: ..., "three dots"),
        ("warm start gap", lambda warm, fresh: gap(fresh, warm), "not yet"),
        ("warm start gap", lambda warm, fresh: np.array(gap(warm, fresh)) / 100, "100, points of a share"),
        ("warm start gap", lambda warm, fresh: (warm - fresh).mean(), "shape (3,) was expected"),
        ("same sign", None, "None is not one of test_accuracy, dead_units, ftle_between_q50"),
        ("same sign", "dead_units", "count the signs"),
    ],
)
def test_done_wrong(exercise, answer, words, capsys):
    assert words in said(capsys, exercise, answer)
