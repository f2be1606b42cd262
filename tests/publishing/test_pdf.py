"""The PDF: every page of the book, numbered, its links leading somewhere."""

import subprocess
import sys
from pathlib import Path

import pytest

from lop_tutorial.publishing import pdf

TOP = Path(__file__).parents[2]
CONTENTS = {"root": "index", "parts": [{"caption": "Parts & pieces", "chapters": [{"file": "chapters/one"}]}]}


def page(body: str) -> str:
    return f"""<html>
    <head><link rel="stylesheet" href="_static/a.css">
    <script src="search.js"></script><script src="mathjax/tex.js"></script></head>
    <body><nav>menu</nav><article class="bd-article">{body}</article></body></html>"""


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "index.html").write_text(
        page('<h1 id="top">Book<a href="#top">#</a></h1><a id="out" href="chapters/one.html#top">one</a>')
    )
    (tmp_path / "chapters/one.html").write_text(
        page(
            '<h1 id="top">One</h1><img src="../_images/a.png"><a class="home" href="../index.html">home</a>'
            '<a class="gone" href="../_sources/x.ipynb">source</a><a class="far" href="https://example.org/x#y">far</a>'
            "<details><summary>more</summary>folded</details><script>alert(1)</script>"
        )
    )
    return tmp_path


def test_pages_are_joined_with_their_links_and_pictures(pages):
    soup = pdf.BeautifulSoup(pdf.join(pages, CONTENTS), "html.parser")
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids)), "the same id stood on two pages"
    inside = [tag["href"] for tag in soup.find_all("a", href=True) if tag["href"].startswith("#")]
    assert len(inside) == 5
    assert {link[1:] for link in inside} <= set(ids)
    assert soup.find(id="index--out")["href"] == "#chapters-one--top"
    assert soup.find(class_="far")["href"] == "https://example.org/x#y"
    assert soup.find(class_="gone") is None
    assert soup.find("article", id="chapters-one").img["src"] == "_images/a.png"
    assert soup.details.has_attr("open")
    assert [script["src"] for script in soup.find_all("script")] == ["mathjax/tex.js"]
    assert "Parts & pieces" in soup.get_text()
    assert "menu" not in soup.get_text()


def test_outside_a_repository_nothing_is_made(tmp_path):
    with pytest.raises(pdf.BookError, match=r"_toc\.yml is not there"):
        pdf.make(tmp_path, tmp_path / "book.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.product
def test_the_book_becomes_a_pdf_with_numbered_pages_and_links_that_work(tmp_path):
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("playwright", reason="Playwright is not installed")
    # a process of its own: Playwright runs once in a process, and the tests of pages use it
    command = [sys.executable, "-m", "lop_tutorial", "book", "pdf", "--top", str(TOP), "--out", "book.pdf"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    if "no Chromium here" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    book = pypdf.PdfReader(tmp_path / "book.pdf")
    for number, leaf in enumerate(book.pages, start=1):
        assert f"{number} / {len(book.pages)}" in leaf.extract_text()
    notes = [note.get_object() for leaf in book.pages for note in leaf.get("/Annots") or []]
    inside = {str(note["/Dest"]) for note in notes if "/Dest" in note}
    assert len(inside) > 20
    assert inside <= set(book.named_destinations)
    outside = {note["/A"]["/URI"] for note in notes if "/URI" in note.get("/A", {})}
    assert outside
    assert all(address.startswith("https://") for address in outside)
    assert book.outline, "the reader's side bar has the headings"
