"""Each exercise is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest

from lop_tutorial.exercises import check

RIGHT = {"cosine": -1 / 3, "narrowest": 3, "collapsed": 3, "angles": 0}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (-1 / 3, "A dictionary was expected"),
        ({}, "no answer for 'cosine'"),
        (RIGHT | {"cosine": ...}, "three dots"),
        (RIGHT | {"cosine": 1 / 3}, "cosine: The sign"),
        (RIGHT | {"cosine": -0.25}, "C or C - 1"),
        (RIGHT | {"cosine": 0}, "right angles"),
        (RIGHT | {"cosine": -0.5}, "three classes"),
        (RIGHT | {"narrowest": 4}, "chosen freely"),
        (RIGHT | {"narrowest": 2}, "In the plane"),
        (RIGHT | {"collapsed": 64}, "Which of them do the weights see"),
        (RIGHT | {"collapsed": 61}, "left alone"),
        (RIGHT | {"angles": 1}, "angles: "),
    ],
)
def test_corners_wrong(answer, words, capsys):
    assert said(capsys, "corners", answer).startswith("corners: not yet. ")
    assert words in said(capsys, "corners", answer)


def nc1(features, labels, *, ddof=0, pooled=False, inverse=True, over=3, centre="means", divide=True):
    h, y = np.asarray(features), np.asarray(labels)
    means = np.stack([h[y == c].mean(axis=0) for c in range(3)])
    within = 0
    for c in range(3):
        v = h[y == c] - means[c]
        within = within + v.T @ v / (len(v) - ddof) * (len(v) / len(h) if pooled else 1 / 3)
    dot = means - (means if centre == "means" else h).mean(axis=0)
    between = dot.T @ dot / (3 if divide else 1)
    found = np.trace(within @ np.linalg.pinv(between, rcond=1e-10)) if inverse else np.trace(within) / np.trace(between)
    return found / over


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (3, "A function was expected, not int"),
        (lambda h, y: None, "no `return`"),
        (lambda h, y: nc1(h, y, over=1), "by a factor of C, the number of classes"),
        (lambda h, y: nc1(h, y, pooled=True), "Large classes count for more"),
        (lambda h, y: nc1(h, y, ddof=1), "not by one less"),
        (lambda h, y: nc1(h, y, inverse=False, over=1), "ratio of the two traces. NC1 weighs"),
        (lambda h, y: nc1(h, y, inverse=False), "ratio of the two traces, over C"),
        (lambda h, y: nc1(h, y, divide=False), "divide the sum by C"),
        (lambda h, y: nc1(h, y, centre="samples"), "not of all samples"),
    ],
)
def test_nc1_done_wrong(answer, words, capsys):
    assert words in said(capsys, "nc1 by hand", answer)


@pytest.mark.parametrize(("answer", "words"), [(None, "None is not one of"), ("no decay", "Run it and look")])
def test_what_keeps_the_neighbourhood_done_wrong(answer, words, capsys):
    assert words in said(capsys, "what keeps the neighbourhood", answer)


@pytest.mark.parametrize(
    ("name", "answer"),
    [("corners", RIGHT), ("nc1 by hand", nc1), ("what keeps the neighbourhood", "more dimensions")],
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")
