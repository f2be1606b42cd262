"""A Sphinx extension: boxes of class `dropdown` (hints, solutions) fold as the browser's own <details>.

sphinx-togglebutton would fold them by script. Its button is called "Toggle hidden content" for every box, so that
somebody who hears the page cannot tell solutions apart; a solution's title is a link besides, inside the part that
toggles; and a browser's search of the page does not look inside. A <details> needs no script, is reached and opened by
keyboard, says by itself whether it is open, and newer browsers open it when they find something in it.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator


class Folded(nodes.General, nodes.Element):
    """A box that is closed until somebody opens it; the first child is its `FoldedTitle`."""


class FoldedTitle(nodes.Part, nodes.TextElement):
    """What a folded box shows when it is closed."""


class FoldDropdowns(SphinxPostTransform):
    """Makes every box of class `dropdown` a folded one, after sphinx-exercise has given solutions their titles."""

    default_priority = 30
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for box in list(self.document.findall(nodes.Admonition)):
            if isinstance(box, nodes.Element) and "dropdown" in box["classes"]:
                box.parent.replace(box, _fold(box))  # replace_self would hand on the class as well


def _fold(box: nodes.Element) -> Folded:
    body = list(box.children)
    if body and isinstance(body[0], nodes.title):
        shown = body.pop(0).astext()  # plain: a link inside would be a control within a control
    else:
        shown = admonitionlabels.get(box.tagname, box.tagname)
    for part in body:
        if isinstance(part, nodes.section):
            part["ids"] = [f"{name}-content" for name in box["ids"]]  # sphinx-exercise gives all of them the same
    kind = [box.tagname] if box.tagname in admonitionlabels else []
    classes = [name for name in box["classes"] if name != "dropdown"]  # which sphinx-togglebutton looks for
    result = Folded("", FoldedTitle("", shown), *body, classes=["admonition", *kind, *classes], ids=box["ids"])
    result.source, result.line = box.source, box.line
    return result


def _visit_folded(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append(translator.starttag(node, "details"))


def _depart_folded(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append("</details>\n")


def _visit_title(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append(translator.starttag(node, "summary", "", CLASS="admonition-title"))


def _depart_title(translator: HTML5Translator, node: nodes.Element) -> None:
    translator.body.append("</summary>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Folded, html=(_visit_folded, _depart_folded))
    app.add_node(FoldedTitle, html=(_visit_title, _depart_title))
    app.add_post_transform(FoldDropdowns)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
