"""Chapters as files: the cell that begins each of them, and how their outputs are made anew."""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

from lop_tutorial.atomic import write_text
from lop_tutorial.figures import slim_png
from lop_tutorial.publishing import BookError, address
from lop_tutorial.publishing.widget_state import settle_widgets, without_values

FIRST_CELL = """\
# Written by `lop-tutorial book refresh`. Where the package is missing, as in
# Colab, this installs it.
import importlib.util
import os
import subprocess
import sys

if importlib.util.find_spec("lop_tutorial") is None:
    address = "{address}"
    source = os.environ.get("LOP_TUTORIAL_SOURCE", f"git+{{address}}")
    wanted = f"lop-tutorial[notebook] @ {{source}}"
    install = [sys.executable, "-m", "pip", "install", "--quiet", wanted]
    subprocess.run(install, check=True)
    importlib.invalidate_caches()

from lop_tutorial.notebook import start

setting = start()"""

_ID = "first-cell"
# The device differs from machine to machine, so nbval runs this cell and does not compare what it prints.
_TAGS = ["remove-cell", "nbval-ignore-output"]
_CELL_KEYS_THAT_VARY = ("ExecuteTime", "collapsed", "colab", "execution", "id", "outputId")
_IMAGES = ("image/png", "image/jpeg", "image/svg+xml")


def first_cell(repository: str) -> NotebookNode:
    """The one cell with which every chapter begins, for a repository at this address."""
    source = FIRST_CELL.format(address=repository)
    return nbformat.v4.new_code_cell(source, id=_ID, metadata={"tags": list(_TAGS)})


def chapters(top: Path) -> list[Path]:
    """Every notebook of the book, by path; copies under _build and checkpoints are none of it."""
    book = top / "book"
    return sorted(
        path
        for path in book.rglob("*.ipynb")
        if not any(part.startswith((".", "_")) for part in path.relative_to(book).parts)
    )


def refresh(
    top: Path,
    names: Iterable[str] = (),
    *,
    check: bool = False,
    report: Callable[[str], None] = print,
) -> list[Path]:
    """Writes the first cell of the chapters named (none named: all), runs them, and stores their outputs.

    A name is a file's, with or without folder and `.ipynb`. Chapters run in their own folder, in the profile
    `quick`, without a GPU. With `check` nothing is written. Returns the chapters that changed, or would have;
    a check compares everything but pictures and what the first cell prints, which differ between machines.
    A chapter that cannot be run stays as it was, and BookError says where it stopped.
    """
    changed = []
    selected = select(top, list(names))
    for number, path in enumerate(selected, start=1):
        shown = path.relative_to(top)
        report(f"[{number}/{len(selected)}] {shown}: running")
        old = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(old, as_version=4)
        _put_first_cell(notebook, address.read(top))
        run(notebook, path, top)
        _settle(notebook)
        new = nbformat.writes(notebook) + "\n"
        same = old == new
        if check:
            same = _essence(nbformat.reads(old, as_version=4)) == _essence(notebook)
        report(f"[{number}/{len(selected)}] {shown}: {'unchanged' if same else 'changed'}")
        if not same:
            changed.append(path)
            if not check:
                write_text(path, new)
    return changed


def select(top: Path, names: list[str]) -> list[Path]:
    """The chapters of these names (none: all), each with or without folder and `.ipynb`."""
    known = chapters(top)
    if not known:
        raise BookError(f"no chapter under {top / 'book'}: run this at the top of the repository")
    if not names:
        return known
    by_stem = {path.stem: path for path in known}
    selected = []
    for name in names:
        stem = Path(name).name.removesuffix(".ipynb")
        if stem not in by_stem:
            raise BookError(f"no chapter is called {name!r}; there are {', '.join(by_stem)}")
        selected.append(by_stem[stem])
    return selected


def _put_first_cell(notebook: NotebookNode, repository: str) -> None:
    notebook.cells = [
        first_cell(repository),
        *(cell for cell in notebook.cells if cell.get("id") != _ID),
    ]


def run(notebook: NotebookNode, path: Path, top: Path, profile: str = "quick") -> None:
    """Runs a notebook in its own folder, with the package of its own repository; BookError says where it stopped.

    In the profile `quick` no GPU is seen. Others have the GPU, and all the time that they want.
    """
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    }
    client = NotebookClient(
        notebook,
        timeout=600 if profile == "quick" else None,
        startup_timeout=600,  # of a kernel on a busy machine
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    env = os.environ | {"LOP_PROFILE": profile}
    if profile == "quick":
        env["CUDA_VISIBLE_DEVICES"] = ""
    if (top / "lop_tutorial").is_dir():
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(top), os.environ.get("PYTHONPATH"))))
    try:
        client.execute(env=env)
    except CellExecutionError as error:
        where = re.sub(r"\x1b\[[\d;]*m", "", str(error))
        raise BookError(f"{path.name} stopped, and was left as it was:\n{where}") from None
    except DeadKernelError:
        raise BookError(f"{path.name} was left as it was: its kernel died; was memory short?") from None


def _settle(notebook: NotebookNode) -> None:
    """Drops what differs between runs or machines and says nothing (times, versions, fold states); slims pictures."""
    settle_widgets(notebook)
    notebook.metadata["language_info"] = {"name": "python"}
    for cell in notebook.cells:
        for key in _CELL_KEYS_THAT_VARY:
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", []):
            # fields keep all of their colours: a palette would break their scale into steps
            if "image/png" in output.get("data", {}) and "keep-colours" not in cell.metadata.get("tags", []):
                slim = slim_png(b64decode(output.data["image/png"]))
                output.data["image/png"] = b64encode(slim).decode()


def _essence(notebook: NotebookNode) -> NotebookNode:
    """The notebook without pictures, without the numbers that explorers hold, and without the first cell's output."""
    essence = nbformat.from_dict(notebook)
    for cell in essence.cells:
        if cell.get("id") == _ID:
            cell["outputs"] = []
        for output in cell.get("outputs", []):
            for kind in _IMAGES:
                output.get("data", {}).pop(kind, None)
    without_values(essence)
    return essence
