"""A chapter's place in `_toc.yml` and in the landing page's table: one line more, and nothing else touched."""

import pytest
import yaml

from lop_tutorial.publishing.toc import BookError, Row, pages, row_for, rows, with_page, with_row

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
INDEX = """\
Text before.

| Chapter | Its question | Status |
|:---|:---|:---|
| 1. [A](chapters/a.ipynb) | What is a? | here |
| 2. B | What is b? | to&nbsp;come |
| 3. [D](chapters/d.ipynb) | What \\| is d? | here |

Text after.
"""
ORDER = ["chapters/a", "chapters/b", "chapters/d", "chapters/m", "chapters/z"]


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
        ("chapters/b", "First", ["a", "b", "d", "m"]),
        ("chapters/z", "First", ["a", "d", "z", "m"]),
        ("chapters/b", "Second", ["a", "d", "b", "m"]),
    ],
)
def test_a_page_goes_where_the_book_has_it_in_its_part(page, part, expected):
    after = with_page(TOC, page, part, ORDER)
    one_line_more(TOC, after, f"      - file: {page}")
    assert pages(after) == [*(f"chapters/{name}" for name in expected), "glossary"]
    assert {key: value for key, value in yaml.safe_load(after).items() if key != "parts"} == {"root": "index"}


def test_a_last_line_without_its_end_is_no_trouble():
    assert pages(with_page(TOC.rstrip("\n"), "z", "Reference", ["z"]))[-2:] == ["glossary", "z"]


def test_a_part_that_does_not_exist_is_answered_with_those_there_are():
    with pytest.raises(BookError, match=r"part is 'Third'; _toc\.yml has 'First', 'Second', 'Reference'"):
        with_page(TOC, "chapters/z", "Third", ORDER)
    with pytest.raises(BookError, match=r"no part of _toc\.yml is numbered; name one with --part"):
        with_page(TOC.replace("    numbered: true\n", ""), "chapters/z", None, ORDER)


def test_what_cannot_be_extended_by_a_line_is_left_to_the_author():
    nested = TOC.replace("      - file: chapters/m", "      - file: chapters/m\n        sections: [{file: chapters/n}]")
    flow = TOC.replace("    chapters:\n      - file: chapters/m", "    chapters: [{file: chapters/m}]")
    for toc in (nested, flow):
        with pytest.raises(BookError, match="add the chapter by hand"):
            with_page(toc, "chapters/z", "Second", ORDER)
    with pytest.raises(BookError, match="lists 'chapters/a' already"):
        with_page(TOC, "chapters/a", None, ORDER)


def test_rows_are_read_and_written_alike():
    found = rows(INDEX)
    assert [(row.number, row.title, row.page) for row in found] == [
        (1, "A", "chapters/a"),
        (2, "B", None),
        (3, "D", "chapters/d"),
    ]
    for row in found:
        assert row.text in INDEX.splitlines()
        assert with_row(INDEX, row) == INDEX


def test_a_title_that_was_announced_takes_its_row_and_another_gets_one_more():
    announced = row_for(INDEX, "b", "chapters/b", "Unused?")
    assert announced == Row(2, "b", "What is b?", "chapters/b")
    after = with_row(INDEX, announced)
    assert after == INDEX.replace("| 2. B | What is b? | to&nbsp;come |", announced.text)
    new = row_for(INDEX, "Z", "chapters/z", "What is z?")
    assert one_line_more(INDEX, with_row(INDEX, new), "| 4. [Z](chapters/z.ipynb) | What is z? | here |") == 7


def test_a_title_taken_and_a_table_missing_are_errors():
    with pytest.raises(BookError, match=r"a chapter is called 'd' already \(chapters/d\)"):
        row_for(INDEX, "d", "chapters/new", "?")
    with pytest.raises(BookError, match="has no table"):
        rows("# Nothing\n")
