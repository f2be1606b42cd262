"""Grading: the answers that a student handed in count, run anew; solutions and stored outputs do not."""

from pathlib import Path

import nbformat
import pytest

from lop_tutorial.cli import main
from lop_tutorial.exercises.grading import _SAID, _answers, _printed

TOP = Path(__file__).resolve().parents[2]

RIGHT = 'check("first task", {"retrained", "shrink_and_perturb"})'


def notebook(path, *cells):
    """Code, or Markdown where it begins with #."""
    make = {True: nbformat.v4.new_markdown_cell, False: nbformat.v4.new_code_cell}
    first = nbformat.v4.new_code_cell("from lop_tutorial.exercises import check")
    made = nbformat.v4.new_notebook(cells=[first, *(make[text.startswith("#")](text) for text in cells)])
    nbformat.write(made, path)
    return path


def test_answers_count_and_solutions_and_stored_outputs_do_not(tmp_path, capsys):
    path, out = tmp_path / "ada.ipynb", tmp_path / "grades.csv"
    notebook(
        path,
        'check("first task", {"cbp"})',
        "# ```{solution-start} x",
        RIGHT,
        'check("utility", None)',
        'check("dead units", "procedural")',
        "# ```{solution-end}",
        "1 / 0",
        'check("utility", lambda h, i, o: abs(h).mean(0) * abs(o).mean(0) / abs(i).mean(1))',
    )
    stored = nbformat.read(path, as_version=4)
    stored.cells[1].outputs = [nbformat.v4.new_output("stream", text="first task: right. 1 of 3 in this chapter\n")]
    nbformat.write(stored, path)
    before = path.read_bytes()
    assert main(["book", "grade", str(path), "--out", str(out)]) == 0
    assert "1 of 3; not: first task, dead units" in " ".join(capsys.readouterr().out.split())
    rows = [line.rsplit(",", 2)[1:] for line in out.read_text().splitlines()]
    assert rows == [["exercise", "right"], ["first task", "0"], ["utility", "1"], ["dead units", "0"]]
    assert path.read_bytes() == before


@pytest.mark.parametrize("tries", [("", "", RIGHT), ("", RIGHT, ""), (RIGHT, "", "")])
def test_one_right_try_earns_the_points_wherever_it_is(tmp_path, capsys, tries):
    """The chapter's own cell, and what a student adds below it, or above; the last cell stops with an error."""
    path, out = tmp_path / "ada.ipynb", tmp_path / "grades.csv"
    notebook(path, *(each or 'check("first task", None)' for each in tries), "1 / 0")
    assert main(["book", "grade", str(path), "--out", str(out)]) == 0
    assert "1 of 3; not: utility, dead units" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("chapter", sorted((TOP / "book/chapters").glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_chapter_as_it_is_earns_nothing(chapter):
    """Its stored outputs are those of its cells run anew: `pytest --nbval`."""
    said = "".join(_printed(cell) for cell in _answers(nbformat.read(chapter, as_version=4)))
    assert {verdict["verdict"] for verdict in _SAID.finditer(said)} <= {"not yet"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "is no notebook that can be read"),
        ("[]", "is no notebook that can be read"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "is no notebook that can be read"),
        ('{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": 7}', "is no notebook that can be read"),
        (None, "is no notebook"),
        ("", "has no exercise"),
    ],
)
def test_what_cannot_be_graded_is_refused_in_one_line(text, words, tmp_path, capsys):
    path = tmp_path / "x.ipynb"
    if text:
        path.write_text(text)
    elif text == "":
        notebook(path, "1 + 1")
    assert main(["book", "grade", str(path)]) == 2
    said = capsys.readouterr().err
    assert words in " ".join(said.split())
