"""Each exercise of the chapter is done right once, and wrong in the ways in which people do it wrong."""

import pytest

from lop_tutorial.exercises import check
from lop_tutorial.running import interval, stored

RIGHT = {"a": "head start", "b": "holds on", "c": "both", "d": "neither"}
ENDS = {"a": (0.93, 0.73), "b": (0.90, 0.79), "c": (0.93, 0.83), "d": (0.87, 0.67)}
PLAIN = (0.90, 0.70)


def said(capsys, name, answer):
    check(name, answer)
    return " ".join(capsys.readouterr().out.split())


def errors_saved(method, reference):
    return 1 - (1 - method.mean(axis=0)) / (1 - reference.mean(axis=0))


def test_the_four_words_follow_from_the_numbers():
    for method, (first, last) in ENDS.items():
        ahead, later = round(first - PLAIN[0], 6), round(last - PLAIN[1], 6)
        start, grows = ahead > 0.01, round(later - ahead, 6) > 0.01
        words = "both" if start and grows else "head start" if start else "holds on" if grows else "neither"
        assert RIGHT[method] == words


LEADS = [
    100 * (run.binned("none") - run.binned("retrained"))
    for run in (stored(f"table3_{name}").results for name in ("cifar100", "long_cifar100"))
]
CHANGE = interval((LEADS[1] - LEADS[0])[:, -1])


def test_the_two_intervals_overlap_and_the_change_clears_zero():
    short, long = (interval(lead[:, -1]) for lead in LEADS)
    assert short.low < long.high
    assert CHANGE.high < 0


@pytest.mark.parametrize(
    ("name", "answer"), [("head start", RIGHT), ("errors saved", errors_saved), ("interval of a change", CHANGE)]
)
def test_done_right(name, answer, capsys):
    assert said(capsys, name, answer).startswith(f"{name}: right. ")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({}, "Method a has no answer"),
        ("both", "A dictionary was expected"),
        (RIGHT | {"b": 1}, "Method b: 1 is not one of"),
        (RIGHT | {"a": "both"}, "3 of 4 are right; look again at method a: how far"),
        (RIGHT | {"c": "holds on", "d": "holds on"}, "2 of 4 are right; look again at method c"),
        (RIGHT | {"b": "both"}, "was it ahead"),
        (RIGHT | {"d": "holds on"}, "ends where it began"),
    ],
)
def test_head_start_wrong(answer, words, capsys):
    assert words in said(capsys, "head start", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda method, reference: ..., "three dots"),
        (0.5, "A function was expected"),
        (lambda method, reference: (method - reference).mean(axis=0), "Those are points"),
        (lambda method, reference: method.mean(axis=0) / reference.mean(axis=0) - 1, "not by its accuracy"),
        (lambda method, reference: 1 - errors_saved(method, reference), "errors that are left"),
        (
            lambda method, reference: (method - reference).mean(axis=0) / (1 - method.mean(axis=0)),
            "not by those of the method",
        ),
        (lambda method, reference: (1 - (1 - method) / (1 - reference)).mean(axis=0), "mean over seeds first"),
        (lambda method, reference: -errors_saved(method, reference), "sign is the wrong way"),
    ],
)
def test_errors_saved_wrong(answer, words, capsys):
    assert words in said(capsys, "errors saved", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (..., "three dots"),
        ("-4.7", "Numbers"),
        ([end / 100 for end in CHANGE], "multiply by 100"),
        ((-CHANGE.mean, -CHANGE.high, -CHANGE.low), "the other way round"),
        (
            [later - before for before, later in zip(*(interval(lead[:, -1]) for lead in LEADS), strict=True)],
            "seed by seed",
        ),
        (interval((LEADS[1] - LEADS[0]).mean(axis=1)), "take the last one"),
    ],
)
def test_change_wrong(answer, words, capsys):
    assert words in said(capsys, "interval of a change", answer)


def test_a_change_may_be_rounded_to_a_tenth(capsys):
    assert ": right. " in said(capsys, "interval of a change", [round(float(end), 1) for end in CHANGE])
