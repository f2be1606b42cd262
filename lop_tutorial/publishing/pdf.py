"""The whole book as one PDF: the built pages, joined in reading order, printed by a headless Chromium."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import yaml
from bs4 import BeautifulSoup

from lop_tutorial.atomic import write_bytes
from lop_tutorial.publishing import BookError

STYLE = """
@page { size: A4; margin: 20mm 18mm 22mm; }
body { background: white; font-size: 10.5pt; }
article { max-width: none; }
article, nav.contents { break-after: page; }
article:last-of-type { break-after: auto; }
header.title { padding: 60mm 0 20mm; }
header.title img { width: 26mm; }
header.title h1 { font-size: 34pt; margin: 6mm 0 2mm; }
nav.contents ul { list-style: none; padding: 0; }
nav.contents .part { font-weight: 600; margin-top: 4mm; }
figure, .admonition.exercise, table, pre, div.math { break-inside: avoid; }
h1, h2, h3 { break-after: avoid; }
pre { white-space: pre-wrap; font-size: 8.5pt; }
.copybtn, .headerlink, details.hide:not(.above-output) { display: none !important; }
"""
FOOTER = (
    '<div style="width:100%;font:8pt sans-serif;color:#555;text-align:center">'
    '<span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def make(top: Path, out: Path) -> None:
    """Builds the book under `top` and prints it to `out`, whole or not at all."""
    contents = top / "_toc.yml"
    if not contents.is_file():
        raise BookError(f"{contents} is not there: run this at the top of the repository")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise BookError("Playwright is not installed: pip install 'lop-tutorial[book,test]'") from None
    with tempfile.TemporaryDirectory() as folder:
        pages = build(top, Path(folder))
        whole = pages / "whole_book.html"
        whole.write_text(join(pages, yaml.safe_load(contents.read_text(encoding="utf-8"))), encoding="utf-8")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(playwright), args=["--no-sandbox"])
            page = browser.new_page(color_scheme="light")
            page.goto(whole.as_uri(), wait_until="load")
            page.evaluate("window.MathJax?.startup?.promise")
            pdf = page.pdf(
                prefer_css_page_size=True,
                print_background=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=FOOTER,
                outline=True,
                tagged=True,
            )
            browser.close()
    write_bytes(out, pdf)


def chromium(playwright: Any) -> str | None:
    """Where the system has Chromium; None where Playwright has one of its own."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    own = Path(playwright.chromium.executable_path)
    if not own.exists():
        raise BookError("no Chromium here: install your system's package, or run `playwright install chromium`")
    return None


def build(top: Path, folder: Path) -> Path:
    """Builds the book under `top` into `folder`; returns where its pages lie."""
    command = Path(sys.executable).with_name("jupyter-book")
    words = [str(command), "build", "--quiet", "--path-output", str(folder), str(top / "book")]
    done = subprocess.run(words, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"})
    if done.returncode:
        raise BookError(f"the book does not build; try `jupyter-book build book/`:\n{done.stdout}{done.stderr}")
    return folder / "_build/html"


def join(pages: Path, contents: dict[str, Any]) -> str:
    """All pages of the table of contents as one HTML document, its links between pages made links within it."""
    parts = [("", [contents["root"]])]
    parts += [(part["caption"], [chapter["file"] for chapter in part["chapters"]]) for part in contents["parts"]]
    names = [name for _, files in parts for name in files]
    articles: list[str] = []
    titles: dict[str, str] = {}
    head: Any = None
    for name in names:
        soup = BeautifulSoup((pages / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        article = soup.select_one("article.bd-article")
        if article is None:
            raise BookError(f"page {name} has no article")
        titles[name] = article.h1.get_text().removesuffix("#") if article.h1 else name
        articles.append(_within(article, name, names, pages))
        if name == contents["root"]:
            head = soup.head
    lists = "".join(
        (f'<li class="part">{escape(caption)}</li>' if caption else "")
        + "".join(f'<li><a href="#{_place(name)}">{escape(titles[name])}</a></li>' for name in files)
        for caption, files in parts
    )
    return (
        f'<!doctype html><html lang="en" data-theme="light"><head>{_styles(head)}<style>{STYLE}</style></head><body>'
        f'<header class="title"><img src="_static/logo.svg" alt=""><h1>{titles[contents["root"]]}</h1>'
        "<p>An executable book, on paper: its figures move and its code runs in the other edition.</p></header>"
        f'<nav class="contents"><h2>Contents</h2><ul>{lists}</ul></nav>{"".join(articles)}</body></html>'
    )


def _styles(head: Any) -> str:
    """Style sheets and what sets formulas; no other script has a place on paper."""
    wanted = []
    for tag in head.find_all(["link", "script"]) if head else []:
        text = str(tag)
        if 'rel="stylesheet"' in text or re.search("mathjax", text, re.IGNORECASE):
            wanted.append(text)
    return '<meta charset="utf-8"><title>Loss of Plasticity</title>' + "".join(wanted)


def _place(name: str, part: str = "") -> str:
    return re.sub(r"[^\w-]", "-", name) + (f"--{part}" if part else "")


def _within(article: Any, name: str, names: list[str], pages: Path) -> str:
    """The article with ids that no other page has, links and pictures that lead to the right place, folds open."""
    here = (pages / name).parent
    for tag in article.find_all(id=True):
        tag["id"] = _place(name, tag["id"])
    for tag in article.find_all("details"):
        tag["open"] = ""
    for tag in article.find_all(src=True):
        tag["src"] = os.path.relpath(here / tag["src"], pages) if "://" not in tag["src"] else tag["src"]
    for tag in article.find_all("a", href=True):
        path, part = urldefrag(tag["href"])
        if "://" in path or path.startswith("mailto:"):
            continue
        target = os.path.relpath(here / path, pages).removesuffix(".html") if path else name
        if target in names:
            tag["href"] = "#" + _place(target, part)
        else:
            tag.unwrap()
    for script in article.find_all("script"):
        script.decompose()
    article["id"] = _place(name)
    return str(article)
