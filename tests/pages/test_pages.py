"""Every page at the width of a desk and of a phone, light and dark, from disk and offline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.product

TOP = Path(__file__).parents[2]
CONTENTS = yaml.safe_load((TOP / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [CONTENTS["root"], *(entry["file"] for part in CONTENTS["parts"] for entry in part["chapters"])]
CHAPTERS = [entry["file"] for part in CONTENTS["parts"] if part.get("numbered") for entry in part["chapters"]]
WIDTHS, MODES = (1280, 390), ("light", "dark")


@contextmanager
def opened(
    browser: Any, html: Path, page: str, width: int = 1280, mode: str = "light", query: str = "", **more: Any
) -> Iterator[Any]:
    """A page in a window of its own; leaving it checks that it asked nobody for anything and complained of nothing."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=mode, offline=True, **more)
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    if more.get("java_script_enabled", True):  # without scripts, Chromium gives up their loading and says so
        tab.on("requestfailed", lambda asked: wrong.append(f"failed: {asked.url}"))
    tab.on(
        "request", lambda asked: None if asked.url.startswith(("file:", "data:", "blob:")) else wrong.append(asked.url)
    )
    tab.goto((html / f"{page}.html").as_uri() + query)
    yield tab
    context.close()
    assert not wrong


def wait_for_explorers(tab: Any) -> Any:
    """The page's explorers, once all have come to life, and a playground as well where there is one."""
    slots = tab.locator(".lop-explorer-slot").count()
    tab.wait_for_function(
        "n => document.querySelectorAll('.lop-explorer :is(.lop-plot, .lop-cloud) svg *').length || !n", arg=slots
    )
    tab.wait_for_function("n => document.querySelectorAll('.lop-explorer').length === n", arg=slots)
    return tab.locator(".lop-explorer:not(.lop-playground)")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_and_shows_its_pictures_and_formulas(browser, html, page, width, mode):
    with opened(browser, html, page, width, mode) as tab:
        wait_for_explorers(tab)
        assert tab.evaluate("document.documentElement.dataset.theme") == mode
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)") == []
        if tab.locator(".math").count():
            tab.wait_for_selector("mjx-container", state="attached")
            unset = (
                "document.querySelectorAll('.math').length - document.querySelectorAll('.math mjx-container').length"
            )
            tab.wait_for_function(f"{unset} <= 0")
            assert tab.locator("mjx-merror").count() == 0


# What is drawn, line by line and pixel by pixel; a screenshot would also tell that the page has scrolled.
DRAWN = """panels => [...panels.querySelectorAll("svg, canvas")]
    .map(each => each.toDataURL ? each.toDataURL() : each.outerHTML).join()"""

