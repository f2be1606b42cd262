"""The book as readers open it: built once, from disk, in a headless Chromium that is offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lop_tutorial.publishing import pdf

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def html(tmp_path_factory) -> Path:
    """The folder of built pages."""
    return pdf.build(TOP, tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium from the system's packages, or Playwright's own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as running:
        try:
            system = pdf.chromium(running)
        except pdf.BookError as reason:
            pytest.skip(str(reason))
        chromium = running.chromium.launch(executable_path=system, args=["--no-sandbox"])
        yield chromium
        chromium.close()
