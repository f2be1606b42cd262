"""Claims: the rule that turns numbers into a verdict, and the list of claims on the stored runs."""

from pathlib import Path

import numpy as np
import pytest

from lop_tutorial.cli import main
from lop_tutorial.publishing.claims_page import page
from lop_tutorial.report.claims.claim import VERDICTS, Claim, Evidence
from lop_tutorial.report.claims.evidence import change, share, tenths
from lop_tutorial.report.claims.poster import PARTS
from lop_tutorial.running.run import stored, stored_path

TOP = Path(__file__).parents[2]
ALL = [claim for part in PARTS.values() for claim in part]


def evidence(*values: float, side="below", bound=0.0, unit=""):
    return Evidence("a number", lambda: np.array(values, float), side, bound, "type1", "type_1", unit)


def test_a_number_supports_only_with_its_whole_interval():
    falls, unclear = evidence(-0.3, -0.2, -0.25, -0.28), evidence(-0.3, 0.2, -0.1, 0.15)
    assert falls.supports
    assert not unclear.supports
    assert not evidence(-0.3, -0.2, -0.25, -0.28, side="above").supports
    assert not evidence(-0.3, -0.2, -0.25, -0.28, bound=-0.25).supports


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([(-1.0, -1.1)], "supported"),
        ([(-1.0, -1.1), (1.0, 1.1)], "partly supported"),
        ([(1.0, 1.1)], "not supported"),
        ([(-1.0, 1.0)], "not supported"),
        ([], "not tested"),
    ],
)
def test_the_verdict_follows_from_all_pieces_together(values, verdict):
    assert Claim("", "", tuple(evidence(*each) for each in values)).verdict == verdict


def test_shares_of_seeds_have_the_exact_binomial_interval():
    """Of n successes in n trials Clopper and Pearson's lower end is 0.025 ** (1 / n)."""
    all_eight = evidence(*[1] * 8, side="above", bound=0.5, unit="seeds")
    assert float(all_eight.interval.low) == pytest.approx(0.025 ** (1 / 8))
    assert float(all_eight.interval.high) == 1
    assert all_eight.supports
    assert not evidence(*[1] * 5 + [0] * 3, side="above", bound=0.5, unit="seeds").supports
    assert str(all_eight) == "in 8 of 8 seeds (share 0.63 to 1.00; claimed above 0.50)"


def test_learners_that_diverged_are_left_out_and_counted():
    some = evidence(-0.1, np.nan, -0.1, -0.1, unit="points")
    assert str(some) == "−10.0 points (−10.0 to −10.0, 3 seeds, 1 diverged; claimed below 0.0)"
    with pytest.raises(ValueError, match="every learner diverged"):
        _ = evidence(np.nan, np.nan).interval
    shares = evidence(1, np.nan, 0, 1, 1, side="above", bound=0.5, unit="seeds")
    assert str(shares).startswith("in 3 of 4 seeds, 1 diverged")


def test_the_tenths_are_the_first_and_last_tasks_of_a_stored_run():
    curves = stored("type1").results.curves("none", "train_accuracy")
    first, last = tenths("type1", "none", "train_accuracy")
    np.testing.assert_allclose(first, curves[:, :8].mean(axis=1))
    np.testing.assert_allclose(last, curves[:, -8:].mean(axis=1))
    np.testing.assert_allclose(change("type1", "none", "train_accuracy")(), last - first)


def test_minus_infinity_is_lower_than_what_was_before():
    median = stored("type1").results.curves("none", "ftle_within_q50")
    assert np.isneginf(median).any()
    assert share("type1", "none", "ftle_within_q50", rose=False)().all()


def test_no_stored_run_of_a_whole_table_on_real_pictures_is_left_out():
    used = {each.run for claim in ALL for each in claim.evidence}
    tables = {path.parent.name: stored(path.parent.name) for path in (TOP / "results").glob("table*/metrics.csv")}
    real = {name: run.config for name, run in tables.items() if run.config["data"] != "procedural"}
    assert {name for name, config in real.items() if len(config["methods"]) == 6} <= used


@pytest.mark.parametrize("claim", ALL, ids=lambda claim: claim.short)
def test_every_claim_rests_on_stored_runs_and_chapters_or_says_why_not(claim):
    assert claim.quote
    assert claim.evidence or claim.remark
    for each in claim.evidence:
        assert stored_path(each.run).exists()
        assert (TOP / f"book/chapters/{each.chapter}.ipynb").exists()
        assert np.isfinite(each.interval).all()


def test_the_page_is_what_the_stored_runs_give():
    assert (TOP / "book/claims.md").read_text(encoding="utf-8") == page(), "lop-tutorial book claims"


def test_the_page_is_written_by_a_command(tmp_path, capsys):
    assert main(["book", "claims", "--top", str(tmp_path)]) == 2
    assert "top of the repository" in capsys.readouterr().err
    (tmp_path / "book").mkdir()
    assert main(["book", "claims", "--top", str(tmp_path)]) == 0
    assert (tmp_path / "book/claims.md").read_text(encoding="utf-8") == page()


def test_the_readme_counts_the_verdicts():
    words = {5: "five", 7: "seven", 13: "thirteen", 25: "twenty-five"}
    some, partly, none = (words[sum(c.verdict == v for c in ALL)] for v in VERDICTS[:3])
    text = " ".join((TOP / "README.md").read_text().split())
    assert (
        f"Of {words[len(ALL)]} [claims](book/claims.md) {some} are supported here, {partly} partly, {none} not." in text
    )
