"""Refreshing chapters: what is written, what is kept, and what happens when a chapter cannot run."""

import json
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from PIL import Image
from publishing.replayed import run_once

from lop_tutorial.publishing.chapters import BookError, chapters, first_cell, refresh

ADDRESS = "https://example.org/someone/a-book"


def put(top: Path, name: str, *sources: str) -> Path:
    """A chapter whose code cells are these, with what an editor leaves in a file."""
    cells = [nbformat.v4.new_markdown_cell("# Title", id="title")]
    for number, source in enumerate(sources):
        cell = nbformat.v4.new_code_cell(source, id=f"cell-{number}", execution_count=7)
        cell.metadata = {"ExecuteTime": {"end_time": "2026-01-01"}, "tags": ["hide-output"]}
        cells.append(cell)
    path = top / "book/chapters" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "_config.yml").write_text(f"repository:\n  url: {ADDRESS}\n")
    return tmp_path


def test_a_refresh_stores_outputs_once_and_a_second_changes_no_byte(top):
    path = put(top, "one", "print(setting.profile, setting.device)", "import os; os.path.basename(os.getcwd())")
    assert refresh(top, report=lambda line: None) == [path]
    stored = path.read_bytes()
    notebook = nbformat.reads(stored.decode(), as_version=4)
    assert notebook.cells[0].source == first_cell(ADDRESS).source
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3]
    assert code[1].outputs[0].text == "quick cpu\n"
    assert code[2].outputs[0].data["text/plain"] == "'chapters'"
    assert code[1].metadata == {"tags": ["hide-output"]}
    assert notebook.metadata.language_info == {"name": "python"}

    lines: list[str] = []
    assert refresh(top, report=lines.append) == []
    assert path.read_bytes() == stored
    assert lines[-1] == "[1/1] book/chapters/one.ipynb: unchanged"


def a_png(grey: int) -> str:
    out = BytesIO()
    Image.new("RGB", (2, 2), (grey,) * 3).save(out, "PNG")
    return b64encode(out.getvalue()).decode()


def test_a_check_writes_nothing_and_tells_a_changed_output_from_a_changed_picture(top, monkeypatch):
    run_once(monkeypatch)
    shown = f"{{'image/png': '{a_png(0)}', 'text/plain': 'same'}}"
    path = put(top, "one", f"from IPython.display import display\ndisplay({shown}, raw=True)")
    refresh(top, report=lambda line: None)

    def store(kind: str, value: str) -> bytes:
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[-1].outputs[0].data[kind] = value
        nbformat.write(notebook, path)
        return path.read_bytes()

    store("image/png", a_png(255))
    assert refresh(top, check=True, report=lambda line: None) == []
    altered = store("text/plain", "other")
    assert refresh(top, check=True, report=lambda line: None) == [path]
    assert path.read_bytes() == altered


def test_a_chapter_that_stops_is_left_as_it_was_and_the_error_shows_where(top):
    path = put(top, "broken", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(BookError, match=r"(?s)broken\.ipynb stopped.*1 / 0.*ZeroDivisionError") as caught:
        refresh(top, report=lambda line: None)
    assert "\x1b" not in str(caught.value)
    assert path.read_bytes() == before


def test_a_kernel_that_dies_leaves_its_chapter_as_it_was(top):
    path = put(top, "killed", "import os; os._exit(9)")
    before = path.read_bytes()
    with pytest.raises(BookError, match=r"killed\.ipynb was left as it was: its kernel died"):
        refresh(top, ["killed"], report=lambda line: None)
    assert path.read_bytes() == before


def test_names_choose_chapters_and_an_unknown_one_is_answered_with_those_there_are(top):
    put(top, "one", "print(1)")
    two = put(top, "two", "print(2)")
    assert refresh(top, ["book/chapters/two.ipynb"], report=lambda line: None) == [two]
    with pytest.raises(BookError, match=r"no chapter is called 'three'; there are one, two"):
        refresh(top, ["three"], report=lambda line: None)


def test_copies_of_the_build_and_checkpoints_are_no_chapters(top):
    path = put(top, "one")
    for folder in ("book/_build/jupyter_execute", "book/chapters/.ipynb_checkpoints"):
        (top / folder).mkdir(parents=True)
        (top / folder / "one.ipynb").write_text(json.dumps({}))
    assert chapters(top) == [path]


def test_without_a_chapter_one_is_told_where_to_run(top):
    with pytest.raises(BookError, match="at the top of the repository"):
        refresh(top)


def test_no_chapter_of_the_book_has_stored_a_warning_with_its_path():
    """A warning names where a package lies, which is another place on every machine."""
    for path in chapters(Path(__file__).parents[2]):
        for cell in nbformat.read(path, as_version=4).cells:
            assert not [out for out in cell.get("outputs", []) if out.get("name") == "stderr"], (path.name, cell.id)
