"""Where chapters are listed: `_toc.yml`, and the tables of book/_chapters.md. Both are changed as text, by one line."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from lop_tutorial.publishing import BookError

_ROW = re.compile(r"^\| (?P<number>\d+)\. (?P<title>.*?) \| (?P<question>.*) \|$", re.MULTILINE)
_LINK = re.compile(r"\[(?P<title>.*)\]\((?P<path>.*)\)")


@dataclass(frozen=True)
class Row:
    """A row of a table in book/_chapters.md; each part of the book has its own."""

    number: int
    title: str
    question: str
    page: str | None
    """The page that it links, as `_toc.yml` names it; None where the chapter is still to come."""

    @property
    def text(self) -> str:
        shown = f"[{self.title}]({self.page}.ipynb)" if self.page else self.title
        return f"| {self.number}. {shown} | {self.question} |"


def rows(index: str) -> list[Row]:
    """The rows of all tables, in order."""
    table = []
    for match in _ROW.finditer(index):
        link = _LINK.fullmatch(match["title"])
        title, page = (link["title"], link["path"].removesuffix(".ipynb")) if link else (match["title"], None)
        table.append(Row(int(match["number"]), title, match["question"], page))
    if not table:
        raise BookError("book/_chapters.md has no table with rows such as `| 1. Title | Its question |`: add it")
    return table


def row_for(index: str, title: str, page: str, question: str) -> Row:
    """The row that a new chapter gets: the one that announced its title, or one more with this question."""
    known = rows(index)
    for row in known:
        if row.title.casefold() == title.casefold():
            if row.page:
                raise BookError(f"a chapter is called {title!r} already ({row.page}); give this one another title")
            return Row(row.number, title, row.question, page)
    return Row(known[-1].number + 1, title, question, page)


def with_row(index: str, row: Row) -> str:
    """book/_chapters.md with a row in its place: instead of the row of that number, or after the last."""
    for match in _ROW.finditer(index):
        if int(match["number"]) == row.number:
            return index[: match.start()] + row.text + index[match.end() :]
    return index[: match.end()] + "\n" + row.text + index[match.end() :]


def with_page(toc: str, page: str, part: str | None, order: list[str]) -> str:
    """`_toc.yml` with one page more, in the part of that caption (None: the last numbered one).

    `order` names pages as the book should have them; the page goes before the first of the part that comes later.
    """
    if page in pages(toc):
        raise BookError(f"_toc.yml lists {page!r} already; choose another name")
    entries = _entries(toc, part)
    later = [entry for entry in entries if entry[0] in order[order.index(page) :]]
    _, line, column = later[0] if later else entries[-1]
    lines = f"{toc.rstrip()}\n".splitlines(keepends=True)
    lines.insert(line if later else line + 1, f"{' ' * column}- file: {page}\n")
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
