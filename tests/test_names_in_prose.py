"""Every name of the package that the book, README and CONTRIBUTING mention in their text is there."""

import importlib
import json
import pkgutil
import re
from pathlib import Path

import pytest

import lop_tutorial

TOP = Path(__file__).resolve().parent.parent
PAGES = [TOP / "README.md", TOP / "CONTRIBUTING.md", *sorted((TOP / "book").glob("*.md"))]
CHAPTERS = [TOP / "book" / "index.ipynb", *sorted((TOP / "book" / "chapters").glob("*.ipynb"))]
ROOMS = {module.name for module in pkgutil.iter_modules(lop_tutorial.__path__)}
DOTTED = re.compile(r"`((?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*)(?:\([^`]*)?`")
FROM = re.compile(r"`(\w+)(?:\([^`]*)?` (?:from|of|in) `(lop_tutorial[\w.]*)`")


def prose(path):
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def is_there(name):
    """Whether a dotted name can be had: modules as far as they go, then attributes."""
    parts = name.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        for part in parts[split:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def named(text):
    """Dotted names that begin with the package, or with one of its rooms; `report.against` may be a variable's."""
    for name in DOTTED.findall(text):
        if name.startswith("lop_tutorial."):
            yield name
        elif name.split(".")[0] in ROOMS - {"report"}:
            yield f"lop_tutorial.{name}"
    for name, module in FROM.findall(text):
        yield f"{module}.{name}"


@pytest.mark.parametrize("path", [*PAGES, *CHAPTERS], ids=lambda path: path.stem)
def test_names_of_the_package_in_prose_exist(path):
    files = (".py", ".md", ".csv", ".json", ".sh")
    assert [name for name in named(prose(path)) if not name.endswith(files) and not is_there(name)] == []


def test_a_name_that_is_not_there_is_found():
    text = "`geometry.walk` has it; `ftle(x)` from `lop_tutorial.theory`, `ftle(x)` from `lop_tutorial.geometry`"
    assert [name for name in named(text) if not is_there(name)] == [
        "lop_tutorial.geometry.walk",
        "lop_tutorial.theory.ftle",
    ]
