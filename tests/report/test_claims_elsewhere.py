"""Claims of other papers: found by what is stored, and judged as made-up runs demand."""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lop_tutorial.report.claims.elsewhere import (
    ELSEWHERE,
    Runs,
    collect_elsewhere,
    judge_elsewhere,
    runs_in_results,
)
from lop_tutorial.report.claims.poster import PARTS
from lop_tutorial.running.table import Table

TOP = Path(__file__).parents[2]
SPREAD = np.array([-2, -1, 0, 1, 2, 0]) / 1000


def claim(words):
    return next(each for each in ELSEWHERE if words in each.short)


def says(words, *runs):
    return [(piece.of, piece.says) for piece in claim(words).evidence(runs)]


def warm_start(**ends):
    rows = [
        {"method": method, "seed": seed, "task": task, "test_accuracy": value + by, "train_accuracy": value + 2 * by}
        for method, value in ends.items()
        for seed, by in enumerate(SPREAD)
        for task in (0, 1)
    ]
    return Runs("a", "warm start", Table(tuple(rows)))


def agents(**methods):
    """Each method's return and dormant units in the first phase, and in the later ones, by updates."""
    rows = [
        {
            "task": "CartPole-v1",
            "method": method,
            "updates": updates,
            "seed": seed,
            "return": [100.0] + [100.0 * (value + by)] * 3,
            "dormant_units": [0.2] + [value + by] * 3,
        }
        for method, values in methods.items()
        for updates, value in values.items()
        for seed, by in enumerate(SPREAD)
    ]
    return Runs("b", "agents", Table(tuple(rows)))


def test_a_warm_start_is_held_against_a_fresh_network():
    # methods' spreads cancel: the difference is the same in every seed
    assert says("generalises worse", warm_start(none=0.5, retrained=0.6)) == [("a half first", "for")]
    assert says("generalises worse", warm_start(none=0.6, retrained=0.5)) == [("a half first", "against")]
    assert says("training data as well", warm_start(none=0.595, retrained=0.6)) == [("a half first", "for")]
    assert says("training data as well", warm_start(none=0.58, retrained=0.6)) == [("a half first", "against")]
    assert says("generalises worse", warm_start(none=0.5)) == []


def test_each_share_and_each_length_is_held_against_no_first_part():
    rows = [
        {"share": share, "seed": seed, "epochs": list(ends), "test_accuracy": [v + by for v in ends.values()]}
        for share, ends in ((0.5, {0: 0.6, 30: 0.55}), (0.1, {30: 0.65}))
        for seed, by in enumerate(SPREAD)
    ]
    found = says("generalises worse", Runs("c", "shares", Table(tuple(rows))))
    assert [(words[:27], said) for words, said in found] == [
        ("a share of 0.5 for 30 epoch", "for"),
        ("a share of 0.1 for 30 epoch", "against"),
    ]
    with pytest.raises(ValueError, match="first part of 0 epochs"):
        says("generalises worse", Runs("c", "shares", Table(tuple(row for row in rows if row["share"] == 0.1))))


def test_shrinking_is_held_against_no_intervention():
    found = warm_start(**{"none": 0.5, "shrink_and_perturb:shrink=0.4": 0.55})
    assert says("takes back", found) == [("a half first", "for")]


def test_agents_are_compared_in_the_same_world_and_setting():
    lives = agents(none={1: 0.3, 4: 0.4}, head_reset={1: 0.5, 4: 0.3}, retrained={1: 0.3, 4: 0.5})
    one, four = (f"CartPole-v1, updates at a time: {updates}" for updates in (1, 4))
    assert says("last layer", lives) == [(one, "for"), (four, "against")]
    assert says("ReDo raises", lives) == []
    assert says("become more", lives) == [(one, "for"), (four, "for")]
    assert says("where updates are more", lives) == [("4 updates less 1", "for")]
    assert says("worse with more updates", lives) == [("4 updates less 1", "for")]
    assert says("worse with more updates", agents(none={1: 0.3, 4: 0.4}, retrained={1: 0.3, 4: 0.3})) == [
        ("4 updates less 1", "against")
    ]


def test_dormant_units_in_games_are_held_against_the_same_games_first_phase():
    """Of two games, of which the second has more of them from the beginning: nothing grows but where it does."""
    shares = {"still": [0.1, 0.5] * 4, "growing": [0.1, 0.5, 0.1, 0.5, 0.1, 0.6, 0.2, 0.6]}
    for name, says_so in (("still", "open"), ("growing", "for")):
        rows = [
            {"task": "one+other", "method": "none", "seed": seed, "return": [1.0] * 8}
            | {"dormant_units": [share + by * (phase > 1) for phase, share in enumerate(shares[name])]}
            for seed, by in enumerate(SPREAD)
        ]
        assert says("become more", Runs("d", "agents", Table(tuple(rows)))) == [("one+other", says_so)]


def test_runs_are_found_by_what_they_are(tmp_path):
    names = {"warm_start": "warm start", "warm_start_gap": "shares", "changing_control": "agents", "type1": None}
    for name in names:
        shutil.copytree(TOP / "results" / name, tmp_path / f"unknown_{name}")
    found = {runs.name: runs.kind for runs in collect_elsewhere(tmp_path)}
    assert found == {f"unknown_{name}": kind for name, kind in names.items() if kind}
    there = {runs.name for runs in runs_in_results()}
    benchmarks = {
        path.parent.name
        for path in (TOP / "results").glob("*/config.json")
        if json.loads(path.read_text()).get("benchmark") == "warm_start" and (path.parent / "metrics.csv").exists()
    }
    agents_there = {"changing_control", "changing_control_held_out", "changing_games", "replay_ratio"}
    assert there == benchmarks | {"warm_start_gap"} | agents_there


@pytest.mark.parametrize("each", ELSEWHERE, ids=lambda claim: claim.short)
def test_every_claim_has_a_source_evidence_and_a_chapter(each):
    assert "{cite:t}`" in each.quote or each.quote.startswith("[...]")
    assert (TOP / f"book/chapters/{each.chapter}.ipynb").exists()
    assert list(each.evidence(runs_in_results()))


def test_no_two_claims_share_a_title():
    titles = [claim.short for part in PARTS.values() for claim in part] + [claim.short for claim in ELSEWHERE]
    assert len(titles) == len(set(titles))


def test_the_readme_counts_these_verdicts_too():
    counts = Counter(judged.verdict for judged in judge_elsewhere())
    supported, partly, none, undecided = (
        counts[each] for each in ("supported", "partly supported", "not supported", "open")
    )
    assert supported + partly + none + undecided == len(ELSEWHERE)
    told = f"{supported} are, {partly} partly, {none} not; {undecided} are open."
    text = " ".join((TOP / "README.md").read_text().split())
    assert f"Of {len(ELSEWHERE)} of other papers, on warm starts and agents, {told}" in text
