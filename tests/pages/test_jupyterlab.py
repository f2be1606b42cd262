"""A chapter in JupyterLab, with a kernel: run from top to bottom, explorers moved, frames computed anew."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.product

TOP = Path(__file__).parents[2]
NOTEBOOK = "how_to_read.ipynb"


@pytest.fixture
def lab(tmp_path) -> Iterator[str]:
    """The address of a JupyterLab of our own, with a copy of the notebook in it."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    work = tmp_path / "work"
    work.mkdir()
    shutil.copy(TOP / "book" / NOTEBOOK, work)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    options = ["--no-browser", f"--port={port}", "--allow-root", "--IdentityProvider.token="]
    options.append("--ServerApp.disable_check_xsrf=True")  # so that the test may start the kernel
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={work}"],
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urlopen(f"{address}/api/status", timeout=5).close()
                break
            except (URLError, OSError):
                time.sleep(0.5)
        session = {"path": NOTEBOOK, "name": NOTEBOOK, "type": "notebook", "kernel": {"name": "python3"}}
        asked = Request(f"{address}/api/sessions", json.dumps(session).encode(), {"Content-Type": "application/json"})
        urlopen(asked, timeout=30).close()
        yield address
    finally:
        server.terminate()
        server.wait(20)


def test_a_chapter_runs_and_its_explorers_move(browser, lab):
    context = browser.new_context(viewport={"width": 1280, "height": 2400}, reduced_motion="reduce")
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(f"{lab}/lab/tree/{NOTEBOOK}")
    tab.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
    tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)  # before, a run would go nowhere
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_text("Run All Cells", exact=True).click()

    last = tab.get_by_role("button", name="Compute")
    last.wait_for(timeout=120_000)
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
    for _ in range(120):
        if cloud.locator(".lop-reading").inner_text() != before:
            break
        tab.wait_for_timeout(500)
    assert cloud.locator(".lop-reading").inner_text() != before, "the button computed no new frames"
    assert not errors
    context.close()
