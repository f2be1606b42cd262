"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.exercises import check
from lop_tutorial.experiments import plan
from lop_tutorial.geometry import ftle
from lop_tutorial.playground import Playground
from lop_tutorial.training import Training

RIGHT = {"a": "Type-1", "b": "Type-2", "c": "divergence", "d": "none of them", "e": "Type-1", "f": "divergence"}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def by_hand(h, weights):
    with np.errstate(divide="ignore"):
        return np.log(np.linalg.norm((1 - h**2)[:, None] * weights, ord=2))


def by_the_package(h, weights):
    """The exponent of the layer tanh(W x), at an x that it takes to h."""
    x = np.linalg.pinv(weights) @ np.arctanh(np.clip(h, -1, 1), where=np.abs(h) < 1, out=np.copysign(400.0, h))
    w = torch.from_numpy(weights)
    return ftle(lambda x: torch.tanh(x @ w.T), torch.from_numpy(x)[None], depth=1).item()


def without(change):
    return lambda h, weights: np.log(np.linalg.svd(change(h)[:, None] * weights, compute_uv=False)[0])


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("which of the three", RIGHT),
        ("the last hidden layer's exponent", by_hand),
        ("the last hidden layer's exponent", by_the_package),
    ],
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Case a has no answer"),
        ("Type-1", "A dictionary was expected"),
        (RIGHT | {"b": "type 2"}, "Case b: 'type 2' is not one of"),
        (RIGHT | {"c": "Type-1"}, "5 of 6 are right; look again at case c"),
        (RIGHT | {"d": "Type-1"}, "what does the fresh network reach"),
        (RIGHT | {"e": "divergence", "f": "Type-1"}, "4 of 6 are right; look again at case e"),
    ],
)
def test_diagnosis_wrong(answer, words, capsys):
    assert words in said(capsys, "which of the three", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda h, weights: ..., "The three dots"),
        (3.0, "A function was expected"),
        (lambda h: 0, "Your function stopped with TypeError"),
        (without(lambda h: 1 - np.tanh(h) ** 2), "no tanh is left to take"),
        (without(np.ones_like), "without the tanh"),
        (without(lambda h: 1 - h), "with a square"),
        (lambda h, w: np.exp(by_hand(h, w)), "its logarithm is wanted"),
        (lambda h, w: by_hand(h, w) / np.log(10), "Off by a constant factor"),
        (lambda h, w: np.log(np.linalg.norm((1 - h**2)[:, None] * w)), "`ord=2`"),
        (lambda h, w: np.log(np.linalg.svd((1 - h**2)[:, None] * w, compute_uv=False)[-1]), "the smallest"),
        (lambda h, w: max(by_hand(h, w), -50.0), "not where both units are saturated"),
        (lambda h, w: -by_hand(h, w), "The sign is the wrong way round"),
    ],
)
def test_last_layer_wrong(answer, words, capsys):
    assert words in said(capsys, "the last hidden layer's exponent", answer)


TRIED = {"a": "Type-1", "b": "Type-2", "c": "divergence", "d": "Type-1"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (TRIED, "right. "),
        (TRIED | {"d": "none of them"}, "3 of 4 are right; look again at case d"),
        ({"a": "Type-1"}, "Case b has no answer"),
    ],
)
def test_predict_then_try(answer, words, capsys):
    assert words in said(capsys, "predict, then try", answer)


def played(train, fresh=1.0, tasks=40, **settings):
    """A playground whose page has trained so many tasks."""
    play = Playground(**settings)
    play.lived = {"choices": play.choices, "train": [train] * tasks, "fresh_train": [fresh] * tasks}
    return play


LINEAR = Playground(units="linear", step_size=0.025).settings


def changed_since(play):
    play.settings = Playground(step_size=0.05).settings
    return play


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: played(0.99), "right. "),
        (lambda: played(0.8), "Type-1 came: of its training points the old network learns 0.80, a fresh one 1.00."),
        (lambda: played(0.99, tasks=12), "the page has trained 12 tasks so far"),
        (lambda: changed_since(played(0.99)), "has trained 0 tasks so far"),
        (lambda: Playground(), "has trained 0 tasks so far"),
        (lambda: played(None), "diverged"),
        (lambda: played(0.6, fresh=0.6), "A fresh network does not learn these tasks either: 0.60"),
        (lambda: played(0.99, width=4), "keep its two units"),
        (lambda: played(0.99, method="intra"), "without any method; it has 'g_mixup"),
        (lambda: ..., "three dots"),
        (lambda: "linear", "A playground was expected, or a plan, not str"),
        pytest.param(lambda: LINEAR, "right. ", marks=pytest.mark.product),
        pytest.param(lambda: plan("type1"), "Type-1 came", marks=pytest.mark.product),
        (lambda: replace(LINEAR, training=Training(epochs=1)), "A fresh network does not learn these tasks either: 0."),
    ],
)
def test_type_1_never_comes(answer, words, capsys):
    assert words in said(capsys, "type-1 never comes", answer())
