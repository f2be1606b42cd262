"""The book as readers open it: built once, from disk, in a headless Chromium that is offline."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def html(tmp_path_factory) -> Path:
    """The folder of built pages."""
    out = tmp_path_factory.mktemp("book")
    command = Path(sys.executable).with_name("jupyter-book")
    build = [str(command), "build", "--quiet", "--path-output", str(out), str(TOP / "book")]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return out / "_build/html"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium from the system's packages, or Playwright's own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    system = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with playwright.sync_playwright() as running:
        if system is None and not Path(running.chromium.executable_path).exists():
            pytest.skip("no Chromium here: install the system's package, or run `playwright install chromium`")
        chromium = running.chromium.launch(executable_path=system, args=["--no-sandbox"])
        yield chromium
        chromium.close()
