"""Chapters alone in an empty folder, in an environment that never saw the project, as in Colab."""

import json
import shutil
import sys
from pathlib import Path

import bare_environment
import pytest

from lop_tutorial.publishing.chapters import select

TOP = Path(__file__).parents[1]
# What Colab has of what the chapters need (its image of August 2026), and what runs a notebook.
PINNED = {
    "torch": "2.11.0",
    "torchvision": "0.26.0",
    "numpy": "2.1.3",
    "matplotlib": "3.10.0",
    "ipywidgets": "7.7.1",
    "anywidget": "0.9.21",
}
THERE = [*(f"{name}=={version}" for name, version in PINNED.items()), "ipykernel", "nbclient"]
# Between them they use nearly all of the package; .ci/run has no time for every chapter.
CHAPTERS = ["continual_imagenet", "finite_time_lyapunov_exponents", "reinforcement_learning"]
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


@pytest.mark.colab
def test_chapters_run_to_their_end_and_the_first_one_installs_the_package():
    import nbformat

    # Without Python 3.13, this one with the same versions of the packages.
    with bare_environment.bare(bare_environment.python_of("3.13") or sys.executable) as bare:
        bare.install(*THERE)
        assert "No module named 'lop_tutorial'" in bare.call("-c", "import lop_tutorial").stderr
        before = bare.packages()
        assert before.items() >= PINNED.items()

        for path in select(TOP, CHAPTERS):
            chapter = Path(shutil.copy(path, bare.empty))
            ran = bare.call("-c", RUN, chapter.name, LOP_TUTORIAL_SOURCE=TOP.as_uri())
            assert ran.returncode == 0, (chapter.name, ran.stderr)
            code = [cell for cell in nbformat.read(chapter, as_version=4).cells if cell.cell_type == "code"]
            assert all(cell.execution_count for cell in code)
            assert "profile quick · device cpu" in "".join(output.get("text", "") for output in code[0].outputs)
            warned = [output.text for cell in code[1:] for output in cell.outputs if output.get("name") == "stderr"]
            assert warned == []
            assert list(bare.empty.iterdir()) == [chapter]
            chapter.unlink()

        where = json.loads(bare.call("-c", WHERE).stdout)
        assert bare.venv.resolve() in Path(where["file"]).resolve().parents
        assert where["url"] == TOP.as_uri()
        assert not where["editable"]
        assert bare.packages().items() > before.items()  # what was there stays as it was
