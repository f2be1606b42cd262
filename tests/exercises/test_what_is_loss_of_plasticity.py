"""Each exercise is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest

from lop_tutorial.exercises import check
from lop_tutorial.running import interval

RIGHT = {"a": "forgetting", "b": "loss of plasticity", "c": "neither", "d": "loss of plasticity", "e": "neither"}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Case a has no answer"),
        ("forgetting", "A dictionary was expected"),
        (RIGHT | {"c": "forgetfulness"}, "'forgetfulness' is not one of"),
        (RIGHT | {"c": "forgetting"}, "4 of 5 are right; look again at case c"),
        (dict.fromkeys("abcde", "loss of plasticity"), "2 of 5 are right"),
    ],
)
def test_cases_sorted_wrong(answer, words, capsys):
    assert said(capsys, "sort the cases", answer).startswith("sort the cases: not yet. ")
    assert words in said(capsys, "sort the cases", answer)


def paired(fresh, old):
    return interval((fresh - old)[:, -10:].mean(axis=1))


def unpaired(fresh, old):
    a, b = (interval(values[:, -10:].mean(axis=1)) for values in (fresh, old))
    return a.mean - b.mean, a.low - b.high, a.high - b.low


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (3, "A function was expected, not int"),
        (lambda fresh: fresh, "stopped with TypeError"),
        (lambda fresh, old: ..., "gave ellipsis"),
        (lambda fresh, old: fresh, "shape (6, 40)"),
        (lambda fresh, old: (np.nan,) * 3, "NaN"),
        (lambda fresh, old: [-x for x in paired(fresh, old)], "The sign"),
        (lambda fresh, old: interval((fresh - old).mean(axis=1)), "the last ten tasks"),
        (unpaired, "too wide"),
        (lambda fresh, old: interval((fresh - old)[:, -10:].ravel()), "too narrow"),
    ],
)
def test_paired_loss_done_wrong(answer, words, capsys):
    assert words in said(capsys, "paired loss", answer)


@pytest.mark.parametrize(("answer", "words"), [(None, "None is not one of"), ("keep the head", "Run it and look")])
def test_what_helps_done_wrong(answer, words, capsys):
    assert words in said(capsys, "what helps", answer)


@pytest.mark.parametrize(
    ("name", "answer"), [("sort the cases", RIGHT), ("paired loss", paired), ("what helps", "weight decay")]
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")
