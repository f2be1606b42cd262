"""Which settings a search of step sizes finds best, and what it asks for next, on made-up outcomes."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lop_tutorial.cli import main
from lop_tutorial.report.best_settings import Setting, asked_for, best, finalists, jobs, next_round, searches
from lop_tutorial.running.job_queue import read_jobs

STEPS = (0.01, 0.025, 0.05, 0.1)
RATES = (3e-5, 3e-4, 3e-3, 3e-2)


def plain(accuracies, kind="none", steps=STEPS):
    """A method without a strength, with four seeds at each step size."""
    return [
        Setting(kind, step, {seed: accuracy + 0.001 * seed for seed in range(100, 104)})
        for step, accuracy in zip(steps, accuracies, strict=True)
    ]


def cbp(step, rate):
    """One learner of each strength; the best is where both arguments say."""
    return [
        Setting(f"cbp:replacement_rate={r:g}", s, {100: 0.8 - abs(np.log(s / step)) - 0.1 * abs(np.log(r / rate))})
        for s in STEPS
        for r in RATES
    ]


def with_second_round(tried, accuracies):
    """The finalists with three more seeds."""
    last = [(each.method, each.step_size) for each in finalists(tried, tried[0].kind)]
    more = dict(zip(last, accuracies, strict=True))
    return [
        Setting(each.method, each.step_size, each.accuracies | dict.fromkeys(range(104, 107), more[key]))
        if (key := (each.method, each.step_size)) in more
        else each
        for each in tried
    ]


def test_the_three_best_of_the_first_round_go_on_without_any_that_diverged():
    tried = plain([0.6, 0.9, 0.7, 0.8])
    tried[1].accuracies[102] = math.nan
    assert [each.step_size for each in finalists(tried, "none")] == [0.1, 0.05, 0.01]
    with pytest.raises(ValueError, match="without a learner that diverged"):
        finalists(plain([math.nan] * 4), "none")


def test_seeds_of_the_second_round_do_not_change_who_is_in_it():
    tried = with_second_round(plain([0.6, 0.9, 0.7, 0.8]), [0.1, 0.1, 0.1])
    assert [each.step_size for each in finalists(tried, "none")] == [0.025, 0.1, 0.05]


def test_the_best_has_the_highest_mean_over_all_its_seeds():
    tried = plain([0.6, 0.7, 0.68, 0.5])
    with pytest.raises(ValueError, match="has not run its second round"):
        best(tried, "none")
    assert best(with_second_round(tried, [0.7, 0.9, 0.6]), "none").step_size == 0.05
    assert best(with_second_round(tried, [0.9, math.nan, 0.6]), "none").step_size == 0.025
    with pytest.raises(ValueError, match="diverged in every finalist"):
        best(with_second_round(tried, [math.nan] * 3), "none")


@pytest.mark.parametrize(
    ("accuracies", "steps", "asked"),
    [
        ([0.6, 0.9, 0.7, 0.8], STEPS, []),
        ([0.9, 0.6, 0.7, 0.8], STEPS, [0.005]),
        ([0.6, 0.6, 0.7, 0.8], STEPS, [0.2]),
        ([0.9, 0.8, 0.6, 0.7, 0.8], (0.005, *STEPS), [0.0025]),
        ([0.9, 0.8, 0.8, 0.6, 0.7, 0.8], (0.0025, 0.005, *STEPS), []),
        ([0.6, 0.6, 0.7, 0.8, 0.9, 0.95], (*STEPS, 0.2, 0.4), []),
    ],
)
def test_a_grid_of_steps_goes_on_where_the_best_lies_at_its_end_and_twice_at_the_most(accuracies, steps, asked):
    assert asked_for(plain(accuracies, steps=steps), "none") == [("none", step) for step in asked]


def test_a_grid_of_strengths_goes_on_at_every_step_size():
    assert asked_for(cbp(0.025, 3e-4), "cbp") == []
    assert asked_for(cbp(0.025, 3e-5), "cbp") == [("cbp:replacement_rate=1e-05", step) for step in STEPS]
    assert asked_for(cbp(0.1, 3e-2), "cbp") == [
        *((f"cbp:replacement_rate={rate:g}", 0.2) for rate in (0.0003, 0.003, 0.03, 3e-05)),
        *(("cbp:replacement_rate=0.09", step) for step in STEPS),
    ]


def test_grids_are_finished_before_finalists_get_more_seeds():
    tried = plain([0.9, 0.6, 0.7, 0.8]) + cbp(0.025, 3e-4)
    ahead = next_round(tried)
    assert ("none", 0.005, range(100, 104)) in ahead
    assert {each for each in ahead if each[0] != "none"} == {
        (f"cbp:replacement_rate={rate:g}", 0.025, range(104, 107)) for rate in (3e-5, 3e-4, 3e-3)
    }
    assert len(ahead) == 1 + 3
    assert next_round(with_second_round(plain([0.6, 0.9, 0.7, 0.8]), [0.7, 0.8, 0.6])) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A search of two step sizes and one learner."""
    top = tmp_path_factory.mktemp("runs")
    for step in ("0.01", "0.025"):
        words = ["--tasks", "1", "--epochs", "1", "--methods", "none", "--seeds", "100:102", "--step-size", step]
        words += ["--workers", "1"]
        assert main(["reproduce", "step_search", *words, "--out", str(top / f"step_search_{step}")]) == 0
    return top


def test_the_jobs_that_come_next_can_be_put_into_a_queue(folder, tmp_path, capsys):
    (((data, classes), runs),) = searches(folder).items()
    assert (data, classes, len(runs)) == ("procedural", "all", 2)
    lines = jobs(runs)
    (tmp_path / "queue.txt").write_text("\n".join(lines) + "\n")
    first = read_jobs(tmp_path / "queue.txt")[0]
    assert "none" in first.words
    capsys.readouterr()
    assert main(["book", "step-search", str(folder)]) == 0
    told = capsys.readouterr().out
    assert all(f"next: {line}" in told for line in lines)
    assert "none at step size 0.0" in told


def test_a_second_job_of_the_same_seeds_has_another_name(folder):
    [runs] = searches(folder).values()
    [before] = {line.split(":")[0] for line in jobs(runs)}
    known = [*runs, replace(runs[0], folder=folder / before)]
    assert {line.split(":")[0] for line in jobs(known)} == {f"{before}_2"}


def test_a_folder_without_a_search_is_refused(tmp_path, capsys):
    assert main(["book", "step-search", str(tmp_path)]) == 2
    assert "no finished run of step_search" in capsys.readouterr().err
