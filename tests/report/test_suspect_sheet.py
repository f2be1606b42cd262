"""The sheet beside the stored trial: written and read back, and equal to what its table gives today."""

import shutil

import pytest

from lop_tutorial.report import suspect_sheet
from lop_tutorial.report.suspect_scores import GAPS
from lop_tutorial.report.suspect_sheet import (
    by_suspect,
    stored_scores,
    stored_skill_of_all,
    stored_states,
    write_sheet,
)
from lop_tutorial.report.suspect_verdicts import score_suspects, skill_of_all
from lop_tutorial.running.run import stored_path

pytest.importorskip("sklearn", reason="regressions need scikit-learn")


def values(score):
    ends = (score.over_all, score.within_age, score.seeds_out, score.methods_out, *score.above_controls)
    return [float(end) for each in ends for end in each]


def rounded(score):
    """To the four digits that the sheet has."""
    return pytest.approx(values(score), rel=1e-3, abs=1e-4, nan_ok=True)


def test_written_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(suspect_sheet, "LINE_UP", suspect_sheet.LINE_UP[:1])
    states = stored_states().where(setting=("type1", "type2"))
    monkeypatch.setattr(suspect_sheet, "stored_states", lambda place: states)
    shutil.copytree(stored_path("suspects"), tmp_path / "trial")
    write_sheet(tmp_path / "trial")
    again = stored_scores(tmp_path / "trial")
    assert [(score.suspect, score.setting, score.gap) for score in again[:2]] == [
        ("ftle_within", "type1", "train_gap"),
        ("task", "type1", "train_gap"),
    ]
    first = next(iter(score_suspects(states, ["ftle_within"], "train_gap")))
    assert values(again[0]) == rounded(first)
    together = stored_skill_of_all(tmp_path / "trial")
    assert set(together) == {(setting, gap) for setting in ("type1", "type2") for gap in GAPS}
    expected = skill_of_all(states, ["ftle_within"], "test_gap")["type1"]["seeds"]
    assert float(together["type1", "test_gap"]["seeds"].mean) == pytest.approx(float(expected.mean), abs=1e-3)


def test_the_stored_sheet_is_what_the_table_gives():
    states = stored_states().where(setting=("type1", "cifar100"))
    stored = {(score.suspect, score.setting, score.gap): score for score in stored_scores()}
    assert len(stored) == 28 * 6 * 2
    for score in score_suspects(states, ["cloned_units"], "test_gap"):
        assert values(stored["cloned_units", score.setting, "test_gap"]) == rounded(score)


def test_by_suspect_keeps_the_order_of_the_settings():
    rows = by_suspect(stored_scores(), "test_gap")
    assert [score.setting for score in rows["nc1"]] == list(dict.fromkeys(s.setting for s in stored_scores()))
    assert {score.gap for score in rows["nc1"]} == {"test_gap"}
