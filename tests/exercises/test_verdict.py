"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import numpy as np
import pytest
from scipy.stats import nct, norm, t

from lop_tutorial.exercises import check
from lop_tutorial.exercises.chapters.verdict_checks import LOST
from lop_tutorial.report.claims.collect import in_results
from lop_tutorial.report.claims.comparison import Source
from lop_tutorial.report.claims.judge import judge


def said(capsys, exercise, answer):
    check(exercise, answer)
    return " ".join(capsys.readouterr().out.split())


def seeds(mean, s, power=0.8):
    n = 5
    while nct.sf(t.ppf(0.975, n - 1), n - 1, abs(mean) * np.sqrt(n) / s) < power:
        n += 1
    return n


def simulated(mean, s):
    """The same by two thousand experiments of each size, tried in steps of a twentieth."""
    draw, n = np.random.default_rng(0), 5
    while True:
        x = draw.normal(abs(mean), s, (2000, n))
        if (x.mean(1) > t.ppf(0.975, n - 1) * x.std(1, ddof=1) / np.sqrt(n)).mean() >= 0.8:
            return n
        n += 1 + n // 40


def touching(mean, s):
    n = 5
    while t.ppf(0.975, n - 1) * s / np.sqrt(n) >= abs(mean):
        n += 1
    return n


def by_normal(mean, s):
    return max(5, int(np.ceil(((norm.ppf(0.975) + norm.ppf(0.8)) * s / mean) ** 2)))


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("one against", "supported"),
        ("how many seeds", seeds),
        ("how many seeds", simulated),
        ("only real pictures", LOST),
    ],
)
def test_done_right(exercise, answer, capsys):
    assert said(capsys, exercise, answer).startswith(f"{exercise}: right. ")


@pytest.mark.parametrize(
    ("exercise", "answer", "words"),
    [
        ("one against", ..., "three dots"),
        ("one against", "partly supported", "How many seeds has the tenth experiment"),
        ("how many seeds", 7, "A function was expected"),
        ("how many seeds", touching, "in half of all experiments"),
        ("how many seeds", by_normal, "Student's t is wider"),
        ("how many seeds", lambda mean, s: seeds(mean, s) + 10, "Off by a constant"),
        ("only real pictures", "stretch", "no claim's short title"),
        ("only real pictures", "Plasticity is lost", "Not that one"),
    ],
)
def test_done_wrong(exercise, answer, words, capsys):
    assert words in said(capsys, exercise, answer)


def test_the_claim_that_real_pictures_alone_do_not_support():
    real = [Source(each.name, tuple(one for one in each.experiments if one.real)) for each in in_results()]
    verdicts = [
        {each.claim.short: each.verdict for claims in judge(stored).values() for each in claims}
        for stored in (None, real)
    ]
    lost = [
        short
        for short, verdict in verdicts[0].items()
        if verdict == "partly supported" and verdicts[1][short] == "not supported"
    ]
    assert lost == [LOST]
