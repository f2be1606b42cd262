"""What notebooks store of widgets: the same from run to run, and no more than what is shown."""

import json

import nbformat
import pytest
from publishing.replayed import run_once

from lop_tutorial.publishing.chapters import refresh
from lop_tutorial.publishing.widget_state import STATE, VIEW, settle_widgets

EXPLORER = """import numpy as np
from lop_tutorial.figures.explorers import CloudExplorer, LabelExplorer

unseen = LabelExplorer()
CloudExplorer(np.arange(12.0).reshape(2, 3, 2), np.array([0, 1, 1]), sliders={"task": (1, 2)})"""


@pytest.fixture
def top(tmp_path):
    (tmp_path / "_config.yml").write_text("repository:\n  url: https://example.org/someone/a-book\n")
    cells = [nbformat.v4.new_markdown_cell("# Title"), nbformat.v4.new_code_cell(EXPLORER)]
    (tmp_path / "book/chapters").mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "book/chapters/one.ipynb")
    return tmp_path


def test_two_runs_store_the_same_bytes_and_only_what_is_shown(top):
    path = top / "book/chapters/one.ipynb"
    refresh(top, report=lambda line: None)
    stored = path.read_bytes()
    assert refresh(top, report=lambda line: None) == []
    assert path.read_bytes() == stored

    notebook = nbformat.reads(stored.decode(), as_version=4)
    nbformat.validate(notebook)
    (output,) = notebook.cells[2].outputs
    assert output.data[VIEW]["model_id"] == "widget-1"
    assert {"image/png", "text/plain"} <= set(output.data)
    state = notebook.metadata.widgets[STATE]["state"]
    assert state["widget-1"]["state"]["layout"] == "IPY_MODEL_widget-2"
    assert set(state) == {"widget-1", "widget-2"}, "the label explorer is not shown"
    assert state["widget-1"]["buffers"][0]["path"] == ["values"]


def test_a_check_forgives_other_numbers_but_no_other_explorer(top, monkeypatch):
    run_once(monkeypatch)
    path = top / "book/chapters/one.ipynb"
    refresh(top, report=lambda line: None)
    notebook = nbformat.read(path, as_version=4)
    model = notebook.metadata.widgets[STATE]["state"]["widget-1"]
    model["buffers"][0]["data"] = "AAAA" + model["buffers"][0]["data"][4:]
    nbformat.write(notebook, path)
    assert refresh(top, check=True, report=lambda line: None) == []
    model["state"]["spec"]["title"] = "Another title"
    nbformat.write(notebook, path)
    assert refresh(top, check=True, report=lambda line: None) == [path]


def test_a_notebook_without_widgets_stores_none():
    notebook = nbformat.v4.new_notebook(metadata={"widgets": {STATE: {"state": {"abc": {"state": {}}}}}})
    settle_widgets(notebook)
    assert "widgets" not in json.loads(nbformat.writes(notebook))["metadata"]
