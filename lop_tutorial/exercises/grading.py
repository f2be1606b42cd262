"""For teachers: which exercises of a handed-in chapter are right, by running it anew."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

from lop_tutorial.exercises.checking import CHAPTERS

_SAID = re.compile(r"^(?P<name>[^\n:]+(?:: [^\n:]+)??): (?P<verdict>right|not yet)\.", re.MULTILINE)


def grade(path: Path, *, timeout: int = 600) -> dict[str, bool]:
    """Every exercise of the chapter in this notebook, by name, and whether the answer in it is right.

    The notebook is run from top to bottom in a new kernel, in its own folder, in the profile `quick`; what it stores is
    not believed, and the file is not changed. A cell that stops with an error ends nothing. An answer is right if one
    verdict on it is, wherever students put their next try; verdicts between `{solution-start}` and `{solution-end}` do
    not count. This runs what students wrote, so do it where that can do no harm; and it believes what they print, so
    read it as well. ValueError where a file is no notebook, or holds no exercise of the book.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        asked = _asked(notebook)
    except (OSError, ValueError, AttributeError, TypeError, KeyError, nbformat.ValidationError) as error:
        raise ValueError(f"{path} is no notebook that can be read: {error}") from None
    if not asked:
        raise ValueError(f"{path} has no exercise of this book: no cell calls check(...) with a name that is known")
    client = NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=600,  # of a kernel on a busy machine
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.resolve().parent)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )
    client.execute(env=os.environ | {"LOP_PROFILE": "quick", "CUDA_VISIBLE_DEVICES": ""})
    right = {
        said["name"]
        for cell in _answers(notebook)
        for said in _SAID.finditer(_printed(cell))
        if said["verdict"] == "right"
    }
    return {name: name in right for name in asked}


def _asked(notebook: NotebookNode) -> list[str]:
    """The exercises of the chapter that this notebook is a copy of: the one of which it asks most."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    named = set(re.findall(r"(?<!\.)\bcheck\(\s*\"(.*?)\"", code))
    chapter = max(CHAPTERS, key=lambda each: len(named & set(each.checks)))
    return list(chapter.checks) if named & set(chapter.checks) else []


def _answers(notebook: NotebookNode) -> Iterator[NotebookNode]:
    """Code cells outside solutions."""
    inside = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            marks = re.findall(r"\{solution-(start|end)\}", cell.source)
            inside = marks[-1] == "start" if marks else inside
        elif cell.cell_type == "code" and not inside:
            yield cell


def _printed(cell: NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")
