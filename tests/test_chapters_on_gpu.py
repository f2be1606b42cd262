"""Chapters on a GPU: the cells that take `setting.device` run there, with short tasks. All others stay on the CPU.

Those are the same cells in every profile, and nbval runs them. What a cell asserts of its numbers does not hold of
networks that learned for one epoch, and is left out; whatever else goes wrong in a cell fails.
"""

import ast
import contextlib
import json
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pretended_gpu
import pytest
import torch

from lop_tutorial import notebook
from lop_tutorial.fp32_precision import fp32_precision
from lop_tutorial.publishing.chapters import chapters
from lop_tutorial.training import Fleet, Learner, Training

CELLS = {
    path.stem: [
        "".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"
    ]
    for path in chapters(Path(__file__).parents[1])
}
THERE = "setting.device"
ON_A_GPU = [name for name, cells in CELLS.items() if any(THERE in cell for cell in cells)]


class WithoutAsserts(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.Pass:
        return ast.Pass()


def run(cell: str, names: dict) -> None:
    tree = ast.fix_missing_locations(WithoutAsserts().visit(ast.parse(cell)))
    exec(compile(tree, cell.strip().splitlines()[0], "exec"), names)
    plt.close("all")


@pytest.fixture
def brief(monkeypatch):
    """Every task is learned for one epoch, and what depends on the profile is four at the most."""
    for kind in (Learner, Fleet):

        def short(self, make, training=Training(), *rest, begin=kind.__init__, **more):
            begin(self, make, replace(training, epochs=1), *rest, **more)

        monkeypatch.setattr(kind, "__init__", short)
    monkeypatch.setattr(notebook.Setting, "pick", lambda self, *, quick, colab, full: min(quick, 4))
    monkeypatch.setenv("LOP_PROFILE", "colab")
    with mpl.rc_context(), fp32_precision():  # which a chapter's first cell sets
        yield


@pytest.mark.product
@pytest.mark.filterwarnings("ignore:There is a performance drop")
@pytest.mark.parametrize("chapter", ON_A_GPU)
def test_the_cells_that_take_the_device_run_there(chapter, brief, as_users_run):
    first = next(place for place, cell in enumerate(CELLS[chapter]) if "start()" in cell)
    last = max(place for place, cell in enumerate(CELLS[chapter]) if THERE in cell)
    names, copied = {"__name__": "__main__"}, 0
    for place, cell in enumerate(CELLS[chapter][: last + 1]):
        there = contextlib.nullcontext()
        if not torch.cuda.is_available() and (place == first or THERE in cell):
            there = pretended_gpu.pretend(devices=2)
        with there as gpu:
            run(cell, names)
            copied += gpu is not None and len(gpu.waits)
    assert names["setting"].device == torch.device("cuda")
    assert torch.cuda.is_available() or copied


def test_no_cell_names_a_device_of_its_own():
    named = [(name, cell) for name, cells in CELLS.items() for cell in cells if "cuda" in cell or "device=" in cell]
    assert all(THERE in cell for _, cell in named)
    assert len(CELLS) >= len(ON_A_GPU) >= 4
