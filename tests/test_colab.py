"""A chapter alone in an empty folder, in an environment that never saw the project, as in Colab."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lop_tutorial.publishing.chapters import chapters

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
LIST = ["-m", "pip", "list", "--format=json", "--disable-pip-version-check"]
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


def colabs_python() -> str:
    """Python 3.13 where one is at hand. Otherwise this one, with the same versions of the packages."""
    found = shutil.which("python3.13")
    runs = found and subprocess.run([found, "-c", "import venv"], capture_output=True).returncode == 0
    return found if runs else sys.executable


NEEDED = 14e9  # bytes: the environment is 6 GB, and pip unpacks what it is made of beside it


@pytest.fixture
def folder() -> Iterator[Path]:
    """Gone afterwards: the environment takes gigabytes."""
    with tempfile.TemporaryDirectory() as name:
        if (free := shutil.disk_usage(name).free) < NEEDED:
            pytest.skip(f"Colab's packages need {NEEDED / 1e9:.0f} GB of disk here, and {free / 1e9:.1f} GB are free")
        yield Path(name)


@pytest.mark.colab
def test_a_chapter_installs_the_package_and_runs_to_its_end(folder):
    import nbformat

    subprocess.run([colabs_python(), "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "JUPYTER", "LOP_"))}
    empty = folder / "empty"
    empty.mkdir()

    def call(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(python), *arguments], cwd=empty, env=clean | more, capture_output=True, text=True)

    installed = call("-m", "pip", "install", "--quiet", "--no-cache-dir", *THERE)
    assert installed.returncode == 0, installed.stderr
    assert "No module named 'lop_tutorial'" in call("-c", "import lop_tutorial").stderr
    before = {package["name"]: package["version"] for package in json.loads(call(*LIST).stdout)}
    assert before.items() >= PINNED.items()

    chapter = Path(shutil.copy(chapters(TOP)[0], empty))
    ran = call("-c", RUN, chapter.name, LOP_TUTORIAL_SOURCE=TOP.as_uri())
    assert ran.returncode == 0, ran.stderr

    where = json.loads(call("-c", WHERE).stdout)
    assert (folder / "venv").resolve() in Path(where["file"]).resolve().parents
    assert where["url"] == TOP.as_uri()
    assert not where["editable"]
    after = {package["name"]: package["version"] for package in json.loads(call(*LIST).stdout)}
    assert after.items() > before.items()  # what was there stays as it was

    code = [cell for cell in nbformat.read(chapter, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert "profile quick · device cpu" in "".join(output.get("text", "") for output in code[0].outputs)
    assert list(empty.iterdir()) == [chapter]
