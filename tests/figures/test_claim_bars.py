"""Bars of evidence: shares of the pieces with seeds enough, and all counts beside them."""

from __future__ import annotations

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pytest

from lop_tutorial.figures import claim_bars
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
    """(what it says, share of the bar) of each but the head's three, from left to right and down."""
    (ax,) = figure.axes
    return [(each.get_gid(), each.get_width() / FULL) for each in ax.patches[3:] if each.get_gid()]


def test_segments_are_shares_of_the_pieces_with_seeds_enough():
    claims = [judged("a", **{"for": 3, "against": 1, "too few seeds": 2}), judged("b", **{"for": 30, "open": 10})]
    figure = claim_bars({"Part": claims}, {"a": 1, "b": 2})
    found = segments(figure)
    assert [says for says, _ in found] == ["for", "against", "for", "open"]
    assert [share for _, share in found] == pytest.approx([0.75, 0.25, 0.75, 0.25])
    plt.close(figure)


def test_a_claim_without_enough_seeds_has_an_empty_bar():
    figure = claim_bars({"": [judged("a", **{"too few seeds": 2})]}, {"a": 1})
    assert segments(figure) == []
    plt.close(figure)


def test_words_name_claim_verdict_and_counts():
    claims = [judged("holds", **{"for": 5}), judged("fails", **{"against": 2, "too few seeds": 7})]
    figure = claim_bars({"A part": claims[:1], "": claims[1:]}, {"holds": 7, "fails": 28})
    texts = figure.axes[0].texts
    words = Counter(text.get_text() for text in texts)
    assert words["7 ● holds"] == words["28 ○ fails"] == words["A part"] == words["5"] == words["2"] == words["7"] == 1
    assert words["–"] == 3 + 2, "no count is left out"
    (few,) = (text for text in texts if text.get_text() == "7")
    (head,) = (text for text in texts if text.get_text() == "too few")
    assert few.get_position()[0] == head.get_position()[0]
    plt.close(figure)
