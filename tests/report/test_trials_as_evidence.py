"""The trials of suspects, cures and controls as evidence: who diverged counts, who differs in more stands apart."""

import numpy as np
import pytest

from lop_tutorial.report.claims.collect import in_results
from lop_tutorial.report.claims.judge import judge
from lop_tutorial.running.run import stored_path
from lop_tutorial.running.table import load


def source(name):
    (found,) = (each for each in in_results() if each.name == name)
    return found


def pieces(words, run):
    (judged,) = (each for part in judge().values() for each in part if words in each.claim.short)
    return [each for each in judged.evidence if each.run == run]


@pytest.mark.parametrize(("run", "method", "early"), [("cures_pairs", "none", 2), ("suspects", "cbp", 2)])
def test_who_diverges_before_the_first_measured_task_has_no_row_and_is_counted(run, method, early):
    config, _, table = load(stored_path(run))
    rows = [row for row in table.where(setting="cifar100").rows if row["method"].split(":")[0] == method]
    (experiment,) = (each for each in source(run) if each.data == "cifar100")
    (learned,) = (mine for name, mine in experiment.learners.items() if name.split(":")[0] == method)
    assert learned.seeds == tuple(config["seeds"])
    absent = set(config["seeds"]) - {row["seed"] for row in rows}
    assert len(absent) == early
    accuracy = learned.curves["test_accuracy"]
    assert {seed for seed, mine in zip(learned.seeds, accuracy, strict=True) if np.isnan(mine).all()} >= absent


def test_a_piece_of_a_trial_has_all_its_seeds():
    for run in ("cures_pairs", "suspects"):
        (piece,) = (each for each in pieces("Plasticity is lost", run) if "CIFAR-100" in each.of)
        (number,) = piece.numbers
        assert len(number.values) == 16
        assert len(number.kept) == 12


def test_settings_that_differ_in_more_than_width_are_not_one_experiment():
    """Those held out from the suspects have other losses, networks, pictures; four of the trial's six are one toy."""
    for words in ("Type-1 belongs", "Type-2 belongs"):
        assert not any("doubling" in each.of for each in pieces(words, "suspects_held_out"))
        (piece,) = (each for each in pieces(words, "suspects") if "doubling" in each.of)
        assert piece.of.startswith("toy points, d = 2 to 256, step 0.1, 30 tasks: ")


def test_the_change_with_every_doubling_is_the_slope_over_widths():
    (piece,) = (each for each in pieces("Type-1 belongs", "suspects") if "doubling" in each.of)
    rows = load(stored_path("suspects")).table.rows
    by_width = {}
    for setting, width in (("type1", 2), ("width_8", 8), ("width_64", 64), ("type2", 256)):
        late = {
            (row["method"], row["seed"], row["task"]): row["train_accuracy"]
            for row in rows
            if row["setting"] == setting and row["task"] in (24, 29)
        }
        seeds = sorted({seed for _, seed, _ in late})
        by_width[width] = [
            np.mean([late["none", seed, task] - late["retrained", seed, task] for task in (24, 29)]) for seed in seeds
        ]
    slopes = np.polyfit(np.log2(list(by_width)), np.array(list(by_width.values())), 1)[0]
    np.testing.assert_allclose(piece.numbers[0].values, slopes, atol=1e-9)


def test_a_toy_with_another_loss_than_its_plan_says_so():
    told = [each.about for each in source("suspects_held_out") if each.benchmark == "points"]
    assert told == [
        "toy points, d = 4, step 0.1, 30 tasks",
        "toy points, d = 128, cross entropy, step 0.1, 30 tasks",
    ]


def test_controls_are_read_with_both_kinds_of_heads():
    of = [each.of for each in pieces("Plasticity is lost", "controls")]
    assert len(of) == 6
    assert sum("head kept" in each for each in of) == sum("head drawn anew" in each for each in of) == 3
    rows = load(stored_path("controls")).table.where(setting="type1").rows
    tried = {(row["world"], row["head"], row["seed"]): row["same_test"] for row in rows}
    for piece in pieces("Plasticity is lost", "controls"):
        if "toy points, d = 2, " in piece.of:
            head = "keep" if "kept" in piece.of else "fresh"
            lost = [tried["abrupt", head, seed] - tried["none yet", "fresh", seed] for seed in range(8)]
            np.testing.assert_allclose(piece.numbers[0].values, lost)
