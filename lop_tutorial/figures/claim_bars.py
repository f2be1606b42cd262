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

SAYS_COLOURS: dict[Says, str] = {"for": "#228833", "against": "#AA3377", "open": "#999999", "too few seeds": "none"}
"""No method has one of these. What is open is hatched, too, and what has too few seeds hollow."""
MARKS: dict[Verdict, str] = {
    "supported": "●",
    "partly supported": "◐",
    "not supported": "○",
    "open": "?",
    "too few seeds": "–",
    "not tested": "–",
}
SHORT: dict[Says, str] = {"for": "for", "against": "against", "open": "open", "too few seeds": "too few"}
FULL = 20
"""Pieces that fill a row; with more of them each is narrower."""
COLUMNS = 60
"""Of a line of words."""
LINE, BAR, GAP, HEADING = 0.19, 0.17, 0.11, 0.32
"""Heights in inches: a line of words, a bar, what parts one claim from the next, and a heading."""
LETTER = 0.085
"""Inches that a letter in a bar takes."""


def claim_bars(parts: Mapping[str, Sequence[Judged]], numbers: Mapping[str, int]) -> Figure:
    """For each claim a bar of all its pieces of evidence: for, against, open (hatched), too few seeds (hollow).

    Above it stands the claim in a few words, behind its number and the mark of its verdict (● supported, ◐ partly,
    ○ not, ? open). Each piece is a twentieth of the row, or less where there are more than twenty. `numbers` has the
    claims' by their short titles; a part with an empty name has no heading.
    """
    height = HEADING + sum(
        HEADING * bool(part) + sum(LINE * len(_title(each, numbers)) + BAR + GAP for each in claims)
        for part, claims in parts.items()
    )
    figure = plt.figure(figsize=(COLUMN_WIDTH, height), layout="none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(ylim=(height, 0), xlim=(0, COLUMN_WIDTH))
    ax.axis("off")
    _legend(ax)
    top = HEADING
    for part, claims in parts.items():
        if part:
            ax.text(0, top + 0.6 * HEADING, part, va="center", fontsize=12, weight="bold")
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
    return wrap(f"{numbers[claim]} {MARKS[judged.verdict]} {claim}", COLUMNS, subsequent_indent="      ")


def _bar(ax: Axes, counts: Mapping[Says, int], top: float) -> None:
    """A segment for each of the counts that is not 0, with the count, and with what it means where there is room."""
    of_each, left = COLUMN_WIDTH / max(FULL, sum(counts.values())), 0.0
    for says, number in counts.items():
        width = of_each * number
        if number:
            _segment(ax, says, left, top, width)
            told = f"{number} {SHORT[says]}"
            words = told if LETTER * (len(told) + 1) < width else str(number)
            _words(ax, says, left + width / 2, top, words)
        left += width


def _segment(ax: Axes, says: Says, left: float, top: float, width: float) -> None:
    hollow = says == "too few seeds"
    edge = "#888888" if hollow else "white"
    hatch = "////" if says == "open" else None
    shown = Rectangle((left + 0.01, top), width - 0.02, BAR, facecolor=SAYS_COLOURS[says], edgecolor=edge, hatch=hatch)
    shown.set_gid(says)
    ax.add_patch(shown)


def _words(ax: Axes, says: Says, middle: float, top: float, words: str) -> None:
    filled = says in ("for", "against")
    behind = {"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"}
    ax.text(
        middle,
        top + 0.53 * BAR,
        words,
        ha="center",
        va="center",
        fontsize=9.5,
        color="white" if filled else "#444444",
        bbox=behind if says == "open" else None,
    )


def _legend(ax: Axes) -> None:
    left = 0.0
    for says in SAYS_COLOURS:
        _segment(ax, says, left, 0.03, 0.3)
        ax.text(left + 0.36, 0.03 + 0.53 * BAR, says, va="center", fontsize=10.5)
        left += 0.36 + 0.1 * len(says) + 0.3
