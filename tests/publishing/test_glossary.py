"""A term of the glossary is linked to it in the chapter where the book first uses it."""

import re
from pathlib import Path

import nbformat
import pytest

from lop_tutorial.publishing.toc import pages

BOOK = Path(__file__).parents[2] / "book"
GLOSSARY = "\n".join(re.findall(r"```\{glossary\}\n(.*?)```", (BOOK / "glossary.md").read_text(), re.DOTALL))
TERMS = [line for line in GLOSSARY.splitlines() if " " in line.strip() and not line.startswith(" ")]
"""Those of several words; *task*, *run* and their like are everyday words as well."""
CHAPTERS = [
    "\n\n".join(c.source for c in nbformat.read(BOOK / f"{page}.ipynb", 4).cells if c.cell_type == "markdown")
    for page in pages((BOOK / "_toc.yml").read_text())
    if page.startswith("chapters/")
]
NOT_PROSE = re.compile(r"^:.*?$|^#.*?$|\{[\w:]+\}`[^`]*`|\$\$.*?\$\$|`[^`]*`|\]\([^)]*\)", re.MULTILINE | re.DOTALL)


def uses(term, text):
    return re.search(rf"(?<![\w-]){re.escape(term)}s?(?![\w-])", NOT_PROSE.sub("", text), re.IGNORECASE)


def links(term, text):
    return re.search(rf"\{{term\}}`(?:[^`<]*<)?{re.escape(term)}>?`", text, re.IGNORECASE)


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_linked_where_it_is_first_used(term):
    first = next((text for text in CHAPTERS if uses(term, text) or links(term, text)), None)
    assert first is None or links(term, first)
