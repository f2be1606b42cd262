"""The times of chapters: measured, stored once a chapter and kind of machine, and shown as stored."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from lop_tutorial.cli import main
from lop_tutorial.publishing import timings
from lop_tutorial.publishing.chapters import chapters
from lop_tutorial.publishing.timings import BookError, Timing, keep, page, read, time_chapters, write_page

TOP = Path(__file__).parents[2]
CPU = Timing("one", "CPU", "quick", 7.25, "Some CPU, one of 8 cores", "2026-01-02", "python 3.11, torch 2.11")
GPU = Timing("one", "GPU", "colab", 300.0, "Some GPU", "2026-01-03", "python 3.11, torch 2.11")


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A book of two chapters and a page."""
    (tmp_path / "book/chapters").mkdir(parents=True)
    (tmp_path / "results").mkdir()
    for stem in ("one", "two"):
        cells = [nbformat.v4.new_markdown_cell(f"# Chapter {stem}"), nbformat.v4.new_code_cell("1 + 1")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"book/chapters/{stem}.ipynb")
    (tmp_path / "_toc.yml").write_text(
        "root: index\nparts:\n  - chapters:\n"
        "      - file: chapters/two\n      - file: chapters/one\n      - file: glossary\n"
    )
    return tmp_path


def test_the_page_is_what_the_stored_file_gives():
    assert (TOP / "book/timings.md").read_text(encoding="utf-8") == page(TOP), "lop-tutorial book timings --page-only"


def test_the_stored_times_are_those_of_chapters_that_exist():
    stored = read(TOP)
    assert {timing.chapter for timing in stored} <= {path.stem for path in chapters(TOP)}
    assert all(timing.seconds > 0 and timing.machine and timing.versions for timing in stored)


def test_a_new_measurement_replaces_that_of_the_same_chapter_and_kind_alone(top):
    slower = replace(CPU, seconds=9.5, machine="Another CPU, one of 2 cores")
    for timing in (GPU, CPU, replace(CPU, chapter="two"), slower):
        keep(top, timing)
    assert read(top) == [slower, GPU, replace(CPU, chapter="two")]
    with (top / "results/timings.csv").open(newline="") as file:
        assert [(row["chapter"], row["kind"]) for row in csv.DictReader(file)] == [
            ("one", "CPU"),
            ("one", "GPU"),
            ("two", "CPU"),
        ]


def test_the_page_has_a_row_a_chapter_in_the_books_order_and_leaves_empty_what_was_not_measured(top):
    for timing in (CPU, GPU):
        keep(top, timing)
    text = write_page(top).read_text()
    assert [line for line in text.splitlines() if line.startswith("| [")] == [
        "| [Chapter two](chapters/two.ipynb) |  |  |",
        "| [Chapter one](chapters/one.ipynb) | 7&nbsp;s&nbsp;<sup>a</sup> | 5&nbsp;min&nbsp;<sup>b</sup> |",
    ]
    of_cpu = "Measured 2026-01-02 on Some CPU, one of 8 cores (profile `quick`; python 3.11, torch 2.11)."
    assert f"<sup>a</sup> {of_cpu}" in text.splitlines()
    assert "<sup>b</sup> Measured 2026-01-03 on Some GPU" in text
    assert "all of them" not in text  # one was not measured
    assert "An empty cell: not measured." in text


def test_the_longest_and_the_sum_stand_first_and_one_machine_needs_no_letter(top):
    for timing in (CPU, replace(CPU, chapter="two", seconds=118.2)):
        keep(top, timing)
    lines = page(top).splitlines()
    assert "no chapter takes longer than 118&nbsp;s; all of them take 2&nbsp;min. Times are" in lines[3]
    assert "| [Chapter one](chapters/one.ipynb) | 7&nbsp;s |" in lines
    assert any(line.startswith("Measured 2026-01-02 on Some CPU") for line in lines)
    assert "<sup>" not in page(top)


def test_nothing_measured_gives_a_page_all_the_same(top):
    assert "| [Chapter one](chapters/one.ipynb) |  |" in page(top).splitlines()
    assert "Measured" not in page(top)


def test_a_gpu_has_a_column_once_a_chapter_was_measured_there(top):
    keep(top, CPU)
    assert "| chapter | one core of a CPU |" in page(top).splitlines()
    keep(top, GPU)
    assert "| chapter | one core of a CPU | a GPU |" in page(top).splitlines()


def test_measuring_runs_the_chapter_and_leaves_it_as_it_was(top, capsys):
    path = top / "book/chapters/one.ipynb"
    before = path.read_bytes()
    assert main(["book", "timings", "one", "--top", str(top)]) == 0
    assert path.read_bytes() == before
    (measured,) = read(top)
    assert (measured.chapter, measured.kind, measured.profile) == ("one", "CPU", "quick")
    assert 0 < measured.seconds < 60
    assert " cores" in measured.machine
    assert "torch" in measured.versions
    assert f"[1/1] one: {measured.seconds:.1f} s" in capsys.readouterr().out
    assert (top / "book/timings.md").read_text() == page(top)


def test_a_profile_for_gpus_is_not_measured_without_one(top, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(BookError, match="profile is 'colab', and torch sees no GPU here"):
        time_chapters(top, profile="colab")
    with pytest.raises(BookError, match="profile is 'slow'; it must be one of quick, colab, full"):
        time_chapters(top, profile="slow")
    assert not timings.store(top).exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("chapter,seconds\none,3\n", "its columns must be chapter, kind, profile"),
        (",".join(timings.COLUMNS) + "\none,CPU,quick,soon,m,d,v\n", "line 2: could not convert"),
        (",".join(timings.COLUMNS) + "\none,CPU\n", "line 2: "),
    ],
)
def test_a_damaged_file_is_named_with_the_way_out(top, text, words):
    timings.store(top).write_text(text)
    with pytest.raises(BookError, match=r"timings\.csv") as caught:
        read(top)
    assert words in str(caught.value)
    assert "remove it and measure" in str(caught.value)


@pytest.mark.parametrize("words", [[], ["--page-only"], ["--profile", "colab"]])
def test_outside_a_repository_one_is_told_to_go_there(tmp_path, words, capsys):
    assert main(["book", "timings", "--top", str(tmp_path), *words]) == 2
    said = capsys.readouterr().err
    assert "at the top of the repository" in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_chapter_is_answered_with_those_there_are(top, capsys):
    assert main(["book", "timings", "three", "--top", str(top)]) == 2
    assert "no chapter is called 'three'; there are one, two" in capsys.readouterr().err
    shutil.rmtree(top / "results")
    assert main(["book", "timings", "one", "--top", str(top)]) == 2
    assert "results is not there" in capsys.readouterr().err
