"""A chapter's place in `_toc.yml`, one line more and nothing else touched; the landing page's tables, made from it."""

import nbformat
import pytest
import yaml

from lop_tutorial.publishing.toc import BookError, listing, pages, title_and_question, with_page, write_listing

TOC = """\
# A comment above.
root: index
parts:
  - caption: First   # another
    numbered: true
    chapters:
      - file: chapters/a
      # between
      - file: chapters/d
  - caption: Second
    numbered: true
    chapters:
      - file: chapters/m
  - caption: Reference
    chapters:
      - file: glossary
"""


def one_line_more(before: str, after: str, line: str) -> int:
    """The number of the only line that `after` has and `before` has not."""
    old, new = before.splitlines(), after.splitlines()
    number = new.index(line)
    assert new[:number] + new[number + 1 :] == old
    return number


@pytest.mark.parametrize(
    ("page", "part", "expected"),
    [
        ("chapters/z", None, ["a", "d", "m", "z"]),
        ("chapters/z", "First", ["a", "d", "z", "m"]),
        ("chapters/z", "Second", ["a", "d", "m", "z"]),
    ],
)
def test_a_page_goes_to_the_end_of_its_part(page, part, expected):
    after = with_page(TOC, page, part)
    one_line_more(TOC, after, f"      - file: {page}")
    assert pages(after) == [*(f"chapters/{name}" for name in expected), "glossary"]
    assert {key: value for key, value in yaml.safe_load(after).items() if key != "parts"} == {"root": "index"}


def test_a_last_line_without_its_end_is_no_trouble():
    assert pages(with_page(TOC.rstrip("\n"), "z", "Reference"))[-2:] == ["glossary", "z"]


def test_a_part_that_does_not_exist_is_answered_with_those_there_are():
    with pytest.raises(BookError, match=r"part is 'Third'; _toc\.yml has 'First', 'Second', 'Reference'"):
        with_page(TOC, "chapters/z", "Third")
    with pytest.raises(BookError, match=r"no part of _toc\.yml is numbered; name one with --part"):
        with_page(TOC.replace("    numbered: true\n", ""), "chapters/z", None)


def test_what_cannot_be_extended_by_a_line_is_left_to_the_author():
    nested = TOC.replace("      - file: chapters/m", "      - file: chapters/m\n        sections: [{file: chapters/n}]")
    flow = TOC.replace("    chapters:\n      - file: chapters/m", "    chapters: [{file: chapters/m}]")
    for toc in (nested, flow):
        with pytest.raises(BookError, match="add the chapter by hand"):
            with_page(toc, "chapters/z", "Second")
    with pytest.raises(BookError, match="lists 'chapters/a' already"):
        with_page(TOC, "chapters/a", None)


def test_the_landing_page_lists_numbered_parts_with_the_titles_and_questions_of_their_chapters(tmp_path):
    (tmp_path / "book/chapters").mkdir(parents=True)
    (tmp_path / "_toc.yml").write_text(TOC)
    for name in "adm":
        cells = [
            nbformat.v4.new_code_cell("1"),
            nbformat.v4.new_markdown_cell(f"# On {name}\n\n*What is\n{name}?*\n\nText."),
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / f"book/chapters/{name}.ipynb")
    assert (
        listing(tmp_path)
        == """\
| First | |
|:---|:---|
| 1. [On a](chapters/a.ipynb) | What is a? |
| 2. [On d](chapters/d.ipynb) | What is d? |

| Second | |
|:---|:---|
| 3. [On m](chapters/m.ipynb) | What is m? |
"""
    )
    assert write_listing(tmp_path).read_text() == listing(tmp_path)


def test_a_chapter_without_a_question_or_a_title_has_none(tmp_path):
    path = tmp_path / "untold.ipynb"
    for text, expected in {"# Only\n\nText *so*.": ("Only", ""), "Text.": ("untold", "")}.items():
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)]), path)
        assert title_and_question(path) == expected
