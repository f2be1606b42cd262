"""The table of contents: pages in `_toc.yml`, and the landing page's tables, book/_chapters.md, made from it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import yaml

from lop_tutorial.atomic import write_text
from lop_tutorial.publishing import BookError


def title_and_question(notebook: Path) -> tuple[str, str]:
    """What stands above a chapter: its title, and under it the question, in italics (none: "")."""
    text = "\n\n".join(
        cell.source for cell in nbformat.read(notebook, as_version=4).cells if cell.cell_type == "markdown"
    )
    found = re.search(r"^# (?P<title>.*)$(?:\s+^\*(?P<question>[^*]*)\*$)?", text, re.MULTILINE)
    return (found["title"], " ".join((found["question"] or "").split())) if found else (notebook.stem, "")


def listing(top: Path) -> str:
    """The tables of book/_chapters.md: each numbered part with its chapters, their numbers, titles and questions."""
    parts = yaml.safe_load((top / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    tables, number = [], 0
    for part in parts:
        if not part.get("numbered"):
            continue
        lines = [f"| {part.get('caption', '')} | |", "|:---|:---|"]
        for entry in part["chapters"]:
            number += 1
            title, question = title_and_question(top / f"book/{entry['file']}.ipynb")
            lines.append(f"| {number}. [{title}]({entry['file']}.ipynb) | {question} |")
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)


def write_listing(top: Path) -> Path:
    """Writes book/_chapters.md."""
    path = top / "book/_chapters.md"
    write_text(path, listing(top))
    return path


def with_page(toc: str, page: str, part: str | None) -> str:
    """`_toc.yml` with one page more, at the end of the part of that caption (None: the last numbered one)."""
    if page in pages(toc):
        raise BookError(f"_toc.yml lists {page!r} already; choose another name")
    _, line, column = _entries(toc, part)[-1]
    lines = f"{toc.rstrip()}\n".splitlines(keepends=True)
    lines.insert(line + 1, f"{' ' * column}- file: {page}\n")
    return "".join(lines)


def pages(toc: str) -> list[str]:
    """Every page that `_toc.yml` names after the root, in order."""
    return [entry["file"] for part in yaml.safe_load(toc)["parts"] for entry in part["chapters"]]


def _entries(toc: str, part: str | None) -> list[tuple[str, int, int]]:
    """Page, line and column of each entry of a part."""
    parts = yaml.safe_load(toc)["parts"]
    captions = [each.get("caption") for each in parts]
    if part is None:
        numbered = [number for number, each in enumerate(parts) if each.get("numbered")]
        if not numbered:
            raise BookError(f"no part of _toc.yml is numbered; name one with --part: {_list(captions)}")
        chosen = numbered[-1]
    elif part in captions:
        chosen = captions.index(part)
    else:
        raise BookError(f"part is {part!r}; _toc.yml has {_list(captions)}")
    root = yaml.compose(toc)
    listed = _value(_value(root, "parts").value[chosen], "chapters")
    entries = []
    for entry in listed.value:
        mark = _value(entry, "file").start_mark
        entries.append((_value(entry, "file").value, mark.line, listed.start_mark.column))
    if not entries or listed.flow_style or any(set(each) != {"file"} for each in parts[chosen]["chapters"]):
        raise BookError(
            f"the part {captions[chosen]!r} of _toc.yml is not a plain list of `- file:` lines: add the chapter by hand"
        )
    return entries


def _value(mapping: yaml.MappingNode, key: str) -> yaml.Node:
    return next(value for name, value in mapping.value if name.value == key)


def _list(captions: list[str | None]) -> str:
    return ", ".join(repr(caption) for caption in captions)
