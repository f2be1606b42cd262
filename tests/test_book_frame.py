"""The book as files: pages, chapters and their first cell, citations."""

import json
import re
from pathlib import Path

import nbformat
import pytest
import yaml

from lop_tutorial.exercises.checking import CHAPTERS as CHECKED
from lop_tutorial.figures.explorers.explorer import module
from lop_tutorial.playground import Playground
from lop_tutorial.publishing import address
from lop_tutorial.publishing.chapters import chapters, first_cell
from lop_tutorial.publishing.toc import listing
from lop_tutorial.publishing.widget_state import STATE

TOP = Path(__file__).parents[1]
BOOK = TOP / "book"
NOTEBOOKS = chapters(TOP)
PARTS = yaml.safe_load((TOP / "_toc.yml").read_text())["parts"]
CHAPTERS = [BOOK / f"{entry['file']}.ipynb" for part in PARTS if part.get("numbered") for entry in part["chapters"]]
"""The notebooks of numbered parts. Those of the appendix, which chapters refer to, ask for no answers."""


def pages() -> list[str]:
    """Every page that _toc.yml names, in order."""
    contents = yaml.safe_load((TOP / "_toc.yml").read_text())
    return [contents["root"], *(entry["file"] for part in contents["parts"] for entry in part["chapters"])]


def text_of(page: Path) -> str:
    """What a reader reads: a page's Markdown, or that of a notebook's cells."""
    if page.suffix == ".md":
        return page.read_text(encoding="utf-8")
    cells = nbformat.read(page, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def test_the_settings_beside_the_pages_are_those_at_the_top():
    for name in ("_config.yml", "_toc.yml"):
        link = BOOK / name
        assert link.is_symlink()
        assert link.readlink() == Path("..") / name


def test_the_table_of_contents_names_every_page_once_and_no_other():
    there = [
        path.relative_to(BOOK).with_suffix("").as_posix()
        for path in [*NOTEBOOKS, *BOOK.glob("[!_]*.md"), *BOOK.glob("chapters/**/*.md")]
    ]
    assert sorted(pages()) == sorted(there)


def test_the_landing_page_lists_parts_and_chapters_as_the_contents_do():
    assert (BOOK / "_chapters.md").read_text(encoding="utf-8") == listing(TOP), "lop-tutorial book refresh"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_begins_with_the_generated_cell_and_is_stored_as_run(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    generated = first_cell(address.read(TOP))
    assert {key: notebook.cells[0][key] for key in ("id", "source", "metadata")} == {
        key: generated[key] for key in ("id", "source", "metadata")
    }
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    said = code[0].outputs[0].text
    assert re.fullmatch(r"profile quick · device cpu · seeds set to \d+\n", said)


def test_every_citation_has_its_source_and_every_source_a_year_and_a_place_to_find_it():
    entries = re.split(r"^@", (BOOK / "references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    sources = {re.match(r"\w+\{(\w+),", entry)[1]: entry for entry in entries}
    assert len(sources) == len(entries)
    for key, entry in sources.items():
        assert re.search(rf"year\s*= \{{{key[-4:]}\}}", entry), key
        assert re.search(r"^  (url|doi)\s*= ", entry, re.MULTILINE), key
    texts = [text_of(page) for page in [*NOTEBOOKS, *BOOK.glob("*.md")]]  # _chapters.md, which index includes, too
    cited = {
        key.strip() for text in texts for keys in re.findall(r"\{cite:\w+\}`([^`]+)`", text) for key in keys.split(",")
    }
    assert cited
    assert cited <= set(sources)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_figure_says_in_words_what_it_shows_and_is_small(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                described = cell.metadata.get("mystnb", {})
                assert len(described["image"]["alt"]) > 40, cell.id
                assert described["figure"]["caption"], cell.id
                field = "keep-colours" in cell.metadata.get("tags", [])  # has all colours of its scale, and no palette
                assert len(output.data["image/png"]) * 3 / 4 <= (120_000 if field else 60_000), cell.id


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_hides_its_value_with_a_semicolon(path):
    """nbval does not know that habit and would see another output; plt.show() says the same."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert not [cell.id for cell in cells if cell.source.rstrip().endswith(";")]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_explorers_are_small_and_hold_the_package_s_own_module(path):
    stored = nbformat.read(path, as_version=4).metadata.get("widgets", {}).get(STATE, {"state": {}})["state"]
    assert len(json.dumps(stored)) < 2**20
    for model in stored.values():
        if "spec" in model["state"]:
            kind = model["state"]["spec"]["kind"]
            wanted = Playground.script if kind == Playground.kind else module(kind)
            assert model["state"]["_esm"] == wanted, "run `lop-tutorial book refresh`"


def test_every_chapter_has_its_checks_under_its_title_and_uses_each_of_them():
    titles = {}
    for path in CHAPTERS:
        cells = nbformat.read(path, as_version=4).cells
        titles[path.stem] = re.search(r"^# (.*)$", text_of(path), re.MULTILINE)[1]
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        asked = set(re.findall(r"(?<!\.)\bcheck\(\"(.*?)\"", code))
        assert asked == {name for chapter in CHECKED if chapter.module == path.stem for name in chapter.checks}
    assert {chapter.module: chapter.title for chapter in CHECKED} == titles


def test_the_appendix_is_what_chapters_refer_to_and_has_no_exercises():
    pages = [entry["file"] for part in PARTS if part["caption"] == "Appendix" for entry in part["chapters"]]
    linked = "\n".join(text_of(path) for path in CHAPTERS)
    for page in pages:
        text = text_of(BOOK / f"{page}.ipynb")
        assert "{exercise" not in text
        assert "{solution" not in text
        assert f"({Path(page).name}.ipynb" in linked, page


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_ends_with_three_exercises_or_more_each_with_hint_and_solution(path):
    """A project, which ends in a report, has a hint and no solution."""
    found = re.findall(r"\{exercise(?:-start)?\}.*\n:label: (\S+)\n:kind: (\w+)$", text_of(path), re.MULTILINE)
    labels = [label for label, kind in found if kind != "project"]
    assert [kind for _, kind in found][:3] == ["predict", "implement", "investigate"]
    assert re.findall(r"\{solution-start\} (\S+)\n:class: dropdown$", text_of(path), re.MULTILINE) == labels
    assert len(re.findall(r"\{hint\}\n:class: dropdown$", text_of(path), re.MULTILINE)) == len(found)
