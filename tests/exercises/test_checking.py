"""Exercises are found by being there; `check` counts what is done, and no answer makes it stop."""

import sys
from importlib import import_module

import numpy as np
import pytest

from lop_tutorial.exercises import check, checking, progress
from lop_tutorial.exercises.checking import ChapterChecks, discover
from lop_tutorial.exercises.verdicts import one_of


@pytest.fixture(autouse=True)
def two_chapters(monkeypatch):
    def right(answer):
        return one_of(answer, ("yes", "no"))

    def stops(answer):
        raise KeyError("an answer nobody thought of")

    first = ChapterChecks("First", "first", {"a": right, "b": right, "odd": stops})
    second = ChapterChecks("Second", "second", {"c": right})
    monkeypatch.setattr(checking, "CHAPTERS", (first, second))
    monkeypatch.setattr(checking, "_tried", set())
    monkeypatch.setattr(checking, "_done", set())


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Makes a package out of modules' sources."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(name, **sources):
        (tmp_path / name).mkdir()
        for module, source in ({"__init__": ""} | sources).items():
            (tmp_path / name / f"{module}.py").write_text(source)
        return import_module(name)

    yield make
    for name in [name for name in sys.modules if name.startswith("made_here")]:
        del sys.modules[name]


def test_a_right_answer_says_how_many_are_done_and_counts_once(capsys):
    check("a", "yes")
    check("a", "yes")
    check("b", "perhaps")
    check("b", "no")
    assert capsys.readouterr().out.splitlines() == [
        "a: right. 1 of 3 in this chapter",
        "a: right. 1 of 3 in this chapter",
        "b: not yet. 'perhaps' is not one of yes, no.",
        "b: right. 2 of 3 in this chapter",
    ]


def test_what_was_right_once_stays_done(capsys):
    check("a", "yes")
    check("a", "perhaps")
    capsys.readouterr()
    progress()
    assert "done  a" in capsys.readouterr().out


def test_progress_lists_the_chapters_that_were_begun(capsys):
    progress()
    check("c", "nothing")
    progress()
    check("c", "yes")
    check("b", "yes")
    capsys.readouterr()
    progress()
    assert capsys.readouterr().out.splitlines() == [
        "First: 1 of 3 done",
        "  open  a",
        "  done  b",
        "  open  odd",
        "Second: 1 of 1 done",
        "  done  c",
    ]


def test_before_anything_was_tried_progress_says_so(capsys):
    progress()
    assert capsys.readouterr().out == "No exercise tried yet.\n"


def test_an_answer_that_a_check_cannot_read_gets_a_word_and_no_traceback(capsys):
    check("odd", np.arange(3))
    said = capsys.readouterr().out
    assert said.startswith("odd: not yet. Your answer could not be read: KeyError")


def test_long_verdicts_are_wrapped(capsys):
    check("a", "x" * 50 + " y" * 50)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= checking.LINE


def test_an_unknown_exercise_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="no exercise is called 'od'; did you mean 'odd'"):
        check("od", None)
    with pytest.raises(ValueError, match="takes the exercise's name first"):
        check(lambda fresh, old: None, "paired loss")


def test_modules_are_found_by_being_there_and_private_ones_are_not(package):
    found = discover(
        package(
            "made_here_1",
            second_checks='TITLE = "Two"\nCHECKS = {"b": len}',
            first_checks='TITLE = "One"\nCHECKS = {"a": len}',
            _shared="",
        )
    )
    assert [(chapter.title, chapter.module, list(chapter.checks)) for chapter in found] == [
        ("One", "first", ["a"]),
        ("Two", "second", ["b"]),
    ]


def test_two_chapters_with_an_exercise_of_one_name_are_an_error(package):
    same = 'TITLE = "T"\nCHECKS = {"the same": len}'
    made = package("made_here_2", one_checks=same, two_checks=same)
    with pytest.raises(ValueError, match="'the same' is in one and in two"):
        discover(made)


@pytest.mark.parametrize(("source", "missing"), [('TITLE = "T"', "CHECKS"), ("CHECKS = {}", "TITLE")])
def test_a_module_that_is_not_whole_is_an_error(package, source, missing):
    made = package(f"made_here_{missing}", one_checks=source)
    with pytest.raises(ValueError, match=f"one_checks has no {missing}"):
        discover(made)
