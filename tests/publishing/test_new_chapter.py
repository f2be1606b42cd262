"""A chapter made by the command in a copy of the repository works as it stands, and mistakes leave nothing behind."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from lop_tutorial.cli import main
from lop_tutorial.publishing import new_chapter as making
from lop_tutorial.publishing.chapters import BookError, first_cell
from lop_tutorial.publishing.new_chapter import QUESTION, new_chapter

TOP = Path(__file__).parents[2]
IGNORED = shutil.ignore_patterns("_build", "__pycache__", ".*")
SLUG, TITLE = "a_made_up_chapter", "A chapter that is made up"
WRITTEN = [
    f"book/chapters/{SLUG}.ipynb",
    f"lop_tutorial/exercises/chapters/{SLUG}_checks.py",
    f"tests/exercises/test_{SLUG}.py",
    "_toc.yml",
    "book/_chapters.md",
    "book/timings.md",
]


def copy_repository(top: Path) -> Path:
    for folder in ("book", "lop_tutorial", "results", "tests/exercises"):
        shutil.copytree(TOP / folder, top / folder, symlinks=True, ignore=IGNORED)
    for name in ("_config.yml", "_toc.yml", "pyproject.toml"):
        shutil.copy(TOP / name, top)
    shutil.copy(TOP / "tests/test_book_frame.py", top / "tests")
    return top


def everything(top: Path) -> dict[str, bytes]:
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts
    }


def in_copy(top: Path, *words: str) -> None:
    """Runs Python there, with the copy's package; a failure shows what it said."""
    env = os.environ | {"PYTHONPATH": str(top)}
    done = subprocess.run([sys.executable, *words], cwd=top, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> dict[str, bytes]:
    return everything(copy_repository(tmp_path_factory.mktemp("before")))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A copy in which the command has made a chapter."""
    top = copy_repository(tmp_path_factory.mktemp("made"))
    assert main(["book", "new-chapter", SLUG, TITLE, "--top", str(top)]) == 0
    return top


@pytest.mark.product
def test_it_writes_what_belongs_to_a_chapter_and_nothing_else(made, before):
    after = everything(made)
    assert sorted(name for name in after if after[name] != before.get(name)) == sorted(WRITTEN)
    assert [name for name in WRITTEN[:3] if b"{{" in after[name]] == []


@pytest.mark.product
def test_the_notebook_begins_with_the_first_cell_and_stores_its_outputs(made):
    notebook = nbformat.read(made / WRITTEN[0], as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source == first_cell("https://github.com/lop-tutorial/lop-tutorial").source
    said = "\n".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert "Lag of more than 10 points? yes\nLag of more than 10 points? no" in re.sub(r"\n+", "\n", said)
    words = SLUG.replace("_", " ")
    assert [line for line in said.splitlines() if line.startswith(words) and ": right." in line] == [
        f"{words}: predict: right. 1 of 3 in this chapter",
        f"{words}: implement: right. 2 of 3 in this chapter",
        f"{words}: investigate: right. 3 of 3 in this chapter",
    ]
    assert sum(": not yet. " in line for line in said.splitlines()) == 3


@pytest.mark.product
def test_it_is_listed_in_the_contents_on_the_landing_page_and_among_the_timings(made):
    parts = yaml.safe_load((made / "_toc.yml").read_text())["parts"]
    numbered = [part for part in parts if part.get("numbered")]
    assert numbered[-1]["chapters"][-1] == {"file": f"chapters/{SLUG}"}
    assert (made / "_toc.yml").read_text().splitlines()[0] == (TOP / "_toc.yml").read_text().splitlines()[0]
    row = f". [{TITLE}](chapters/{SLUG}.ipynb) | {QUESTION} |"
    assert row in (made / "book/_chapters.md").read_text()
    assert f"[{TITLE}](chapters/{SLUG}.ipynb) |  |" in (made / "book/timings.md").read_text()


@pytest.mark.product
def test_its_own_tests_and_those_of_the_book_pass_at_once(made):
    in_copy(made, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "tests", "--ignore-glob=*/test_[cv]*.py")


@pytest.mark.product
def test_nbval_finds_what_is_stored(made):
    in_copy(made, "-m", "pytest", "-n", "0", "--nbval", "-p", "no:cacheprovider", WRITTEN[0])


@pytest.mark.product
def test_it_is_in_the_projects_style(made):
    in_copy(made, "-m", "ruff", "check", "--no-cache", *WRITTEN[:3])
    in_copy(made, "-m", "ruff", "format", "--check", "--no-cache", *WRITTEN[:3])


@pytest.mark.product
def test_the_book_with_it_builds_without_a_warning(made):
    build = "from jupyter_book.cli.main import main; main()"
    in_copy(made, "-c", build, "build", "-W", "-n", "--keep-going", "--quiet", "book/")
    page = (made / f"book/_build/html/chapters/{SLUG}.html").read_text()
    folded = re.findall(r'<details class="admonition (hint|solution)"', page)
    assert folded == ["hint", "solution"] * 3
    assert re.search(r"Definition \d+\.1\b", re.sub(r"<[^>]+>", "", page))


WRONG = {
    ("Neural", "Title"): "the name is 'Neural'",
    ("2nd", "Title"): "the name is '2nd'",
    ("neural-collapse", "Title"): "must be a Python name of lower-case letters, digits and _",
    ("../up", "Title"): "the name is '../up'",
    ("class", "Title"): "the name is 'class'",
    ("", "Title"): "the name is ''",
    ("what_is_loss_of_plasticity", "Title"): "book/chapters/what_is_loss_of_plasticity.ipynb is there already",
    ("one_more", " "): "the title is empty",
    ("one_more", "a | b"): "it must be one line",
    ("one_more", "a\nb"): "it must be one line",
    ("one_more", 'The "quoted"'): "it must be one line",
    ("one_more", "What is Loss of plasticity?"): "a chapter is called 'What is Loss of plasticity?' already",
    ("one_more", "Title", "--part", "Nowhere"): "part is 'Nowhere'; _toc.yml has '",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_mistake_gets_one_line_and_leaves_nothing_behind(words, tmp_path, before, capsys):
    copy_repository(tmp_path)
    assert main(["book", "new-chapter", "--top", str(tmp_path), *words]) == 2
    said = capsys.readouterr().err
    assert WRONG[words] in said
    assert said.count("\n") == 1
    assert everything(tmp_path) == before


def test_outside_a_repository_one_is_told_to_go_there(tmp_path, capsys):
    assert main(["book", "new-chapter", "one_more", "Title", "--top", str(tmp_path)]) == 2
    assert "run this at the top of the repository" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [BookError("stopped"), KeyboardInterrupt()], ids=["stopped", "interrupted"])
def test_a_chapter_that_does_not_run_leaves_nothing_behind(error, tmp_path, before, monkeypatch):
    copy_repository(tmp_path)

    def refresh(top, names, report):
        assert all((top / name).is_file() for name in WRITTEN)
        raise error

    monkeypatch.setattr(making, "refresh", refresh)
    with pytest.raises(type(error)):
        new_chapter(tmp_path, SLUG, "Some title", report=lambda line: None)
    assert everything(tmp_path) == before
