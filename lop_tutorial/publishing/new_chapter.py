"""A new chapter, from the template: a notebook with outputs, its checks, a test of them, its place in the lists."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from pathlib import Path

import nbformat

from lop_tutorial.atomic import all_or_none
from lop_tutorial.publishing import BookError, address, timings
from lop_tutorial.publishing import toc as lists
from lop_tutorial.publishing.chapters import refresh

TEMPLATE = Path(__file__).parent / "template"
QUESTION = "What is the question of this chapter, in one sentence?"


def new_chapter(
    top: Path, slug: str, title: str, part: str | None = None, *, report: Callable[[str], None] = print
) -> list[Path]:
    """Writes and runs a chapter that works as it stands; returns the files written or changed, or leaves none.

    `slug` names its files, `title` stands above it. It is listed at the end of the part of `_toc.yml` with the
    caption `part` (none: the last numbered one), and in book/_chapters.md.
    """
    notebook = top / "book/chapters" / f"{slug}.ipynb"
    checks = top / "lop_tutorial/exercises/chapters" / f"{slug}_checks.py"
    test = top / "tests/exercises" / f"test_{slug}.py"
    toc, index, times = top / "_toc.yml", top / "book/_chapters.md", top / "book/timings.md"
    _must_be_a_name(slug)
    address.read(top)
    for needed in (toc, index, notebook.parent, checks.parent, test.parent):
        if not needed.exists():
            raise BookError(f"{needed} is not there: run this at the top of the repository")
    title = _checked_title(title)
    for path in (notebook, checks, test):
        if path.exists():
            raise BookError(f"{path.relative_to(top)} is there already; choose another name than {slug!r}")

    for there in notebook.parent.glob("*.ipynb"):
        if lists.title_and_question(there)[0].casefold() == title.casefold():
            raise BookError(f"a chapter is called {title!r} already ({there.stem}); give this one another title")
    texts = {
        notebook: _notebook(slug, title, QUESTION),
        checks: _filled("checks.py", slug, title),
        test: _filled("test_checks.py", slug, title),
        toc: lists.with_page(toc.read_text(encoding="utf-8"), f"chapters/{slug}", part),
        index: index.read_text(encoding="utf-8"),
    }
    if times.exists():
        texts[times] = times.read_text(encoding="utf-8")
    with all_or_none(texts):
        refresh(top, [slug], report=report)
        lists.write_listing(top)
        if times.exists():
            timings.write_page(top)  # it lists every chapter
    return list(texts)


def _must_be_a_name(slug: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug) or keyword.iskeyword(slug):
        raise BookError(
            f"the name is {slug!r}; it must be a Python name of lower-case letters, digits and _, as neural_collapse"
        )


def _checked_title(title: str) -> str:
    title = title.strip()
    if not title:
        raise BookError("the title is empty; write the one that stands above the chapter")
    if len(title.splitlines()) > 1 or re.search(r"[|\[\]{}<>`\"\\]", title):
        raise BookError(f'the title is {title!r}; it must be one line without any of | [ ] {{ }} < > ` " \\')
    return title


def _filled(name: str, slug: str, title: str, question: str = "") -> str:
    """A file of the template with its placeholders replaced."""
    text = (TEMPLATE / name).read_text(encoding="utf-8")
    values = {
        "title": title,
        "question": question,
        "label": slug.replace("_", "-"),
        "words": slug.replace("_", " "),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)


def _notebook(slug: str, title: str, question: str) -> str:
    """The template, which is written as MyST-NB's text notebooks are, as a notebook that has not run."""
    from myst_nb.core.read import read_myst_markdown_notebook

    notebook = read_myst_markdown_notebook(_filled("chapter.md", slug, title, question))
    notebook.metadata = nbformat.from_dict({})
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"{'code' if cell.cell_type == 'code' else 'text'}-{number:02d}"
    return nbformat.writes(notebook) + "\n"
