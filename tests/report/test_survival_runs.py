"""Survival runs, made up: their dead are told as dead, and claims on accuracies leave them out, whatever came out."""

import json
from dataclasses import replace

import pytest

from lop_tutorial.experiments import plan
from lop_tutorial.figures import accuracy_over_tasks
from lop_tutorial.publishing.claims_page import page
from lop_tutorial.report.bin_table import bin_table
from lop_tutorial.report.claims.collect import collect
from lop_tutorial.report.claims.poster import PARTS
from lop_tutorial.report.page import section
from lop_tutorial.report.run_report import RunReport
from lop_tutorial.running import Run

TASKS = 40
LEARNS, AT_CHANCE, DIVERGED = 0.9, 0.5, float("nan")


def make_run(folder, lives, *, dead_after=5, finished=True):
    """No Intv. on pairs, with a list of training accuracies a seed; on new pictures a tenth lower, or at chance."""
    folder.mkdir()
    chosen = replace(plan("death", "quick"), tasks=TASKS, seeds=tuple(range(len(lives))), dead_after=dead_after)
    (folder / "config.json").write_text(json.dumps({"profile": "quick"} | chosen.as_config()))
    origin = {"command": "lop-tutorial reproduce death", "date": "today", "device": "CPU", "commit": "a" * 40}
    (folder / "environment.json").write_text(json.dumps(origin | {"finished": finished}))
    lines = ["method,seed,task,train_accuracy,test_accuracy,train_loss"]
    for seed, accuracies in enumerate(lives):
        for task, value in enumerate(accuracies):
            test = value if value == AT_CHANCE else value - 0.1 - 0.001 * task - 0.002 * seed
            lines.append(f"none,{seed},{task},{value},{test:.6f},0.1")
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    return Run.open(folder)


def dies_after(tasks):
    return [LEARNS] * tasks + [AT_CHANCE] * 5


DEAD = [dies_after(tasks) for tasks in (3, 5, 8, 12, 2, 20)]
ALIVE = [[LEARNS] * TASKS] * 6


@pytest.mark.parametrize("lives", [DEAD, ALIVE, DEAD[:3] + ALIVE[:3]], ids=["all dead", "none dead", "some dead"])
def test_it_is_no_evidence_on_accuracies_at_equal_tasks(tmp_path, lives):
    """By its plan, not by what came out: the same rows from a plan without `dead_after` are evidence."""
    make_run(tmp_path / "as_lives", lives)
    assert collect(tmp_path) == ()
    make_run(tmp_path / "as_accuracies", lives, dead_after=0)
    (source,) = collect(tmp_path)
    assert source.name == "as_accuracies"


def test_nobody_who_stopped_dead_is_told_as_diverged_by_any_claim(tmp_path):
    make_run(tmp_path / "lives", DEAD)
    stored = collect(tmp_path)
    told = [
        str(number)
        for part in PARTS.values()
        for claim in part
        for piece in claim.evidence(stored)
        for number in piece.numbers
    ]
    assert not [each for each in told if "diverged" in each]


def test_the_page_of_claims_says_that_lives_are_left_out_and_by_what():
    rule = page().split("## The rule")[1].split("## Loss of plasticity")[0]
    assert "`dead_after`" in rule
    assert "{doc}`chapters/lifetimes`" in rule


def test_who_is_dead_is_done_and_told_apart_from_who_diverged(tmp_path):
    run = make_run(tmp_path / "run", [dies_after(3), ALIVE[0], [LEARNS, LEARNS, DIVERGED], dies_after(TASKS - 5)])
    assert RunReport(run).progress() == (
        "Finished; 4 of 4 learners are done; diverged: No Intv. (seed 2); "
        "dead, at chance in 5 tasks running: No Intv. (seed 0 after 3 tasks, seed 3 after 35 tasks)."
    )


def test_in_a_run_on_its_way_who_is_at_chance_for_less_long_is_not_dead(tmp_path):
    run = make_run(tmp_path / "run", [dies_after(3), dies_after(3)[:-1]], finished=False)
    assert RunReport(run).progress() == (
        "Not finished: 15 rows; 1 of 2 learners are done; "
        "dead, at chance in 5 tasks running: No Intv. (seed 0 after 3 tasks)."
    )


def test_without_the_rule_of_death_who_stays_at_chance_is_no_matter(tmp_path):
    run = make_run(tmp_path / "run", [[LEARNS] * 10 + [AT_CHANCE] * 30], dead_after=0)
    assert RunReport(run).progress() == "Finished; 1 of 1 learners are done."
    assert "dead" not in RunReport(run).accuracies().note


def test_its_table_says_that_later_bins_are_those_of_the_living(tmp_path):
    run = make_run(tmp_path / "run", [dies_after(3), ALIVE[0], ALIVE[0]])
    table = RunReport(run).accuracies()
    assert [line[-1].split("\n")[-1] for line in table.lines] == ["n = 2", "n = 2"]
    assert "has stopped and counts in the bins that it finished" in table.note
    assert table.note in section(RunReport(run), None)
    assert "has stopped" in bin_table(run.results, dead_after=5).note


def test_a_figure_of_lives_that_all_ended_does_not_say_that_they_are_on_their_way(tmp_path):
    figure = accuracy_over_tasks(make_run(tmp_path / "run", DEAD).results)
    said = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert "no learner has gone through all tasks" in said
