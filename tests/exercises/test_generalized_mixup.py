"""Each exercise is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from lop_tutorial.exercises import check
from lop_tutorial.interventions import mixup_labels

RIGHT = {"a": 1.5, "b": 1.5, "c": -2, "d": -0.5, "e": 1}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def by_the_package(own, partner, m, bump, classes=3):
    y = one_hot(torch.tensor([[own], [partner]]), classes).double()
    return mixup_labels(y[0], y[1], torch.tensor([m], dtype=torch.float64), bump)[0]


def by_hand(own, partner, m, bump, classes=3):
    if own != partner:
        y = np.zeros(classes)
        y[own], y[partner] = m, 1 - m
        return y
    b = bump / 2 - bump * abs(0.5 - m)
    y = np.full(classes, -b)
    y[own] = 1 + b
    return y


def test_the_predictions_are_those_of_the_package():
    cases = ((0, 0, 0.5, 0.5), (0, 0, 0.25, 1), (1, 1, 0.5, 1), (0, 1, 0.25, 1), (0, 0, 1.0, 2))
    found = {case: by_the_package(*setting, classes=2) for case, setting in zip("abcde", cases, strict=True)}
    assert {case: (cat - dog).item() for case, (cat, dog) in found.items()} == RIGHT


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Case a has no answer"),
        (1.5, "A dictionary was expected"),
        (RIGHT | {"b": "1.5"}, "Case b: Numbers were expected"),
        (RIGHT | {"b": [1.5]}, "Case b: One number was expected"),
        (RIGHT | {"c": 2}, "4 of 5 are right; look again at case c: which class is the own one"),
        (RIGHT | {"a": 1.25, "d": 0.5}, "3 of 5 are right; look again at case a: how high"),
        (RIGHT | {"e": 3}, "which example is the mixture"),
    ],
)
def test_own_minus_other_wrong(answer, words, capsys):
    assert words in said(capsys, "own minus other", answer)


def bumped_everywhere(own, partner, m, bump):
    b = bump / 2 - bump * abs(0.5 - m)
    return m * np.eye(3)[own] + (1 - m) * np.eye(3)[partner] + b * (2 * np.eye(3)[own] - 1)


def turned_round(own, partner, m, bump):
    return by_hand(own, partner, m if own == partner else 1 - m, bump)


def only_the_own(own, partner, m, bump):
    return np.maximum(by_hand(own, partner, m, bump), 0)


def as_for_two(own, partner, m, bump):
    y = by_hand(own, partner, m, bump)
    if own == partner:
        y[(own + 2) % 3] = 0
    return y


def twice_the_bump(own, partner, m, bump):
    return by_hand(own, partner, m, 2 * bump)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda own, partner, m, bump: ..., "The three dots"),
        (by_hand(0, 0, 0.5, 1), "A function was expected"),
        (bumped_everywhere, "The bump belongs to pairs of one class"),
        (turned_round, "the other way round"),
        (only_the_own, "every other class has a label too"),
        (lambda own, partner, m, bump: by_hand(own, partner, m, 0), "without a bump"),
        (as_for_two, "Of the other classes only one is right"),
        (twice_the_bump, "Where both inputs are of one class (m = 0.5, M = 1.0)"),
        (lambda own, partner, m, bump: by_hand(own, partner, m, bump, 2), "shape (3,) was expected"),
        (lambda own, m, bump: by_hand(own, own, m, bump), "Your function stopped with TypeError"),
    ],
)
def test_labels_wrong(answer, words, capsys):
    assert words in said(capsys, "labels by hand", answer)


@pytest.mark.parametrize(
    ("answer", "words"), [(..., "The three dots"), ("M", "is not one of"), ("most", "Take the bump away")]
)
def test_cause_wrong(answer, words, capsys):
    assert words in said(capsys, "is it the bump", answer)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("own minus other", RIGHT),
        ("labels by hand", by_hand),
        ("labels by hand", by_the_package),
        ("is it the bump", "little"),
    ],
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")
