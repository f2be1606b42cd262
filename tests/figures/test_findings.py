"""Pictures of the findings: what is drawn is what was measured, and the law is what the tasks did, added up."""

import numpy as np
import pytest

from lop_tutorial.figures.findings import (
    before_a_task,
    mixup_against_fresh,
    mixup_differences,
    product_law,
    telling_before_a_task,
    width_gap,
)
from lop_tutorial.report.claims.comparison import Comparison, Source, learners
from lop_tutorial.report.suspect_verdicts import SuspectScores
from lop_tutorial.running.results import Interval, Results


def drawn(figure):
    (ax,) = figure.axes
    return {
        line.get_gid(): line for line in ax.get_lines() if not str(line.get_gid()).startswith("_") and line.get_gid()
    }


def test_the_gap_of_each_width_is_old_minus_fresh_over_the_last_tasks():
    late = {("none", 2): 0.6, ("retrained", 2): 0.9, ("none", 8): 0.85, ("retrained", 8): 0.9}
    rows = [
        {
            "method": method,
            "seed": seed,
            "width": width,
            "task": task,
            "train_accuracy": 1.0 - 0.1 * (method == "none"),
            "test_accuracy": value if task else 0.5,
        }
        for (method, width), value in late.items()
        for seed in range(3)
        for task in range(3)
    ]
    lines = drawn(width_gap(Results(tuple(rows)), ends=2))
    assert lines["test_accuracy"].get_ydata() == pytest.approx([-30, -5])
    assert lines["train_accuracy"].get_ydata() == pytest.approx([-10, -10])


def test_the_product_law_adds_what_every_task_did_to_where_the_first_began():
    start = np.array([[0.0, -0.5, -0.5], [0.2, -0.3, -0.3]])
    end = start - 1
    lines = drawn(product_law(start, end))
    assert lines["the product law"].get_ydata() == pytest.approx([-0.9, -1.9, -2.9])
    assert lines["measured"].get_ydata() == pytest.approx([-0.9, -1.4, -1.4])


def test_every_experiment_with_enough_seeds_is_in_the_picture_and_no_other():
    def experiment(seeds, about="pairs, SmallConv", benchmark="pairs"):
        fresh = np.linspace(0.7, 0.9, seeds)[:, None].repeat(5, axis=1)
        both = {
            "retrained": learners(range(seeds), test_accuracy=fresh, train_accuracy=fresh),
            "g_mixup": learners(range(seeds), test_accuracy=fresh - 0.02, train_accuracy=fresh),
        }
        return Comparison(about, benchmark, "cifar100", 64, both)

    enough, few, added = experiment(5), experiment(4), experiment(8, benchmark="increments")
    stored = [Source("a", (enough, few)), Source("b", (added, experiment(6, "pairs, MLP")))]
    found = [(each.network, float(each.gap.mean)) for each in mixup_differences(stored)]
    assert found == [("the paper's networks", pytest.approx(-0.02)), ("small networks", pytest.approx(-0.02))]
    (ax,) = mixup_against_fresh(stored).axes
    bars = {bar.get_gid(): bar.get_width() for bar in ax.patches}
    assert bars == {"the paper's networks: below": 1, "small networks: below": 1}


def test_bars_count_what_lies_above_includes_zero_and_lies_below():
    def experiment(about, by):
        fresh = np.linspace(0.7, 0.9, 5)[:, None].repeat(5, axis=1)
        plain, mixed = fresh - 0.3, fresh + np.array(by)[:, None]
        three = {"none": plain, "retrained": fresh, "g_mixup": mixed}
        both = {name: learners(range(5), test_accuracy=a, train_accuracy=a) for name, a in three.items()}
        return Comparison(about, "pairs", "cifar100", 64, both)

    better = experiment("pairs of CIFAR-100, SmallConv, d = 64, step 0.1, 50 tasks", [0.03] * 5)
    level = experiment("pairs of CIFAR-100, SmallConv, d = 64, step 0.2, 50 tasks", [0.1, -0.1, 0.1, -0.1, -0.05])
    worse = experiment("pairs of CIFAR-100, MLP, d = 2, squared error, step 0.3, 50 tasks", [-0.2] * 5)
    stored = [Source("a", (worse, level, better))]
    (ax,) = mixup_against_fresh(stored).axes
    bars = {bar.get_gid(): (bar.get_x(), bar.get_width()) for bar in ax.patches}
    assert bars == {
        "the paper's networks: above": (0, 1),
        "the paper's networks: level": (1, 1),
        "small networks: below": (0, 1),
    }
    assert [label.get_text() for label in ax.get_yticklabels()] == ["the paper's networks", "small networks"]
    gaps = list(mixup_differences(stored))
    assert [float(each.lost.mean) for each in gaps] == pytest.approx([-0.3] * 3)
    assert [float(each.gained.mean) for each in gaps] == pytest.approx([0.1, 0.29, 0.33])


def score(suspect, mean, setting="type1"):
    around = Interval(*(np.array(mean + by) for by in (0, -0.05, 0.05)))
    return SuspectScores(suspect, setting, "train_gap", 9, *[around] * 5, (), around)


def test_a_measurement_against_its_source_is_hollow_and_the_unnamed_are_grey():
    found = [
        score("ftle_within", 0.6),
        score("ftle_between", 0.6),
        score("effective_rank", 0.2),
        score("weight_norm", -0.1),
        score("ftle_within", np.nan, "type2"),
    ]
    named = {"ftle_within": "within", "ftle_between": "between"}
    panels = {"narrow": ("type1", "train_gap")}
    (ax,) = before_a_task(found, named, panels).axes
    dots = {line.get_gid(): line for line in ax.get_lines()}
    assert dots["misleads"].get_xydata().tolist() == [[0.6, 1]]
    assert dots["misleads"].get_markerfacecolor() == "white" != dots["ftle_within"].get_markerfacecolor()
    assert dots["others"].get_xydata().tolist() == [[0.2, 2], [-0.1, 2]]
    (ax,) = before_a_task(found[4:], {"ftle_within": "within"}, {"wide": ("type2", "train_gap")}).axes
    assert "does not vary" in [text.get_text() for text in ax.texts]


def test_a_dot_is_dark_where_a_measurement_tells():
    found = [
        score("ftle_within", 0.6),
        score("frozen_units", -0.5),
        score("weight_norm", 0.1),
        score("age", 0.9),
        score("ftle_within", 0.2, "type2"),
    ]
    rows = {"narrow": ("type1", "train_gap"), "wide": ("type2", "train_gap")}
    (ax,) = telling_before_a_task(found, ("ftle_within", "frozen_units", "weight_norm"), rows).axes
    dots = {line.get_gid(): [float(x) for x in line.get_xdata()] for line in ax.get_lines()}
    assert dots["narrow: tells"] == [0.6, -0.5]
    assert dots["narrow: does not"] == [0.1]
    assert dots["wide: tells"] == []
    assert dots["wide: does not"] == [0.2]
