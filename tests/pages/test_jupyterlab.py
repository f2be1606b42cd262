"""JupyterLab with a kernel: a chapter run from top to bottom, explorers moved, the playground heard and told."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import nbformat
import pytest

pytestmark = pytest.mark.product

TOP = Path(__file__).parents[2]


TWO_WAY = """\
from lop_tutorial.experiments import plan
from lop_tutorial.playground import Playground
play = Playground(seed=5)
play
---
method, width = play.settings.methods[0], play.settings.network_settings["hidden"][-1]
print("the kernel has", method, width, len(play.lived.get("train", ())) >= 3)
---
play.settings = plan("type2")
"""


@contextmanager
def lab(notebook: Path, work: Path) -> Iterator[str]:
    """The address of a JupyterLab of our own, with a copy of the notebook in it and a kernel begun for it."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    root = work / "work"
    root.mkdir()
    shutil.copy(notebook, root)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(work / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    options = ["--no-browser", f"--port={port}", "--allow-root", "--IdentityProvider.token="]
    options.append("--ServerApp.disable_check_xsrf=True")  # so that the test may start the kernel
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={root}"],
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address, name = f"http://127.0.0.1:{port}", notebook.name
    try:
        for _ in range(600):
            try:
                urlopen(f"{address}/api/status", timeout=60).close()
                break
            except (URLError, OSError):
                time.sleep(0.5)
        session = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        asked = Request(f"{address}/api/sessions", json.dumps(session).encode(), {"Content-Type": "application/json"})
        urlopen(asked, timeout=300).close()
        yield address
    finally:
        server.terminate()
        server.wait()


@contextmanager
def opened(browser: Any, notebook: Path, work: Path) -> Iterator[tuple[Any, list[str]]]:
    """The notebook in a tab, its kernel idle, and what errors the page has met."""
    with lab(notebook, work) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 2400}, reduced_motion="reduce")
        tab = context.new_page()
        errors: list[str] = []
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.goto(f"{address}/lab/tree/{notebook.name}")
        tab.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=300_000)
        tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=300_000)  # before, a run would go nowhere
        yield tab, errors
        context.close()


def test_a_chapter_runs_and_its_explorers_move(browser, tmp_path):
    with opened(browser, TOP / "book" / "how_to_read.ipynb", tmp_path) as (tab, errors):
        tab.get_by_role("menuitem", name="Run", exact=True).click()
        tab.get_by_text("Run All Cells", exact=True).click()

        last = tab.get_by_role("button", name="Compute")
        last.wait_for(timeout=600_000)
        for title, name in (
            ("Pairs of CIFAR-100's classes", "task"),
            ("Two units before the last layer", "task"),
            ("Labels of Generalized Mixup", "bump M"),
        ):
            explorer = tab.get_by_role("group", name=title)
            explorer.scroll_into_view_if_needed()
            drawing, slider = explorer.locator(".lop-panels"), explorer.get_by_role("slider", name=name)
            slider.press("Home")
            before = drawing.screenshot()
            slider.press("End")
            assert drawing.screenshot() != before, title

        cloud = tab.get_by_role("group", name="Two units before the last layer")
        before = cloud.locator(".lop-reading").inner_text()
        last.scroll_into_view_if_needed()
        tab.get_by_label("step size").select_option("0.3")
        last.click()
        cloud.scroll_into_view_if_needed()
        for _ in range(600):
            if cloud.locator(".lop-reading").inner_text() != before:
                break
            tab.wait_for_timeout(500)
        assert cloud.locator(".lop-reading").inner_text() != before, "the button computed no new frames"
        assert not errors


def test_page_and_kernel_hear_of_each_other_s_settings(browser, tmp_path):
    """What is chosen in the playground is a plan in the kernel, and a plan that is assigned there is shown."""
    notebook = tmp_path / "two_way.ipynb"
    cells = [nbformat.v4.new_code_cell(cell) for cell in TWO_WAY.split("---\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    with opened(browser, notebook, tmp_path) as (tab, errors):
        tab.locator(".jp-Cell").first.click()
        tab.keyboard.press("Shift+Enter")
        root = tab.locator(".lop-playground")
        root.locator(".lop-cloud svg .mark").first.wait_for(state="attached", timeout=300_000)
        root.locator("details").evaluate("fold => { fold.open = true }")
        root.get_by_label("method", exact=True).select_option("both")
        root.get_by_role("button", name="Play").click()
        for _ in range(1500):
            if int(re.search(r"task (\d+)", root.locator(".lop-heading").first.inner_text())[1]) > 4:
                break
            tab.wait_for_timeout(200)
        root.get_by_role("button", name="Pause").click()
        tab.locator(".jp-Cell").nth(1).click()
        tab.keyboard.press("Shift+Enter")
        tab.get_by_text("the kernel has g_mixup:M=1:intra_weight=1 2 True").wait_for(timeout=300_000)
        tab.keyboard.press("Shift+Enter")
        root.get_by_text("256", exact=True).wait_for(timeout=300_000)
    assert not errors
