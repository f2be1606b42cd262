"""Bars of evidence: every piece is in its claim's bar, as what it says, and as wide as the others."""

from __future__ import annotations

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures import COLUMN_WIDTH, claim_bars
from lop_tutorial.figures.claim_bars import FULL
from lop_tutorial.report.claims.claim import Claim, Evidence, Number
from lop_tutorial.report.claims.judge import Judged

SAID = {"for": [1.0, 1.1] * 3, "against": [-1.0, -1.1] * 3, "open": [1.0, -1.0] * 3, "too few seeds": [1.0, 1.1]}


def judged(short, **pieces):
    evidence = [
        Evidence("toy points", (Number(np.array(SAID[says]), "above"),), "type1")
        for says, number in pieces.items()
        for _ in range(number)
    ]
    return Judged(Claim(short, "", "", lambda _: (), "theory"), tuple(evidence))


def segments(figure):
    """(what it says, width in pieces of a full row) of each but the legend's four, from left to right and down."""
    (ax,) = figure.axes
    return [(each.get_gid(), each.get_width()) for each in ax.patches[4:]]


def test_segments_are_as_wide_as_their_pieces_are_many():
    claims = [judged("a", **{"for": 3, "against": 1, "too few seeds": 2}), judged("b", **{"for": 30, "open": 10})]
    figure = claim_bars({"Part": claims}, {"a": 1, "b": 2})
    found = segments(figure)
    assert [says for says, _ in found] == ["for", "against", "too few seeds", "for", "open"]
    pieces = np.array([width + 0.02 for _, width in found]) / COLUMN_WIDTH
    assert pieces[:3] == pytest.approx(np.array([3, 1, 2]) / FULL)
    assert pieces[3:] == pytest.approx([0.75, 0.25]), "more than twenty fill the row"
    plt.close(figure)


def test_words_name_claim_verdict_and_counts():
    claims = [judged("holds", **{"for": 5}), judged("fails", **{"against": 2})]
    figure = claim_bars({"A part": claims[:1], "": claims[1:]}, {"holds": 7, "fails": 28})
    words = Counter(text.get_text() for text in figure.axes[0].texts)
    assert words["7 ● holds"] == words["28 ○ fails"] == words["A part"] == words["5 for"] == words["2"] == 1
    hollow = [patch.get_facecolor()[3] for patch in figure.axes[0].patches[:4]]
    assert hollow == [1, 1, 1, 0]
    plt.close(figure)
