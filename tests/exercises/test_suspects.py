"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest

from lop_tutorial.exercises import check


def said(capsys, exercise, answer):
    check(exercise, answer)
    return " ".join(capsys.readouterr().out.split())


def lags(fresh, old, k):
    return (fresh - old)[:, -k:].mean(axis=1)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("suspects: predict", "neither"),
        ("suspects: implement", lags),
        ("suspects: investigate", "no momentum"),
    ],
)
def test_done_right(exercise, answer, capsys):
    assert said(capsys, exercise, answer).startswith(f"{exercise}: right. ")


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("suspects: predict", None, "None is not one of old, fresh, neither"),
        ("suspects: predict", "old", "before its first task"),
        ("suspects: implement", 3, "A function was expected"),
        ("suspects: implement", lambda fresh, old, k: ..., "three dots"),
        ("suspects: implement", lambda fresh, old, k: -lags(fresh, old, k), "The sign"),
        ("suspects: implement", lambda fresh, old, k: k * lags(fresh, old, k), "Too large by a factor of k"),
        ("suspects: implement", lambda fresh, old, k: lags(fresh, old, k).mean(), "shape (5,) was expected"),
        ("suspects: implement", lambda fresh, old, k: lags(fresh, old, k) * np.nan, "5 of 5 entries are NaN"),
        ("suspects: investigate", "keep the head", "Run it and look"),
    ],
)
def test_done_wrong(exercise, answer, words, capsys):
    assert words in said(capsys, exercise, answer)
