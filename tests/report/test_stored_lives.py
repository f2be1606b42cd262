"""Lives of stored runs: found by what a run is, and a learner that is in two of them counts once."""

from pathlib import Path

import pytest

pytest.importorskip("lifelines", reason="needs the extra analysis")

from lop_tutorial.report.stored_lives import gather, stored_lives
from lop_tutorial.running import Results, Run


def a_run(name, accuracies, *, step_size=0.1, classes=(0, 80), first_seed=0):
    """No Intv. with a list of training accuracies a seed."""
    rows = [
        {"method": "none", "seed": seed, "task": task, "train_accuracy": value, "test_accuracy": value}
        for seed, curve in enumerate(accuracies, start=first_seed)
        for task, value in enumerate(curve)
    ]
    config = {"data": "cifar100", "classes": list(classes), "training": {"step_size": step_size, "epochs": 20}}
    return Run(Path(name), config, {"finished": True}, Results(tuple(rows)))


DIES = [0.9, 0.9] + [0.5] * 5


def test_a_learner_that_is_in_two_runs_counts_once_with_its_longer_life():
    short = a_run("short", [[0.9, 0.9, 0.9], [0.9, 0.9, 0.9]])
    longer = a_run("longer", [[0.9, 0.9, 0.9, 0.9] + [0.5] * 5])
    (found,) = gather([short, longer])["cifar100"]
    assert sorted(zip(found.times, found.died, strict=True)) == [(3, False), (4, True)]
    assert [each.times.tolist() for each in gather([longer, short])["cifar100"]] == [[4, 3]]


def test_other_classes_or_seeds_are_other_learners_and_steps_are_apart():
    runs = [
        a_run("one", [DIES]),
        a_run("held out", [DIES], classes=(80, 100)),
        a_run("new seed", [DIES], first_seed=7),
        a_run("small step", [[0.9] * 9], step_size=0.05),
    ]
    larger, smaller = gather(runs)["cifar100"]
    assert (larger.step_size, larger.times.tolist()) == (0.1, [2, 2, 2])
    assert (smaller.step_size, smaller.died.tolist()) == (0.05, [False])


def test_of_what_is_stored_every_run_of_smallconv_on_real_pairs_is_found():
    found = stored_lives()
    assert set(found) == {"cifar100", "tinyimagenet"}
    for lives in found.values():
        known = {each.step_size: each for each in lives}
        assert [each.step_size for each in lives] == sorted(known, reverse=True)
        assert len(known[0.1].times) >= 8
        assert known[0.1].died.sum() >= 6
    held_out = next(each for each in found["tinyimagenet"] if each.step_size == 0.085)
    assert len(held_out.times) >= 8, "five of the table and three of the held-out classes"
