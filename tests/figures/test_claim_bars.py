"""Squares of evidence, one a piece, with all counts and the verdict beside them."""

from __future__ import annotations

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

from lop_tutorial.figures import claim_bars
from lop_tutorial.figures.claim_bars import A_ROW, COLUMNS, SIDE
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


def squares(figure):
    """(what it says, x, y) of each square but the head's, in the order drawn."""
    (ax,) = figure.axes
    return [(each.get_gid(), each.get_x(), each.get_y()) for each in ax.patches if each.get_gid()][len(COLUMNS) :]


def test_every_piece_is_a_square():
    claims = [judged("a", **{"for": 3, "against": 1, "too few seeds": 2}), judged("b", **{"for": 2, "open": 10})]
    figure = claim_bars({"Part": claims}, {"a": 1, "b": 2})
    said = [says for says, *_ in squares(figure)]
    assert said == [*3 * ["for"], "against", *2 * ["too few seeds"], *2 * ["for"], *10 * ["open"]]
    plt.close(figure)


def test_many_pieces_take_more_rows_and_none_lies_on_another():
    figure = claim_bars({"": [judged("a", **{"for": 2 * A_ROW + 1}), judged("b", **{"against": 1})]}, {"a": 1, "b": 2})
    places = [(round(x, 6), round(y, 6)) for _, x, y in squares(figure)]
    assert len(set(places)) == len(places) == 2 * A_ROW + 2
    rows = sorted({y for _, y in places})
    assert [sum(y == row for _, y in places) for row in rows] == [A_ROW, A_ROW, 1, 1]
    assert max(x for x, _ in places) + SIDE < min(COLUMNS.values()), "the counts have room"
    assert rows[-1] + SIDE < figure.get_figheight()
    plt.close(figure)


def test_a_claim_without_evidence_has_no_square():
    figure = claim_bars({"": [judged("a")]}, {"a": 1})
    assert squares(figure) == []
    plt.close(figure)


def test_words_name_claim_verdict_and_counts():
    claims = [judged("holds", **{"for": 5}), judged("fails", **{"against": 2, "too few seeds": 7})]
    claims.append(judged("both", **{"for": 3, "against": 4}))
    figure = claim_bars({"A part": claims[:1], "": claims[1:]}, {"holds": 7, "fails": 28, "both": 1})
    texts = figure.axes[0].texts
    words = Counter(text.get_text() for text in texts)
    assert words["7  holds"] == words["28  fails"] == words["A part"] == words["5"] == words["2"] == words["7"] == 1
    assert words["supported"] == words["not supported"] == words["partly"] == 1
    assert words["–"] == 3 + 2 + 2, "no count is left out"
    (few,) = (text for text in texts if text.get_text() == "7")
    (head,) = (text for text in texts if text.get_text() == "few")
    assert few.get_position()[0] == head.get_position()[0]
    plt.close(figure)
