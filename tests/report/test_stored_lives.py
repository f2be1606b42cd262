"""Lives of stored runs: found by what a run is, and a learner that is in two of them counts once."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lifelines", reason="needs the extra analysis")

from lop_tutorial.report.stored_lives import gather, stored_lives
from lop_tutorial.report.survival import lifetimes
from lop_tutorial.running import Results, Run, stored
from lop_tutorial.running.run import stored_path


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


def test_lives_until_failure_are_gathered_the_same_way():
    run = a_run("falls", [[0.95] * 7 + [0.6] * 10])
    assert [each.died.tolist() for each in gather([run])["cifar100"]] == [[False]]
    (found,) = gather([run], "failure")["cifar100"]
    assert (found.times.tolist(), found.died.tolist()) == ([3.0], [True])


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


def test_what_the_note_tells_of_lives_that_were_followed_to_death():
    run, note = stored("death_tinyimagenet_step_0.1"), stored_path("marathon.md").read_text(encoding="utf-8")
    assert (run.config["dead_after"], run.config["tasks"], len(run.config["seeds"])) == (5, 3000, 8)
    lives, diverged = lifetimes(run), {int(row["seed"]) for row in run.diverged}
    ends = [
        f"{time:.0f}" if died else f"{time:.0f}+" + " (diverged)" * (seed in diverged)
        for time, seed, died in sorted(zip(lives.times, run.config["seeds"], lives.died, strict=True))
    ]
    row = f"| {lives.step_size} | {lives.died.sum()} of {len(lives.times)} | {', '.join(ends)} |"
    assert f"| `death_tinyimagenet_step_0.1` {row}" in note
    in_tasks, in_path = lives.median, lifetimes(run, clock="path_length").median
    assert "The median is {:.0f} tasks (Kaplan and Meier, {:.0f} to {:.0f})".format(*map(float, in_tasks)) in note
    assert "in path length {:,.0f} ({:,.0f} to {:,.0f})".format(*map(float, in_path)) in note
    (pooled,) = (each for each in stored_lives()["tinyimagenet"] if each.step_size == 0.1)
    assert np.isin(lives.times, pooled.times).all()
