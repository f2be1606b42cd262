"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest

from lop_tutorial.exercises import check
from lop_tutorial.exercises.chapters.type_2_checks import MIXED
from lop_tutorial.running import stored

SIGNS = {"a": "stays", "b": "falls", "c": "rises", "d": "rises", "e": "stays"}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def exponents(apart):
    return np.log(apart[-1] / apart[0]) / (len(apart) - 1)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("signs of type-2", SIGNS),
        ("the exponent from a pair of inputs", exponents),
        ("the mixed zone", sorted(MIXED)),
        ("the mixed zone", set(MIXED)),
    ],
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")


def test_the_mixed_zone_is_that_of_the_stored_run():
    def change(results, quantity):
        curves = results.curves("none", quantity)
        return curves[:, -8:].mean() - curves[:, :8].mean()

    sweep = stored("width").results
    changes = {w: [change(sweep.at(w), f"{part}_accuracy") for part in ("train", "test")] for w in sweep.widths}
    assert {w for w, (train, test) in changes.items() if -train > 0.02 and train - test > 0.02} == MIXED


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("signs of type-2", {}, "Case a has no answer"),
        ("signs of type-2", "rises", "A dictionary was expected"),
        ("signs of type-2", SIGNS | {"b": "sinks"}, "Case b: "),
        ("signs of type-2", SIGNS | {"a": "falls"}, "4 of 5 are right; look again at case a: does the network still"),
        ("signs of type-2", SIGNS | {"d": "stays", "e": "falls"}, "3 of 5 are right; look again at case d"),
        ("the exponent from a pair of inputs", lambda apart: ..., "three dots"),
        (
            "the exponent from a pair of inputs",
            lambda apart: np.log(apart[-1] / apart[0]) / len(apart),
            "tell of four layers",
        ),
        ("the exponent from a pair of inputs", lambda apart: np.log(apart[-1] / apart[0]), "is per layer"),
        ("the exponent from a pair of inputs", lambda apart: np.log(apart[-1]) / (len(apart) - 1), "were at first"),
        ("the exponent from a pair of inputs", lambda apart: exponents(apart) / np.log(10), "natural logarithm"),
        ("the exponent from a pair of inputs", lambda apart: apart[-1] / apart[0], "not its logarithm"),
        ("the exponent from a pair of inputs", lambda apart: -exponents(apart), "other way round"),
        ("the exponent from a pair of inputs", lambda apart: np.log(apart[-1] / apart[0]) / 4, "constant factor"),
        ("the exponent from a pair of inputs", 3, "A function was expected"),
        ("the mixed zone", ..., "three dots"),
        ("the mixed zone", 16, "A list of widths"),
        ("the mixed zone", "16", "A list of widths"),
        ("the mixed zone", [3], "3 is none of the widths"),
        ("the mixed zone", [256, *MIXED], "256 is not mixed"),
        ("the mixed zone", [], "missing; go through"),
    ],
)
def test_done_wrong(name, answer, words, capsys):
    assert words in said(capsys, name, answer)
