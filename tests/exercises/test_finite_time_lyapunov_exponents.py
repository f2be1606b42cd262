"""Each exercise is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest
import torch

from lop_tutorial.exercises import check
from lop_tutorial.geometry import ftle

RIGHT = {"a": "+ log 2", "b": "+ log 2 / l", "c": "unchanged", "d": "x l / (l + 1)", "e": "cannot be told"}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Case a has no answer"),
        ("+ log 2", "A dictionary was expected"),
        (RIGHT | {"b": "log 2"}, "Case b: 'log 2' is not one of"),
        (RIGHT | {"a": "+ log 2 / l"}, "4 of 5 are right; look again at case a: by what is each layer's Jacobian"),
        (RIGHT | {"e": "+ log 2"}, "case e: do the slopes of tanh stay"),
    ],
)
def test_effects_wrong(answer, words, capsys):
    assert words in said(capsys, "what it does to the exponent", answer)


def layers(weights, biases, x):
    for weight, bias in zip(weights, biases, strict=True):
        x = np.tanh(weight @ x + bias)
        yield np.diag(1 - x**2) @ weight


def product(weights, biases, x):
    total = np.eye(len(x))
    for each in layers(weights, biases, x):
        total = each @ total
    return total


def exponent(weights, biases, x):
    return np.log(np.linalg.norm(product(weights, biases, x), 2)) / len(weights)


def by_the_package(weights, biases, x):
    def function(batch):
        for weight, bias in zip(weights, biases, strict=True):
            batch = torch.tanh(batch @ torch.tensor(weight).T + torch.tensor(bias))
        return batch

    return ftle(function, torch.tensor(x)[None], depth=len(weights))[0, 0]


def without_slopes(weights, biases, x):
    return np.log(np.linalg.norm(np.linalg.multi_dot(weights[::-1]), 2)) / len(weights)


def slopes_before(weights, biases, x):
    total = np.eye(len(x))
    for weight, bias in zip(weights, biases, strict=True):
        z = weight @ x + bias
        x = np.tanh(z)
        total = np.diag(1 - z**2) @ weight @ total
    return np.log(np.linalg.norm(total, 2)) / len(weights)


def mean_of_layers(weights, biases, x):
    return np.mean([np.log(np.linalg.norm(each, 2)) for each in layers(weights, biases, x)])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda w, b, x: ..., "The three dots are still there"),
        (lambda w, b, x: len(w) * exponent(w, b, x), "Too large by a factor of l, the number of layers"),
        (lambda w, b, x: exponent(w, b, x) / np.log(10), "logarithm"),
        (lambda w, b, x: np.linalg.norm(product(w, b, x), 2), "the largest singular value itself"),
        (lambda w, b, x: np.linalg.norm(product(w, b, x), 2) / 3, "its logarithm is missing"),
        (lambda w, b, x: np.log(np.linalg.norm(product(w, b, x), -2)) / 3, "the smallest singular value"),
        (lambda w, b, x: np.log(np.linalg.norm(product(w, b, x))) / 3, "the Frobenius norm"),
        (without_slopes, "The slopes of tanh are missing"),
        (slopes_before, "yours looks like 1 - z²"),
        (mean_of_layers, "multiply the Jacobians first"),
        (lambda w, b, x: w[0] @ w[1], "Your function stopped with ValueError"),
    ],
)
def test_exponent_done_wrong(answer, words, capsys):
    assert words in said(capsys, "an exponent by hand", answer)


@pytest.mark.parametrize(
    ("answer", "words"), [(..., "The three dots"), ("wider", "is not one of"), ("twice as deep", "Run them and look")]
)
def test_sharpest_wrong(answer, words, capsys):
    assert words in said(capsys, "the sharpest ridge", answer)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("what it does to the exponent", RIGHT),
        ("an exponent by hand", exponent),
        ("an exponent by hand", by_the_package),
        ("the sharpest ridge", "twice as long"),
    ],
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")
