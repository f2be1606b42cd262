"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest

from lop_tutorial.exercises import check


def said(capsys, exercise, answer):
    check(exercise, answer)
    return " ".join(capsys.readouterr().out.split())


def utility(h, w_in, w_out):
    return np.abs(h).mean(axis=0) * np.abs(w_out).mean(axis=0) / np.abs(w_in).mean(axis=1)


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [("first task", {"retrained", "shrink_and_perturb"}), ("utility", utility), ("dead units", "procedural")],
)
def test_done_right(exercise, answer, capsys):
    assert said(capsys, exercise, answer).startswith(f"{exercise}: right. ")


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("first task", None, "A set of names was expected"),
        ("first task", {"redo"}, "'redo' is not one of"),
        ("first task", {"retrained", "cbp"}, "At which moment does cbp act?"),
        ("first task", {"retrained"}, "but not all"),
        ("utility", 3, "A function was expected"),
        ("utility", lambda h, w_in, w_out: ..., "three dots"),
        (
            "utility",
            lambda h, w_in, w_out: 2 * utility(h, w_in, w_out),
            "Too large by a factor of the number of outputs",
        ),
        ("utility", lambda h, w_in, w_out: utility(h, w_in, w_out)[:3], "shape (5,) was expected"),
        ("dead units", "cifar100", "There the correlation is clear"),
    ],
)
def test_done_wrong(exercise, answer, words, capsys):
    assert words in said(capsys, exercise, answer)
