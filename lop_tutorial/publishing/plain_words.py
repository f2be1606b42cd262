"""Sphinx extension: what a screen reader hears, where docutils and MyST-NB say something else than what is there."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

SAID = {
    # A list whose entries are no items of one.
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    # Every folded cell has the same name, in place of the words that can be seen.
    '<summary aria-label="Toggle hidden content">': "<summary>",
}


def _say_what_is_there(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    for said, meant in SAID.items():
        if "body" in context:
            context["body"] = context["body"].replace(said, meant)


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.connect("html-page-context", _say_what_is_there)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
