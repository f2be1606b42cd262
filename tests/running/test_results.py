import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from lop_tutorial.report import bin_table, paper_table
from lop_tutorial.running import Results, interval
from lop_tutorial.running.results import finite


def row(method, seed, task, accuracy):
    return {
        "method": method,
        "seed": seed,
        "task": task,
        "train_accuracy": 1.0,
        "test_accuracy": accuracy,
        "train_loss": 0.0,
    }


@pytest.fixture
def results():
    """Two methods, two seeds, seven tasks; test accuracy falls by .01 a task for one and stays at .8 for the other."""
    falling = [row("none", seed, t, 0.9 + 0.02 * seed - 0.01 * t) for seed in (4, 2) for t in range(7)]
    return Results((*falling, *(row("retrained", seed, t, 0.8) for seed in (2, 4) for t in range(7))))


def test_curves_are_by_rising_seed(results):
    curves = results.curves("none")
    np.testing.assert_allclose(curves[0], 0.94 - 0.01 * np.arange(7))  # seed 2
    np.testing.assert_allclose(curves[1], 0.98 - 0.01 * np.arange(7))


def test_bins_are_nearly_equal(results):
    assert results.bin_edges(3) == [(1, 3), (4, 5), (6, 7)]
    np.testing.assert_allclose(results.binned("none", bins=3)[0], [0.93, 0.905, 0.885])


def test_a_learner_that_stopped_counts_only_where_it_has_been(results):
    short = Results(tuple(r for r in results.rows if not (r["method"] == "none" and r["seed"] == 4 and r["task"] > 4)))
    binned = short.binned("none", bins=3)
    assert np.isnan(binned[1]).tolist() == [False, False, True]
    assert len(finite(binned)) == 1
    lines = {line[:2]: line for line in bin_table(short, bins=3).lines}
    assert lines["No Intv.", "test"][-1] == "0.885\nn = 1"
    assert "n =" not in lines["No Intv.", "test"][2]


def test_methods_are_paired_by_seed_and_not_by_place():
    """Of "none" the seeds 0, 1, 2 are there, of "cbp" the seeds 1, 2, 3: 1 and 2 are shared."""
    rows = [row("none", seed, task, 0.1 * seed) for seed in range(3) for task in range(2)]
    rows += [row("cbp", seed, task, 0.1 * seed + 0.5) for seed in (3, 2, 1) for task in range(2)]
    paired = Results(tuple(rows), planned=4).paired("cbp", "none")
    assert paired.tasks == 4
    assert paired.seeds("cbp") == paired.seeds("none") == [1, 2]
    difference = paired.curves("cbp") - paired.curves("none")
    np.testing.assert_allclose(difference, [[0.5, 0.5, np.nan, np.nan]] * 2)
    assert not Results(tuple(rows)).paired("cbp", "layer_norm").rows


COVERAGE = {  # of 3 to 10 seeds: what the docstring of `interval` says, as lowest and highest
    "normal": (lambda draw, size: draw.normal(size=size), 0.0, 0.95, 0.95),
    "uniform": (lambda draw, size: draw.random(size), 0.5, 0.92, 0.95),
    "exponential": (lambda draw, size: draw.exponential(size=size), 1.0, 0.88, 0.90),
    "log-normal": (lambda draw, size: draw.lognormal(size=size), math.exp(0.5), 0.82, 0.84),
    "paired difference of exponentials": (
        lambda draw, size: draw.exponential(size=size) - draw.exponential(size=size),
        0.0,
        0.95,
        0.97,
    ),
}


@pytest.mark.parametrize("kind", COVERAGE)
@pytest.mark.parametrize("seeds", range(3, 11))
def test_an_interval_covers_the_mean_as_often_as_its_docstring_says(kind, seeds):
    """40,000 experiments each, so that the measured coverage is within 0.5 points at two standard errors."""
    sample, truth, lowest, highest = COVERAGE[kind]
    found = interval(sample(np.random.default_rng(seeds), (seeds, 40_000)))
    covered = np.mean((found.low <= truth) & (truth <= found.high))
    assert lowest - 0.006 < covered < highest + 0.006


def test_an_interval_is_that_of_the_t_test():
    values = np.array([0.31, 0.52, 0.18, 0.44])
    theirs = ttest_1samp(values, 0).confidence_interval(0.95)
    assert interval(values) == pytest.approx((values.mean(), theirs.low, theirs.high))


def test_an_infinite_value_leaves_no_interval():
    found = interval(np.array([[-np.inf, 1.0], [-2.0, 3.0]]))
    assert found.mean.tolist() == [-np.inf, 2.0]
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert np.isfinite([found.low[1], found.high[1]]).all()


def test_one_seed_has_no_interval():
    found = interval(np.array([[0.5, 0.6]]))
    assert found.mean.tolist() == [0.5, 0.6]
    assert np.isnan(found.low).all()


def test_the_papers_numbers():
    one, four = paper_table(1), paper_table(4)
    assert one.rows["No Intv."] == (0.817, 0.805, 0.562, 0.500, 0.500)
    assert one.rows["G-mixup"][-1] == 0.879
    assert four.rows["CBP"][-1] == four.rows["G-mixup"][-1] == 0.768
    assert [len(paper_table(n).rows) for n in (1, 2, 3, 4)] == [6] * 4
    with pytest.raises(ValueError, match="table 5"):
        paper_table(5)


def test_the_table_sets_the_paper_beside_ours_and_says_so(results):
    shown = bin_table(results, bins=5, paper=1, data="toy")
    assert shown.header[2:] == ("tasks\n1–2", "tasks\n3–4", "tasks\n5", "tasks\n6", "tasks\n7")
    assert [line[:2] for line in shown.lines[:3]] == [
        ("No Intv.", "train"),
        ("No Intv.", "test"),
        ("No Intv.", "paper"),
    ]
    assert shown.lines[2][2:] == ("0.817", "0.805", "0.562", "0.500", "0.500")
    assert shown.lines[4][2] == "0.800\n.800–.800"
    assert "another data set and protocol" in shown.note
    assert shown._repr_markdown_().count("\n") == 2 + 6 + 1


HEAD = "method,seed,task,train_accuracy,test_accuracy\n"


def test_a_csv_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("method,seed,task,train_accuracy,test_accuracy,extra\nnone,3,0,0.5,nan,7\n")
    (read,) = Results.read(path).rows
    assert (read["method"], read["seed"], read["task"], read["extra"]) == ("none", 3, 0, 7.0)
    assert np.isnan(read["test_accuracy"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method,seed,task,train_accuracy\n", "column 'test_accuracy' is missing"),
        ("method,seed,task,train_accuracy,test_accuracy\nnone,0,0,0.5,0.5\nnone,0,1,0.\n", "line 3"),
        ("method,seed,task,train_accuracy,test_accuracy\nnone,x,0,0.5,0.5\n", "line 2.*'x'"),
        ("", "column 'method' is missing"),
        (f"{HEAD}none,0,0,0.5,0.5\nnone,1,0,0.5,0.5\nnone,0,0,0.9,0.9\n", "line 4: task 0 of this learner came before"),
        (f"{HEAD}none,0,0,0.5,0.5,7\n", "line 2: 6 cells for 5 columns"),
        (f"{HEAD}none,0,-1,0.5,0.5\n", "line 2: task is -1; tasks are counted from 0"),
        (f"{HEAD}none,0,0,0.5,50\n", "line 2: test_accuracy is 50.0; it must lie between 0 and 1"),
    ],
)
def test_a_damaged_csv_is_named(text, message, tmp_path):
    (tmp_path / "metrics.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        Results.read(tmp_path / "metrics.csv")
