"""The playground in the built book, from disk and offline: what a reader does with it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pages.test_pages import WIDTHS, opened

PAGES = ("index", "chapters/type_1", "chapters/type_2", "chapters/generalized_mixup")


def playground(tab: Any) -> Any:
    root = tab.locator(".lop-playground")
    root.locator(".lop-cloud svg .mark").first.wait_for(state="attached", timeout=30_000)
    return root


def tasks(root: Any) -> int:
    """The task that the old network is at."""
    return int(re.search(r"task (\d+)", root.locator(".lop-cloud .lop-heading").first.inner_text())[1])


def plays_on(tab: Any, root: Any, to: int = 3) -> None:
    for _ in range(1500):
        if tasks(root) >= to:
            return
        tab.wait_for_timeout(200)
    raise AssertionError(f"still at task {tasks(root)}")


@pytest.mark.parametrize("width", WIDTHS)
def test_who_presses_collapse_sees_it_in_words(browser, html, width):
    with opened(browser, html, "index", width) as tab:
        root = playground(tab)
        root.get_by_role("button", name="Reset").press("Enter")
        root.get_by_text("Both networks are new").first.wait_for(timeout=120_000)
        root.get_by_role("button", name="Collapse").press("Enter")
        root.get_by_text("Collapse (Type-1).").first.wait_for(timeout=120_000)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_what_was_under_way_when_settings_change_is_not_taken_for_the_new_life(browser, html):
    """While the page does not listen, the worker lives through the opening's tasks; its answers arrive after Reset."""
    with opened(browser, html, "index") as tab:
        tab.wait_for_function(
            """() => {
                const drawn = document.querySelector(".lop-cloud svg .mark");
                if (!drawn) return false;
                for (const end = performance.now() + 2000; performance.now() < end; );
                [...document.querySelectorAll(".lop-bar button")].find((each) => each.textContent === "Reset").click();
                return true;
            }"""
        )
        playground(tab).get_by_text("Both networks are new").first.wait_for(timeout=20_000)


def test_a_new_method_plays_on_although_the_worker_hears_of_it_a_while_after_the_reset(browser, html):
    """Meanwhile the life before has come to rest."""
    with opened(browser, html, "chapters/type_1") as tab:
        root = playground(tab)
        root.get_by_role("button", name="Collapse").press("Enter")
        plays_on(tab, root, 2)
        tab.evaluate(
            """() => {
                const send = Worker.prototype.postMessage;
                Worker.prototype.postMessage = function (message) {
                    setTimeout(() => send.call(this, message), message.kind === "play" ? 1000 : 0);
                };
            }"""
        )
        root.get_by_label("method").select_option("l2_init")
        tab.wait_for_timeout(1500)
        root.get_by_role("button", name="Pause").wait_for(timeout=5_000)
        root.get_by_label("method").select_option("cbp")
        plays_on(tab, root, 2)
        root.get_by_role("button", name="Pause").wait_for(timeout=5_000)


@pytest.mark.parametrize("page", ["index", "chapters/type_1"])
def test_it_opens_when_eight_tasks_have_been_learned_and_the_ninth_arrives(browser, html, page):
    with opened(browser, html, page) as tab:
        root = playground(tab)
        heading = root.locator(".lop-cloud .lop-heading").first
        heading.filter(has_text=re.compile(r"task 9 arrives: 64 points, \d ")).wait_for(timeout=120_000)
        root.get_by_text("Collapse (Type-1).").first.wait_for()
        drawn = root.locator(".lop-chart path.series.dashed").first.get_attribute("d")
        assert len(re.findall("[ML]", drawn)) == 8


@pytest.mark.parametrize("page", ["index", "chapters/type_1"])
def test_the_first_page_shows_of_it_what_a_newcomer_can_read(browser, html, page):
    with opened(browser, html, page) as tab:
        root = playground(tab)
        shown = [root.locator(part).last.is_visible() for part in (".lop-chart", ".lop-reading", "details")]
        assert root.locator(".lop-chart").first.is_visible()
        assert shown == [page != "index"] * 3


@pytest.mark.parametrize("page", PAGES)
def test_it_plays_pauses_and_begins_again(browser, html, page):
    with opened(browser, html, page) as tab:
        root = playground(tab)
        root.get_by_role("button", name="Play").press("Enter")
        plays_on(tab, root)
        root.get_by_role("button", name="Pause").press("Enter")
        root.get_by_role("button", name="Play").wait_for()
        tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # its last frame
        at = tasks(root)
        tab.wait_for_timeout(500)
        assert tasks(root) == at
        root.get_by_role("button", name="Reset").press("Enter")
        root.locator(".lop-cloud .lop-heading").first.filter(has_text=re.compile(r"task 1\b")).wait_for()


PLAIN = "#play-amount-0-distance-2_5-head-fresh-loss-squared_error-method-none-seed-5-step_size-0_1-units-tanh-width-2"


@pytest.mark.parametrize(
    ("asked", "changed"),
    [
        ("width-64-step_size-0_05", {"width-2": "width-64", "step_size-0_1": "step_size-0_05"}),
        ("method-l2_init", {"amount-0": "amount-0_001", "method-none": "method-l2_init"}),
        ("method-cbp-amount-1e~7", {"amount-0": "amount-1e~7", "method-none": "method-cbp"}),
        ("method-cbp-amount-5", {"amount-0": "amount-0_0003", "method-none": "method-cbp"}),
        ("amount-3-method-intra", {"amount-0": "amount-3", "method-none": "method-intra"}),
        ("amount-3", {}),
        ("width-0-width-300-width-2_5-width-NaN-width-", {}),
        ("step_size-0-step_size-~1-step_size-Infinity-step_size-11", {}),
        ("distance-~1-distance-21-seed-~3-seed-1e300-seed-x", {}),
        ("units-toString-method-constructor-__proto__-3-name-4", {}),
        ("-----", {}),
    ],
)
def test_a_link_sets_what_settings_take_and_nothing_else(browser, html, asked, changed):
    with opened(browser, html, "index", query=f"#play-{asked}") as tab:
        wanted = PLAIN
        for old, new in changed.items():
            assert old in wanted
            wanted = wanted.replace(old, new)
        root = playground(tab)
        assert root.locator(".lop-link a").get_attribute("href") == wanted
        tab.evaluate("to => (location.hash = to)", wanted)
        root.get_by_text("Both networks are new").first.wait_for(timeout=60_000)
        assert root.locator(".lop-link a").get_attribute("href") == wanted


def test_every_preset_and_method_trains(browser, html):
    with opened(browser, html, "chapters/type_1") as tab:
        root = playground(tab)
        for name in ("Stretch", "Cure", "Too large a step", "Collapse"):
            root.get_by_role("button", name=name).press("Enter")
            plays_on(tab, root, 2)
        for method in ("retrained", "inter", "intra", "both", "l2_init", "cbp"):
            root.get_by_label("method").select_option(method)
            plays_on(tab, root, 2)


def test_a_link_carries_the_settings(browser, html):
    with opened(browser, html, "chapters/type_1") as tab:
        root = playground(tab)
        root.get_by_label("width").press("ArrowRight")
        root.get_by_label("head").select_option("keep")
        link = root.get_by_text("link to these settings").get_attribute("href")
    with opened(browser, html, "chapters/type_1", query=link) as tab:
        root = playground(tab)
        assert root.get_by_label("width").get_attribute("aria-valuetext").endswith(" 4")
        assert root.get_by_label("head").input_value() == "keep"
        assert root.get_by_label("seed").input_value() == "5"
