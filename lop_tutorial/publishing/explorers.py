"""Sphinx extension: explorers in built pages, without a kernel, a widget manager or a network.

A notebook stores the state of its widgets. MyST-NB writes that state into the page; this extension puts the explorer's
picture beside the place where it will stand, and adds `explorers.js`, which starts the stored module on the stored
state. The usual way, Jupyter's widget manager for HTML, would bring require.js, the manager and anywidget, several
megabytes of scripts and fonts, for widgets that need none of it: all of this book's widgets are anywidgets whose module
asks for nothing but `get`, `set` and `on`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

LOADER = Path(__file__).with_name("explorers.js")
VIEW, PICTURE = "application/vnd.jupyter.widget-view+json", "image/png"


class PictureBesideExplorer(SphinxPostTransform):
    """Keeps the picture of an output that has both a picture and a widget; MyST-NB would choose one of them."""

    default_priority = 3  # before MyST-NB's own choice, at 4
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Called by Sphinx for each page."""
        for bundle in list(self.document.findall(nodes.container)):
            if bundle.get("nb_element") != "mime_bundle":
                continue
            offered = {child["mime_type"]: child for child in bundle.children if isinstance(child, nodes.Element)}
            if VIEW in offered and PICTURE in offered:
                still = nodes.container("", *offered[PICTURE].children, classes=["lop-still"])
                bundle.replace_self(nodes.container("", still, *offered[VIEW].children, classes=["lop-explorer-slot"]))


def _copy_loader(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        static = Path(app.outdir) / "_static"
        static.mkdir(exist_ok=True)
        (static / LOADER.name).write_text(LOADER.read_text(encoding="utf-8"), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.add_post_transform(PictureBesideExplorer)
    app.connect("build-finished", _copy_loader)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
