"""The rule: who tells, who misleads, who beats the controls, on a made-up trial."""

import numpy as np
import pytest

from lop_tutorial.report import suspect_verdicts
from lop_tutorial.report.suspect_scores import States
from lop_tutorial.report.suspect_verdicts import as_markdown, score_suspects, skill_of_all, verdict

pytest.importorskip("sklearn", reason="regressions need scikit-learn")


@pytest.fixture(scope="module")
def found(trial):
    states = trial.states()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suspect_verdicts, "EXPECTED", {"illness": -1, "health": -1, "noise": +1, "unsigned": 0})
        columns = states.columns | {"health": -states["illness"], "unsigned": -states["illness"]}
        listed = list(
            score_suspects(
                States(columns), ["illness", "health", "noise", "unsigned"], "test_gap", trial.fitted, trial.held_out
            )
        )
        yield {name: [score for score in listed if score.suspect == name] for name in columns}


def test_a_cause_tells_and_beats_what_needs_no_theory(found):
    for score in found["illness"]:
        assert (score.sign, score.tells, score.misleads) == (-1, True, False)
        assert score.beats_controls
        assert score.adds_to_controls
        assert score.states == 108
    assert verdict(found["illness"]) == "tells"


def test_the_wrong_sign_misleads_and_without_a_sign_either_tells(found):
    assert all(score.misleads and not score.tells for score in found["health"])
    assert verdict(found["health"]) == "not at all"
    assert verdict(found["unsigned"]) == "tells"


def test_noise_does_not_tell(found):
    assert not any(score.tells or score.misleads or score.beats_controls for score in found["noise"])
    assert verdict(found["noise"]) == "not at all"


def test_a_suspect_that_tells_in_one_setting_only(found):
    assert verdict([*found["illness"][:1], *found["noise"][:1]]) == "in some settings"
    blind = [score._replace(settings_out=found["noise"][0].settings_out) for score in found["illness"]]
    assert verdict(blind) == "in some settings"


def test_the_table_shows_who_tells_and_who_misleads(found):
    header, _, cause, opposite, noise = as_markdown([*found["illness"], *found["health"], *found["noise"]]).split("\n")
    assert header == "| suspect | verdict | narrow | wide |"
    assert cause == "| illness | tells | **−1.00**\\* | **−1.00**\\* |"
    assert opposite == "| health | not at all | (+1.00) | (+1.00) |"
    assert noise.startswith("| noise | not at all | ")


def test_all_suspects_together(trial):
    states = trial.states()
    skills = skill_of_all(states, ["illness", "noise"], "test_gap", trial.fitted, trial.held_out)
    assert list(skills) == ["narrow", "wide"]
    assert all(bool(score.low > 0) for of in skills.values() for score in of.values())
    alone = skill_of_all(states.where(setting="narrow"), ["noise"], "test_gap", trial.fitted, trial.held_out)
    assert np.isnan(alone["narrow"]["settings"].mean)
