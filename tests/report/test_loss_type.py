"""The signs of the two types, on runs made up so that the answer is known."""

import numpy as np
import pytest

from lop_tutorial.report.loss_type import loss_type
from lop_tutorial.running.results import Results

FRESH = {"train_accuracy": 0.98, "test_accuracy": 0.85, "ftle_within_q05": -0.5, "ftle_between_q95": 0.2}


def run(seeds=8, tasks=4, **late):
    """Learners that begin like Retrained and end, in the last two tasks, with the values given; a touch of noise."""
    noise = np.random.default_rng(0)
    rows = []
    for method in ("none", "retrained"):
        for seed in range(seeds):
            for task in range(tasks):
                values = FRESH | (late if method == "none" and task >= tasks - 2 else {})
                values = {name: value + noise.normal(scale=1e-3) for name, value in values.items()}
                rows.append({"method": method, "seed": seed, "task": task, **values})
    return Results(tuple(rows))


@pytest.mark.parametrize(
    ("late", "by_accuracy", "by_exponents"),
    [
        ({"train_accuracy": 0.7, "test_accuracy": 0.57, "ftle_within_q05": -3.0}, "Type-1", "Type-1"),
        ({"train_accuracy": 0.7, "test_accuracy": 0.6, "ftle_within_q05": -np.inf}, "Type-1", "Type-1"),
        ({"test_accuracy": 0.7, "ftle_between_q95": 0.6}, "Type-2", "Type-2"),
        (
            {"train_accuracy": 0.9, "test_accuracy": 0.6, "ftle_within_q05": -3.0, "ftle_between_q95": 0.6},
            "both",
            "both",
        ),
        ({"train_accuracy": 0.7, "test_accuracy": 0.57}, "Type-1", "neither"),
        ({"ftle_within_q05": -3.0, "ftle_between_q95": 0.6}, "neither", "both"),
        ({"test_accuracy": 0.845, "ftle_between_q95": 0.6}, "neither", "Type-2"),
        ({}, "neither", "neither"),
    ],
)
def test_the_verdicts(late, by_accuracy, by_exponents):
    found = loss_type(run(**late), ends=2)
    assert (found.by_accuracy, found.by_exponents) == (by_accuracy, by_exponents)


def test_differences_are_those_of_the_last_tasks_alone():
    found = loss_type(run(train_accuracy=0.7, test_accuracy=0.6), ends=2)
    assert found.training.mean == pytest.approx(-0.28, abs=2e-3)
    assert found.gap.mean == pytest.approx(-0.03, abs=2e-3)
    assert found.within_lower.mean not in (0, 1)


def test_a_share_of_seeds_must_be_beyond_chance():
    """With four seeds even four of four leave the interval of Clopper and Pearson at 0.025 ** (1 / 4) = 0.40."""
    four = loss_type(run(seeds=4, train_accuracy=0.7, ftle_within_q05=-3.0), ends=2)
    assert four.within_lower.low == pytest.approx(0.025**0.25)
    assert (four.by_accuracy, four.by_exponents) == ("too few seeds", "too few seeds")
    five = loss_type(run(seeds=5, train_accuracy=0.7, test_accuracy=0.57, ftle_within_q05=-3.0), ends=2)
    assert (five.by_accuracy, five.by_exponents) == ("Type-1", "too few seeds")


def test_a_diverged_learner_is_left_out_and_counted():
    some = run(train_accuracy=0.7, test_accuracy=0.6, ftle_within_q05=-3.0)
    kept = [row for row in some.rows if not (row["method"] == "none" and row["seed"] == 3 and row["task"] > 1)]
    found = loss_type(Results(tuple(kept)), ends=2)
    assert found.diverged == 1
    assert found.training.mean == pytest.approx(-0.28, abs=2e-3)


def test_what_is_missing_is_named():
    with pytest.raises(ValueError, match="no 'cbp'; it has none, retrained"):
        loss_type(run(), "cbp")
    bare = Results(tuple({k: v for k, v in row.items() if "ftle" not in k} for row in run().rows))
    with pytest.raises(ValueError, match="measures"):
        loss_type(bare)
