"""What the stored experiments say of claims: for each a square a piece of evidence, coloured by what it says."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.claims.claim import Says, Verdict
from lop_tutorial.report.claims.judge import Judged

SAYS_COLOURS: dict[Says, str] = {"for": "#228833", "against": "#AA3377", "open": "#BBBBBB", "too few seeds": "none"}
"""No method has one of these."""
MARKS: dict[Verdict, str] = {
    "supported": "●",
    "partly supported": "◐",
    "not supported": "○",
    "open": "?",
    "too few seeds": "–",
    "not tested": "–",
}
COLUMNS = 54
"""Of a line of words."""
A_ROW = 40
"""Squares."""
LINE, PAD, GAP = 0.21, 0.05, 0.2
"""Heights in inches: a line of words, what parts it from the squares, and what parts one claim from the next."""


def claim_squares(claims: Sequence[Judged]) -> Figure:
    """All pieces of evidence of each claim, a square each: for, against, open, and hollow where seeds are too few.

    Above them stands the claim in a few words, behind the mark of its verdict (● supported, ◐ partly, ○ not, ? open),
    and below them how many of each kind there are.
    """
    titles = [wrap(f"{MARKS[each.verdict]} {each.claim.short}", COLUMNS, subsequent_indent="   ") for each in claims]
    side = COLUMN_WIDTH / A_ROW
    rows = [-(-len(each.evidence) // A_ROW) for each in claims]
    height = sum(LINE * (len(title) + 1) + 2 * PAD + side * n + GAP for title, n in zip(titles, rows, strict=True))
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, height))
    top = 0.0
    for judged, title, number in zip(claims, titles, rows, strict=True):
        ax.text(0, top, "\n".join(title), va="top", fontsize=11, linespacing=1.25)
        top += LINE * len(title) + PAD
        said = [says for says, number in judged.counts.items() for _ in range(number)]
        for place, kind in enumerate(said):
            row, column = divmod(place, A_ROW)
            corner = (side * (column + 0.08), top + side * (row + 0.08))
            edge = "#888888" if kind == "too few seeds" else "none"
            ax.add_patch(Rectangle(corner, 0.84 * side, 0.84 * side, facecolor=SAYS_COLOURS[kind], edgecolor=edge))
        top += side * number + PAD
        ax.text(0.02, top, judged.told.replace("too few", "with too few"), va="top", fontsize=10, color="#777777")
        top += LINE + GAP
    ax.set(ylim=(height - GAP / 2, 0), xlim=(0, COLUMN_WIDTH))
    ax.axis("off")
    return figure