WITH_EXPLORERS = [
    page
    for page in PAGES
    if (TOP / "book" / f"{page}.ipynb").is_file()
    and "widget-view" in (TOP / "book" / f"{page}.ipynb").read_text("utf-8")
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", WITH_EXPLORERS)
def test_every_slider_moves_its_picture_by_keyboard_and_by_mouse(browser, html, page, width, mode):
    with opened(browser, html, page, width, mode, reduced_motion="reduce") as tab:
        explorers = wait_for_explorers(tab)
        for k in range(explorers.count()):
            drawing, sliders = explorers.nth(k).locator(".lop-panels"), explorers.nth(k).locator("input[type=range]")
            assert sliders.count()
            for s in range(sliders.count()):  # where two sliders act on one picture, both ends differ when all are up
                sliders.nth(s).press("End")
            for s in range(sliders.count()):
                slider = sliders.nth(s)
                name = slider.get_attribute("aria-valuetext")
                at_end = drawing.evaluate(DRAWN)
                slider.press("Home")
                assert drawing.evaluate(DRAWN) != at_end, f"{name}: the keyboard moved nothing"
                assert slider.get_attribute("aria-valuetext") != name
                box = slider.bounding_box()
                tab.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
                assert slider.get_attribute("aria-valuetext") == name, "the mouse did not reach the end"
                assert drawing.evaluate(DRAWN) == at_end


def test_a_method_can_be_switched_off_and_the_numbers_follow_the_cursor(browser, html):
    with opened(browser, html, "how_to_read") as tab:
        curves = wait_for_explorers(tab).nth(0)
        assert curves.locator("tbody tr").count() == 2
        before = curves.locator(".lop-panels").screenshot()
        curves.get_by_label("old", exact=True).uncheck()
        assert curves.locator("tbody tr").count() == 1
        assert curves.locator(".lop-panels").screenshot() != before
        last = curves.locator("tbody").inner_text()
        curves.get_by_role("slider", name="task").press("Home")
        assert curves.locator("tbody").inner_text() != last


def test_the_label_explorer_computes_the_poster_s_labels(browser, html):
    with opened(browser, html, "how_to_read") as tab:
        labels = wait_for_explorers(tab).nth(2)
        labels.get_by_label("bump M").fill("1")
        labels.get_by_label("mixing m").fill("0.25")
        # 1 + M/2 - M |1/2 - m| = 1.25 and -M/2 + M |1/2 - m| = -0.25
        assert "own class 1.25, every other class −0.250" in labels.locator(".lop-reading").inner_text()
        assert "class of the first 0.250, class of the second 0.750" in labels.locator(".lop-reading").inner_text()


def test_a_field_is_read_out_under_the_arrow_keys(browser, html):
    with opened(browser, html, "chapters/finite_time_lyapunov_exponents") as tab:
        field = wait_for_explorers(tab).nth(0)
        plot, reading = field.locator(".lop-plot"), field.locator(".lop-reading")
        plot.press("ArrowRight")
        first = reading.inner_text()
        assert "FTLE (per layer)" in first
        plot.press("ArrowUp")
        assert reading.inner_text() != first
        box = plot.bounding_box()
        tab.mouse.move(box["x"] + 100, box["y"] + 100)
        assert reading.inner_text() != first


def test_play_walks_to_the_end_and_stops(browser, html):
    with opened(browser, html, "how_to_read") as tab:
        clouds = wait_for_explorers(tab).nth(1)
        clouds.get_by_role("button", name="Play").click()
        task = clouds.get_by_role("slider", name="task")
        tab.wait_for_function("x => x.value > 2", arg=task.element_handle())
        clouds.get_by_role("button", name="Pause").click()
        stopped = task.input_value()
        tab.wait_for_timeout(400)
        assert task.input_value() == stopped


@pytest.mark.parametrize("page", WITH_EXPLORERS)
def test_without_scripts_and_on_paper_a_picture_stands_there(browser, html, page):
    with opened(browser, html, page, java_script_enabled=False) as tab:
        pictures = tab.locator(".lop-explorer-slot .lop-still img")
        assert pictures.count() == tab.locator(".lop-explorer-slot").count() > 0
        assert all(pictures.nth(k).is_visible() for k in range(pictures.count()))
    with opened(browser, html, page) as tab:
        alive = wait_for_explorers(tab)
        picture = tab.locator(".lop-still img").first
        assert not picture.is_visible()
        tab.emulate_media(media="print")
        assert picture.is_visible()
        assert not alive.first.is_visible()


@pytest.mark.parametrize("page", CHAPTERS)
def test_what_is_folded_opens_by_keyboard(browser, html, page):
    with opened(browser, html, page) as tab:
        folded = tab.locator("details:not([open])").element_handles()
        assert len(folded) >= 3, "a chapter has three exercises, each with a solution"
        for fold in folded:
            inside = fold.query_selector(":scope > :not(summary)")
            assert not inside.is_visible()
            fold.query_selector("summary").press("Enter")
            assert inside.is_visible()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_no_serious_fault(browser, html, page, mode):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    with opened(browser, html, page, mode=mode) as tab:
        wait_for_explorers(tab)
        found = axe.run(tab, options={"preload": False}).response["violations"]
        serious = [fault for fault in found if fault["impact"] in ("serious", "critical")]
        assert not serious, [(fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in serious]


def test_the_search_finds_a_word_from_disk(browser, html):
    with opened(browser, html, "search", query="?q=forgetting") as tab:
        tab.wait_for_function("document.querySelectorAll('#search-results li a').length >= 2")


def test_folded_code_is_called_by_the_words_that_are_seen(browser, html):
    with opened(browser, html, "how_to_read") as tab:
        fold = tab.locator("details.hide > summary")
        assert fold.count() == 3
        for k in range(3):
            assert fold.nth(k).get_attribute("aria-label") is None
            assert "Show the code" in fold.nth(k).inner_text()
