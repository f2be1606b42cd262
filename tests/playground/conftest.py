"""The playground's engine, run by node, or by a headless Chromium where there is no node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from lop_tutorial.playground import ENGINE
from lop_tutorial.publishing import pdf

Run = Callable[[str, Any], Any]


@pytest.fixture(scope="session")
def engine() -> Run:
    """`engine(program, given)`: what `program`, the body of a function of the engine E and of `given`, returns."""
    node = shutil.which("node")
    return _in_node(node) if node else _in_chromium()


def _in_node(node: str) -> Run:
    def run(program: str, given: Any) -> Any:
        reading = "const given = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        script = f"{ENGINE}\n{reading}\nconst work = (E, given) => {{ {program} }};\n"
        script += "process.stdout.write(JSON.stringify(work(engine(), given)));"
        done = subprocess.run([node, "-e", script], input=json.dumps(given), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout)

    return run


def _in_chromium() -> Run:
    playwright = pytest.importorskip("playwright.sync_api", reason="there is neither node nor Playwright")

    def run(program: str, given: Any) -> Any:
        with playwright.sync_playwright() as running:
            try:
                system = pdf.chromium(running)
            except pdf.BookError as reason:
                pytest.skip(f"there is neither node nor a browser: {reason}")
            browser = running.chromium.launch(executable_path=system, args=["--no-sandbox"])
            tab = browser.new_page()
            text = f"(text) => {{ {ENGINE}\nconst given = JSON.parse(text); const E = engine(); "
            text += f"return JSON.stringify(((E, given) => {{ {program} }})(E, given)); }}"
            found = json.loads(tab.evaluate(text, json.dumps(given)))
            browser.close()
            return found

    return run
