"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest

pytest.importorskip("lifelines", reason="needs the extra analysis")

from lop_tutorial.exercises import check
from lop_tutorial.report.survival import lifetimes
from lop_tutorial.running import stored

FOUR = {"a": 0.75, "b": 0.75, "c": 0.375, "d": 30}


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def factors(times, failed, observed=None):
    there = observed or (lambda time: (times >= time).sum())
    return np.array([1 - failed[times == time].sum() / there(time) for time in np.unique(times)])


def well(times, failed):
    return np.cumprod(factors(times, failed))


def power():
    medians = [
        float(lifetimes(stored(f"death_300_cifar100_step_{step}"), event="failure").median.mean) for step in (0.1, 0.07)
    ]
    return float(np.log(medians[1] / medians[0]) / np.log(0.7))


@pytest.mark.parametrize(("name", "answer"), [("four lives", FOUR), ("the share that is well", well)])
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")


def test_the_power_done_right_and_wrong(capsys):
    assert said(capsys, "a power by hand", power()).startswith("a power by hand: right. ")
    assert "three dots" in said(capsys, "a power by hand", ...)
    assert "The sign" in said(capsys, "a power by hand", -power())
    assert "other way round" in said(capsys, "a power by hand", 1 / power())
    assert "Another number" in said(capsys, "a power by hand", -1.0)
    assert "One number" in said(capsys, "a power by hand", [1.0, 2.0])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Case a has no answer"),
        (0.5, "A dictionary was expected"),
        (FOUR | {"b": 0.5}, "3 of 4 are right; look again at case b"),
        (FOUR | {"c": 0.0}, "look again at case c: two are left"),
        (FOUR | {"d": 40}, "look again at case d"),
    ],
)
def test_four_lives_wrong(answer, words, capsys):
    assert words in said(capsys, "four lives", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda times, failed: ..., "three dots"),
        (0.5, "A function was expected"),
        (lambda times, failed: well(times, np.ones_like(failed)), "counted as failed"),
        (lambda times, failed: np.cumprod(factors(times, failed, lambda time: len(times))), "All networks"),
        (
            lambda times, failed: np.cumprod(factors(times, failed, lambda time: max(1, (times > time).sum()))),
            ">=, not >",
        ),
        (factors, "multiply them up"),
        (lambda times, failed: well(times, failed)[-1], "shape (5,) was expected"),
    ],
)
def test_well_wrong(answer, words, capsys):
    assert words in said(capsys, "the share that is well", answer)
