"""What the stored experiments say of claims: for each a bar of what speaks against it, is open, and speaks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from lop_tutorial.figures.style import COLUMN_WIDTH
from lop_tutorial.report.claims.claim import Says, Verdict
from lop_tutorial.report.claims.judge import Judged

SAYS_COLOURS: dict[Says, str] = {"against": "#D55E00", "open": "#D9D9D9", "for": "#0072B2"}
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
LINE, BAR, GAP = 0.21, 0.24, 0.16
"""Heights in inches: a line of words, a bar, and what parts one claim from the next."""


def claim_bars(claims: Sequence[Judged]) -> Figure:
    """One bar a claim, as long as all its pieces of evidence that have enough seeds; the share of each kind, in order.

    The number of pieces stands in each part that is wide enough. Above the bar stands the claim in a few words, behind
    the mark of its verdict: ● supported, ◐ partly, ○ not, ? open.
    """
    titles = [wrap(f"{MARKS[each.verdict]} {each.claim.short}", COLUMNS, subsequent_indent="   ") for each in claims]
    height = sum(LINE * len(title) + BAR + GAP for title in titles)
    figure, ax = plt.subplots(figsize=(COLUMN_WIDTH, height))
    top = 0.0
    for judged, title in zip(claims, titles, strict=True):
        ax.text(0, top, "\n".join(title), va="top", fontsize=11, linespacing=1.25)
        top += LINE * len(title) + BAR / 2
        counts = Counter(each.says for each in judged.evidence)
        whole = sum(counts[says] for says in SAYS_COLOURS)
        left = 0.0
        for says, colour in SAYS_COLOURS.items():
            share = counts[says] / whole if whole else 0.0
            ax.barh(top, share, left=left, height=0.9 * BAR, color=colour)
            if share > 0.04:
                ink = "black" if says == "open" else "white"
                ax.text(left + share / 2, top, str(counts[says]), color=ink, ha="center", va="center", fontsize=11)
            left += share
        top += BAR / 2 + GAP
    ax.set(ylim=(height - GAP / 2, 0), xlim=(0, 1))
    ax.axis("off")
    return figure
