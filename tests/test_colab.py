"""Every chapter alone in an empty folder, in an environment that never saw the project, as in Colab."""

import json
import os
import shutil
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import bare_environment
import pytest

from lop_tutorial.publishing.chapters import chapters

pytestmark = pytest.mark.bare

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
PAGES = {path.stem: path for path in chapters(TOP)}
FIRST = "how_to_read"  # the shortest; it installs the package for all
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

Ran = tuple[Path, CompletedProcess[str]]


@pytest.fixture(scope="module")
def colab():
    """An environment with what Colab has. Without Python 3.13, this one with the same versions of the packages."""
    with bare_environment.bare(bare_environment.python_of("3.13") or sys.executable) as made:
        made.install(*THERE)
        yield made


@pytest.fixture(scope="module")
def runs(colab, request):
    """The run of each page that is asked for: one, and then the others, as many at a time as there are cores."""

    def run(name: str) -> Ran:
        empty = colab.empty / name
        empty.mkdir()
        page = Path(shutil.copy(PAGES[name], empty))
        return page, colab.call("-c", RUN, page.name, where=empty, LOP_TUTORIAL_SOURCE=TOP.as_uri())

    assert "No module named 'lop_tutorial'" in colab.call("-c", "import lop_tutorial").stderr
    before = colab.packages()
    first: Future[Ran] = Future()
    first.set_result(run(FIRST))
    asked = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        yield before, {FIRST: first} | {name: pool.submit(run, name) for name in PAGES if name in asked - {FIRST}}
    finally:
        pool.shutdown(cancel_futures=True)


def test_the_first_cell_installs_the_package_and_replaces_nothing(colab, runs):
    before, _ = runs
    assert before.items() >= PINNED.items()
    where = json.loads(colab.call("-c", WHERE).stdout)
    assert colab.venv.resolve() in Path(where["file"]).resolve().parents
    assert where["url"] == TOP.as_uri()
    assert not where["editable"]
    assert colab.packages().items() > before.items()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_to_its_end_and_leaves_nothing_beside_it(runs, name):
    import nbformat

    page, ran = runs[1][name].result()
    assert ran.returncode == 0, ran.stderr
    code = [cell for cell in nbformat.read(page, as_version=4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert "profile quick · device cpu" in "".join(output.get("text", "") for output in code[0].outputs)
    assert [output.text for cell in code[1:] for output in cell.outputs if output.get("name") == "stderr"] == []
    assert list(page.parent.iterdir()) == [page]
