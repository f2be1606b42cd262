"""Death by hand, learners that stop at it, and how far weights travel, against another way to compute it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lop_tutorial.cli import main
from lop_tutorial.running import Plan, Results, carry_out, rows
from lop_tutorial.running.death import at_chance, died_in, failed_in
from lop_tutorial.training import Training

PLAN = Plan(
    name="short",
    about="a short experiment",
    network="smallconv",
    procedural={"number": 4, "size": 10, "train": 20, "test": 10},
    training=Training(step_size=0.05, epochs=2, batch_size=10),
    methods=("none",),
    seeds=(0, 1),
    tasks=4,
    measures=("path",),
)
DEADLY = replace(PLAN, training=replace(PLAN.training, step_size=1.0), tasks=30, dead_after=3)


@pytest.mark.parametrize(
    ("accuracies", "task"),
    [
        ([0.9, 0.5, 0.51, 0.5], 1),
        ([0.5, 0.5, 0.511, 0.5, 0.5, 0.5, 0.9], 3),
        ([0.9, 0.5, 0.5], None),
        ([float("nan")] * 3, None),
        ([], None),
    ],
)
def test_dead_is_three_tasks_running_at_chance(accuracies, task):
    assert died_in(accuracies, 3) == task


def test_chance_is_that_of_the_tasks_classes():
    assert at_chance(0.11, 10)
    assert not at_chance(0.111, 10)


@pytest.mark.parametrize(
    ("accuracies", "outputs", "task"),
    [
        ([0.9] * 4 + [0.74] * 10, 2, 4),
        ([0.9] * 4 + [0.7] * 10, 2, 2),  # from the third on: two of 0.9 and eight of 0.7 are 0.74 in the mean
        ([0.9] * 4 + [0.5] * 5, 2, 4),  # dead at once, and stopped: no ten tasks to take the mean of
        ([0.6] * 10 + [0.5] * 5, 2, 0),
        ([0.7] * 9, 2, None),
        ([0.76] * 30, 2, None),
        ([0.56] * 10, 10, None),
        ([0.54] * 10, 10, 0),
        ([], 2, None),
    ],
)
def test_failing_is_ten_tasks_running_below_halfway_in_the_mean_or_death(accuracies, outputs, task):
    assert failed_in(accuracies, 5, outputs) == task


def test_nobody_fails_after_death():
    draw = np.random.default_rng(0)
    for _ in range(300):
        life = draw.choice([0.5, 0.6, 0.95], size=40).tolist()
        death, failure = died_in(life, 3), failed_in(life, 3)
        assert death is None or (failure is not None and failure <= death)


def test_a_dead_learner_stops_at_its_last_task_of_death():
    found = Results(tuple(rows(DEADLY)))
    for row in found.curves("none", "train_accuracy"):
        lived = row[~np.isnan(row)].tolist()
        assert died_in(lived, 3) == len(lived) - 3
        assert len(lived) < DEADLY.tasks


def test_without_it_a_dead_learner_goes_on():
    assert len(list(rows(replace(DEADLY, dead_after=0, tasks=8)))) == 2 * 8


def test_in_a_fleet_the_others_live_on():
    fleet = replace(
        DEADLY, network="mlp", network_settings={"hidden": (6,)}, measures=(), methods=("none", "layer_norm")
    )
    together = Results(tuple(rows(fleet)), planned=fleet.tasks)
    for method in fleet.methods:
        for seed, life in zip(fleet.seeds, together.curves(method), strict=True):
            alone = Results(tuple(rows(replace(fleet, methods=(method,), seeds=(seed,)))), planned=fleet.tasks)
            np.testing.assert_array_equal(np.isnan(alone.curves(method)[0]), np.isnan(life))


def test_stopped_between_two_tasks_at_chance_it_dies_in_the_same_task(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    list(carry_out(DEADLY, "quick", whole))
    while (
        not (parts / "environment.json").exists() or '"finished": true' not in (parts / "environment.json").read_text()
    ):
        for _ in carry_out(DEADLY, "quick", parts, resume=True, every=0):
            (parts / "checkpoints" / "stop").touch()  # after one task
    assert (parts / "metrics.csv").read_text() == (whole / "metrics.csv").read_text()


def test_the_command_says_who_stopped(tmp_path, capsys):
    few = ["--tasks", "14", "--epochs", "3", "--seeds", "2", "--workers", "1", "--out", str(tmp_path / "run")]
    assert main(["reproduce", "death", "--step-size", "0.6", *few]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    lives = Results.read(tmp_path / "run" / "metrics.csv").curves("none", "train_accuracy")
    first, second = (died_in(row[~np.isnan(row)].tolist(), 5) for row in lives)
    assert "2 of 2 learners stopped before the end, at chance for 5 tasks (counted from 0):" in shown
    assert f"none, seed 0 from task {first}; none, seed 1 from task {second}" in shown


def test_the_path_is_the_sum_of_the_steps_of_the_same_learner():
    """Against a learner without an odometer, stopped after every step: batches as large as the task, one an epoch."""
    plan = replace(PLAN, training=Training(step_size=0.05, epochs=1, batch_size=40, momentum=0.0), seeds=(0,), tasks=3)
    found = list(rows(plan))
    learner, stream = plan.learner("none", 0), plan.stream(0)
    for task, row in enumerate(found):
        before = vector(learner)
        learner.learn(stream.task(task))
        moved = (vector(learner) - before).norm().item()
        assert row["path_length"] == pytest.approx(moved, rel=1e-6)
        assert row["displacement"] == pytest.approx(moved, rel=1e-6)


def test_a_path_of_several_steps_is_at_least_as_long_as_the_way_from_end_to_end():
    for row in rows(replace(PLAN, tasks=2)):
        assert row["path_length"] > row["displacement"] > 0


def test_a_restart_is_part_of_the_path():
    """Fresh weights are far from the old ones: further than four small steps lead."""
    gentle = replace(PLAN, methods=("retrained",), training=replace(PLAN.training, step_size=1e-4), tasks=2)
    first, second = [row["displacement"] for row in rows(gentle) if row["seed"] == 0]
    assert second > 10 * first


def vector(learner):
    return torch.cat([weight.detach().flatten() for weight in learner.network.body.parameters()])


def test_a_mean_that_is_just_halfway_is_no_failure_however_python_rounds_its_sum():
    """Sums of decimals, such as accuracies are, may come out a last bit below."""
    for window in (
        [0.7, 0.8] * 5,
        [0.1 * k + 0.3 for k in range(10)],
        [0.71, 0.79, 0.745, 0.755, 0.66, 0.84] + [0.75] * 4,
    ):
        for order in (window, window[::-1], sorted(window)):
            assert failed_in(order, 5) is None
            assert failed_in([*order[:-1], order[-1] - 1e-6], 5) == 0
