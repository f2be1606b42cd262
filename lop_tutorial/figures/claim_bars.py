"""What the stored experiments say of claims: for each a square for every piece of evidence, by what it says."""

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
"""Of the squares. No method has one of these; a square against has a bar across, too, and too few seeds an outline."""
WORDS: dict[Verdict, str] = {"partly supported": "partly"}
"""For a verdict that is told in fewer words than its own."""
COLUMNS: dict[Says, float] = {"for": 2.5, "against": 2.94, "open": 3.45, "too few seeds": 3.8}
"""Where the middle of each column of counts is, in inches."""
A_ROW = 25
"""Squares in a row."""
PITCH, SIDE = 0.092, 0.076
"""Inches from one square to the next, and of its side."""
LETTERS = 58
"""Of a line of words."""
LINE, GAP, HEADING = 0.225, 0.14, 0.32
"""Heights in inches: a line of words, what parts one claim from the next, and a heading."""


def claim_bars(parts: Mapping[str, Sequence[Judged]], numbers: Mapping[str, int]) -> Figure:
    """For each claim a square for each of its pieces of evidence: for, against, open, and with too few seeds.

    Right of them stand the counts and the verdict; above them the claim in a few words, behind its number. `numbers`
    has the claims' by their short titles; a part with an empty name has no heading.
    """
    height = 1.4 * HEADING + sum(
        HEADING * bool(part) + sum(LINE * len(_title(each, numbers)) + _tall(each) + GAP for each in claims)
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
            ax.text(0, top, "\n".join(title), va="top", fontsize=11.5, linespacing=1.15)
            top += LINE * len(title)
            _pieces(ax, judged, top)
            top += _tall(judged) + GAP
    return figure


def _title(judged: Judged, numbers: Mapping[str, int]) -> list[str]:
    claim = judged.claim.short
    return wrap(f"{numbers[claim]}  {claim}", LETTERS, subsequent_indent="      ")


def _tall(judged: Judged) -> float:
    """Inches of all rows of squares; of one where there is no piece."""
    return PITCH * max(1, -(-len(judged.evidence) // A_ROW))


def _pieces(ax: Axes, judged: Judged, top: float) -> None:
    """The squares in rows, all counts, each in its column, and the verdict."""
    pieces = [says for says in SAYS_COLOURS for _ in range(judged.counts[says])]
    for place, says in enumerate(pieces):
        row, column = divmod(place, A_ROW)
        _square(ax, says, PITCH * column, top + PITCH * row)
    middle = top + PITCH / 2
    for says, across in COLUMNS.items():
        number = judged.counts[says]
        colour = _words(says) if number else "#999999"
        ax.text(across, middle, str(number or "–"), ha="center", va="center", fontsize=11.5, color=colour)
    told = WORDS.get(judged.verdict, judged.verdict)
    ax.text(COLUMN_WIDTH, middle, told, ha="right", va="center", fontsize=10.5)


def _square(ax: Axes, says: Says, left: float, top: float) -> None:
    edge = "#888888" if says == "too few seeds" else SAYS_COLOURS[says]
    shown = Rectangle((left, top), SIDE, SIDE, facecolor=SAYS_COLOURS[says], edgecolor=edge, linewidth=0.7)
    shown.set_gid(says)
    ax.add_patch(shown)
    if says == "against":
        ax.add_patch(Rectangle((left + 0.015, top + 0.4 * SIDE), SIDE - 0.03, 0.2 * SIDE, facecolor="white"))


def _words(says: Says) -> str:
    """The colour of what is written of it."""
    return "#555555" if says in ("open", "too few seeds") else SAYS_COLOURS[says]


def _head(ax: Axes) -> None:
    """The name of each column under a square of its kind."""
    ax.text(0, 0.29, "a square: a piece of evidence", va="center", fontsize=10.5, color="#555555")
    for says, middle in COLUMNS.items():
        _square(ax, says, middle - SIDE / 2, 0.06)
        name = "few" if says == "too few seeds" else says
        ax.text(middle, 0.29, name, ha="center", va="center", fontsize=10.5, color=_words(says))
    ax.text(COLUMN_WIDTH, 0.29, "verdict", ha="right", va="center", fontsize=10.5, color="#555555")
