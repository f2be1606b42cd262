"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import copy

import pytest
import torch

from lop_tutorial.exercises import check

RIGHT = 0.5667


def said(capsys, exercise, answer):
    check(exercise, answer)
    return " ".join(capsys.readouterr().out.split())


@torch.no_grad()
def standardise(network, x, *, shared=False, divide_bias=True, sign=1, deep=False):
    mine = network if shared else copy.deepcopy(network)
    outputs = mine(x)
    mean, size = outputs.mean(dim=0), outputs.std(dim=0, unbiased=False)
    mine.head.weight.div_(sign * size[:, None])
    mine.head.bias.sub_(mean).div_(sign * size if divide_bias else 1)
    if deep:
        next(mine.body.parameters()).mul_(2)
    return mine


@torch.no_grad()
def only_divided(network, x):
    mine = copy.deepcopy(network)
    size = mine(x).std(dim=0, unbiased=False)
    mine.head.weight.div_(size[:, None])
    mine.head.bias.div_(size)
    return mine


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [("before the first step", 4901), ("standardised outputs", standardise), ("does the probe tell", RIGHT)],
)
def test_done_right(exercise, answer, capsys):
    assert said(capsys, exercise, answer).startswith(f"{exercise}: right. ")


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("before the first step", 4900, "the targets vary, too"),
        ("before the first step", 71, "not yet"),
        ("standardised outputs", 3, "A function was expected"),
        ("standardised outputs", lambda network, x: ..., "three dots"),
        ("standardised outputs", lambda network, x: 0.0, "A network was expected"),
        ("standardised outputs", lambda network, x: copy.deepcopy(network), "what they were"),
        ("standardised outputs", only_divided, "Means of the outputs"),
        ("standardised outputs", lambda network, x: standardise(network, x, divide_bias=False), "Means of the outputs"),
        ("standardised outputs", lambda network, x: standardise(network, x, sign=-1), "something else than before"),
        ("standardised outputs", lambda network, x: standardise(network, x, deep=True), "representation has changed"),
        ("standardised outputs", lambda network, x: standardise(network, x, shared=True), "has changed, too"),
        ("does the probe tell", -RIGHT, "The sign"),
        ("does the probe tell", ..., "three dots"),
    ],
)
def test_done_wrong(exercise, answer, words, capsys):
    assert words in said(capsys, exercise, answer)
