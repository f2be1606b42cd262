"""Sphinx extension: figures and equations of the appendix are A.1, A.2 and so on, and no other page counts them.

Sphinx counts what stands on unnumbered pages in one run, from the landing page through the appendix to the reference.
`appendix_pages` in `_config.yml` names the pages that get numbers of their own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

Number = tuple[int | str, ...]
Numbers = dict[str, dict[str, dict[str, Number]]]
"""By page and kind ("figure", "displaymath", ...): each label's number."""


def renumber(numbers: Numbers, appendix: Collection[str]) -> None:
    """Gives the appendix's labels the numbers A.1, A.2, ... of each kind, in place, and closes the gap in the others.

    Numbers that begin with a chapter's stay as they are.
    """
    for kind in {kind for kinds in numbers.values() for kind in kinds}:
        labels = [
            (number, page, label)
            for page, kinds in numbers.items()
            for label, number in kinds.get(kind, {}).items()
            if len(number) == 1 or page in appendix
        ]
        inside = outside = 0
        for _, page, label in sorted(labels, key=lambda each: each[0][-1]):
            if page in appendix:
                inside += 1
                numbers[page][kind][label] = ("A", inside)
            else:
                outside += 1
                numbers[page][kind][label] = (outside,)


def _after_sphinx(app: Sphinx, env: BuildEnvironment) -> list[str]:
    renumber(env.toc_fignumbers, app.config.appendix_pages)  # type: ignore[arg-type]
    return []


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension, to act once Sphinx itself has numbered everything."""
    app.add_config_value("appendix_pages", [], "env")
    app.connect("env-get-updated", _after_sphinx, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
