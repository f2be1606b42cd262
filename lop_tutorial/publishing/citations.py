"""Sphinx extension: the bibliography as plain blocks; docutils calls it a list and its entries no items of one."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def _no_empty_list(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.connect("html-page-context", _no_empty_list)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
