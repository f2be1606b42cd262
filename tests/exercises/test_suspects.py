"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from lop_tutorial.exercises import check


def said(capsys, exercise, answer):
    check(exercise, answer)
    return " ".join(capsys.readouterr().out.split())


def within(quantity, gap, *groups):
    labels = np.array([" ".join(map(str, each)) for each in zip(*groups, strict=True)])
    same = (labels == label for label in np.unique(labels))
    return np.mean([spearmanr(quantity[mask], gap[mask]).statistic for mask in same])


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("age alone", ("negative", "zero")),
        ("age alone", ["negative", "zero"]),
        ("within age and method", within),
        ("the plain network", "ftle_within"),
    ],
)
def test_done_right(exercise, answer, capsys):
    assert said(capsys, exercise, answer).startswith(f"{exercise}: right. ")


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("age alone", "negative", "A pair of words was expected"),
        ("age alone", ("down", "zero"), "'down' is not one of negative, zero, positive"),
        ("age alone", ("zero", "zero"), "is the network old or young?"),
        ("age alone", ("negative", "negative"), "the task number is fixed"),
        ("within age and method", 0.3, "A function was expected"),
        ("within age and method", lambda *given: ..., "three dots"),
        ("within age and method", lambda quantity, gap, task, method: within(quantity, gap, task), "not yet"),
        ("the plain network", None, "None is not one of ftle_within, weight_norm, gradient_norm"),
        ("the plain network", "weight_norm", "Compare the sizes"),
    ],
)
def test_done_wrong(exercise, answer, words, capsys):
    assert words in said(capsys, exercise, answer)
