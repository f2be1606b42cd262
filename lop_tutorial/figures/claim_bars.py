"""What the stored experiments say of claims: for each a bar of its pieces of evidence, divided by what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.claims.claim import Says, Verdict
from lop_tutorial.report.claims.judge import Judged

SAYS_COLOURS: dict[Says, str] = {"for": "#228833", "against": "#AA3377", "open": "#999999"}
"""Of what is drawn in a bar. No method has one of these, and what is open is hatched, too."""
MARKS: dict[Verdict, str] = {
    "supported": "●",
    "partly supported": "◐",
    "not supported": "○",
    "open": "◌",
    "too few seeds": "–",
    "not tested": "–",
}
KEY = "● supported   ◐ partly   ○ not   ◌ open"
COLUMNS: dict[Says, float] = {"for": 3.17, "against": 3.65, "open": 4.12, "too few seeds": 4.7}
"""Where the middle of each column of counts is, in inches."""
FULL = 2.92
"""Inches of a bar."""
LETTERS = 60
"""Of a line of words."""
LINE, BAR, GAP, HEADING = 0.19, 0.15, 0.13, 0.32
"""Heights in inches: a line of words, a bar, what parts one claim from the next, and a heading."""


def claim_bars(parts: Mapping[str, Sequence[Judged]], numbers: Mapping[str, int]) -> Figure:
    """For each claim a bar of its pieces of evidence with seeds enough: for, against and open (hatched), as shares.

    Right of it stand the counts, those with too few seeds among them; above it the claim in a few words, behind its
    number and the mark of its verdict (● supported, ◐ partly, ○ not, ◌ open). `numbers` has the claims' by their short
    titles; a part with an empty name has no heading.
    """
    height = 1.4 * HEADING + sum(
        HEADING * bool(part) + sum(LINE * len(_title(each, numbers)) + BAR + GAP for each in claims)
        for part, claims in parts.items()
    )
    figure = plt.figure(figsize=(COLUMN_WIDTH, height), layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(ylim=(height, 0), xlim=(0, COLUMN_WIDTH))
    ax.axis("off")
    _head(ax)
    top = 1.4 * HEADING
    for part, claims in parts.items():
        if part:
            ax.text(0, top + 0.4 * HEADING, part, va="center", fontsize=12, weight="bold")
            top += HEADING
        for judged in claims:
            title = _title(judged, numbers)
            ax.text(0, top, "\n".join(title), va="top", fontsize=11, linespacing=1.15)
            top += LINE * len(title)
            _bar(ax, judged.counts, top)
            top += BAR + GAP
    return figure


def _title(judged: Judged, numbers: Mapping[str, int]) -> list[str]:
    claim = judged.claim.short
    return wrap(f"{numbers[claim]} {MARKS[judged.verdict]} {claim}", LETTERS, subsequent_indent="      ")


def _bar(ax: Axes, counts: Mapping[Says, int], top: float) -> None:
    """A segment for each share that is not 0, of the pieces with seeds enough; and all counts, each in its column."""
    enough, left = sum(counts[says] for says in SAYS_COLOURS), 0.0
    ax.add_patch(Rectangle((0, top), FULL, BAR, facecolor="none", edgecolor="#BBBBBB", linewidth=0.8))
    for says in SAYS_COLOURS:
        if counts[says]:
            width = FULL * counts[says] / enough
            _segment(ax, says, left, top, width)
            left += width
    for says, middle in COLUMNS.items():
        told = str(counts[says]) if counts[says] else "–"
        colour = _words(says) if counts[says] else "#999999"
        ax.text(middle, top + 0.55 * BAR, told, ha="center", va="center", fontsize=10.5, color=colour)


def _segment(ax: Axes, says: Says, left: float, top: float, width: float) -> None:
    shown = Rectangle((left, top), width, BAR, facecolor=SAYS_COLOURS[says], edgecolor="white", linewidth=0.8)
    if says == "open":
        shown.set_hatch("////")
    shown.set_gid(says)
    ax.add_patch(shown)


def _words(says: Says) -> str:
    """The colour of what is written of it."""
    return "#555555" if says in ("open", "too few seeds") else SAYS_COLOURS[says]


def _head(ax: Axes) -> None:
    """What the marks mean, and the name of each column of counts under a patch of its colour."""
    ax.text(0, 0.24, KEY, va="center", fontsize=9.5, color="#555555")
    for says, middle in COLUMNS.items():
        if says in SAYS_COLOURS:
            _segment(ax, says, middle - 0.12, 0.02, 0.24)
        name = "too few" if says == "too few seeds" else says
        ax.text(middle, 0.27, name, ha="center", va="center", fontsize=9.5, color=_words(says))
