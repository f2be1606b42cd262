"""A chapter alone in an empty folder, in an environment that never saw the project, as in Colab."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from lop_tutorial.publishing.chapters import chapters

TOP = Path(__file__).parents[1]
# What Colab has of what the chapters need, and what runs a notebook.
THERE = ["torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "ipykernel", "nbclient"]
RUN = """
import nbformat, sys
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
for cell in notebook.cells:
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
NotebookClient(notebook, timeout=900, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[1])
"""
WHERE = """
import importlib.metadata as metadata, json, lop_tutorial
origin = json.loads(metadata.distribution("lop-tutorial").read_text("direct_url.json"))
print(json.dumps({"file": lop_tutorial.__file__, "url": origin["url"], "editable": "editable" in str(origin)}))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Gone afterwards: the environment takes gigabytes."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.colab
def test_a_chapter_installs_the_package_and_runs_to_its_end(folder):
    import nbformat

    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "JUPYTER", "LOP_"))}
    empty = folder / "empty"
    empty.mkdir()

    def call(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(python), *arguments], cwd=empty, env=clean | more, capture_output=True, text=True)

    installed = call("-m", "pip", "install", "--quiet", *THERE)
    assert installed.returncode == 0, installed.stderr
    assert "No module named 'lop_tutorial'" in call("-c", "import lop_tutorial").stderr
    torch_before = call("-c", "import torch; print(torch.__version__)").stdout

    chapter = Path(shutil.copy(chapters(TOP)[0], empty))
    ran = call("-c", RUN, chapter.name, LOP_TUTORIAL_SOURCE=TOP.as_uri())
    assert ran.returncode == 0, ran.stderr

    where = json.loads(call("-c", WHERE).stdout)
    assert (folder / "venv").resolve() in Path(where["file"]).resolve().parents
    assert where["url"] == TOP.as_uri()
    assert not where["editable"]
    assert call("-c", "import torch; print(torch.__version__)").stdout == torch_before

    code = [cell for cell in nbformat.read(chapter, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert "profile quick · device cpu" in "".join(output.get("text", "") for output in code[0].outputs)
    assert list(empty.iterdir()) == [chapter]
