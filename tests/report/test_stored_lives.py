"""Lives of stored runs: found by what a run is, and a learner that is in two of them counts once."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

pytest.importorskip("lifelines", reason="needs the extra analysis")

from lop_tutorial.report.stored_lives import gather, planned_lives, stored_lives
from lop_tutorial.report.survival import FORMS, fit, lifetimes
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


ROUND_OF_300 = {
    "tinyimagenet": ["death_tinyimagenet_step_0.1", *(f"death_300_tinyimagenet_step_{step}" for step in (0.085, 0.07))],
    "cifar100": [f"death_300_cifar100_step_{step}" for step in (0.1, 0.085, 0.07)],
}
FITTED_FIRST = 0.07
"""The smallest step size that the law of the first three is fitted to."""


def test_the_lives_of_a_law_are_those_of_its_plan_and_no_others():
    found = planned_lives("failure", smallest=FITTED_FIRST)
    for data, names in ROUND_OF_300.items():
        assert [each.step_size for each in found[data]] == [0.1, 0.085, 0.07]
        for each, name in zip(found[data], names, strict=True):
            np.testing.assert_array_equal(each.times, lifetimes(stored(name), event="failure").times)
    for lives in planned_lives().values():
        assert all(len(each.times) == 8 for each in lives)
        assert [each.step_size for each in lives] == sorted({each.step_size for each in lives}, reverse=True)


def lived(lives):
    return ", ".join(
        f"{time:.0f}" + "+" * (not died) for time, died in sorted(zip(lives.times, lives.died, strict=True))
    )


def test_what_the_note_tells_of_the_first_round():
    """Every life, and the powers with their intervals."""
    note = stored_path("marathon.md").read_text(encoding="utf-8")
    for name in [*ROUND_OF_300["tinyimagenet"][1:], *ROUND_OF_300["cifar100"]]:
        run = stored(name)
        assert (run.config["dead_after"], run.config["tasks"], run.config["seeds"]) == (5, 300, list(range(8)))
        death, failure = (lifetimes(run, event=event) for event in ("death", "failure"))
        assert failure.died.all()
        assert f"| `{name}` | {death.died.sum()} of 8 | {lived(death)} | {lived(failure)} |" in note
    words = " ".join(note.split())
    for clock in ("tasks", "path_length"):
        for event in ("death", "failure"):
            for lives in planned_lives(event, clock, smallest=FITTED_FIRST).values():
                assert "{:.1f} ({:.1f} to {:.1f})".format(*map(float, fit(lives).slope_interval)) in words
                if clock == "tasks":
                    power, exponential = (fit(lives, form).aic for form in FORMS)
                    assert abs(power - exponential) < 0.4


def test_what_the_note_tells_of_0_05_and_of_all_four_steps():
    """Every life, powers, shapes, what the laws say of the benchmark, and of the next step."""
    note = stored_path("marathon.md").read_text(encoding="utf-8")
    part = note[note.index("*What came of 0.05") :]
    words = " ".join(part.split())
    for data in ROUND_OF_300:
        run = stored(name := f"death_300_{data}_step_0.05")
        assert (run.config["dead_after"], run.config["tasks"], run.config["seeds"]) == (5, 300, list(range(8)))
        death, failure = (lifetimes(run, event=event) for event in ("death", "failure"))
        assert f"| `{name}` | {death.died.sum()} of 8 | {lived(death)} | {lived(failure)} |" in part
        for event, counted in (("death", death), ("failure", failure)):
            before = planned_lives(event, smallest=FITTED_FIRST)[data]
            inside = []
            for form in FORMS:
                foretold = fit(before, form).dead_by(0.05, 300, 8)
                inside.append(bool(foretold.low <= counted.died.sum() <= foretold.high))
            assert inside == [True, (data, event) != ("cifar100", "death")]
    for event in ("death", "failure"):
        for clock in ("tasks", "path_length"):
            for lives in planned_lives(event, clock, smallest=0.05).values():
                assert "{:.1f} ({:.1f} to {:.1f})".format(*map(float, fit(lives).slope_interval)) in words
        for data, lives in planned_lives(event, smallest=0.05).items():
            laws = [fit(lives, form) for form in FORMS]
            slope = laws[0].slope_interval
            assert (slope.low > -3 or slope.high < -3) == ((data, event) == ("cifar100", "death"))
            first, second = (law.dead_by(0.04, 300, 8) for law in laws)
            said = " or ".join(f"{float(d.mean):.1f} ({d.low:.0f} to {d.high:.0f})" for d in (first, second))
            assert said in words
            assert f"{float(laws[0].shape.mean):.1f} " in words
            assert f"{float(laws[0].shape.low):.1f} to {float(laws[0].shape.high):.1f}" in words
    of_benchmark = {
        (event, data): [float(time) * 200 / 3000 for time in fit(lives).time(0.01)]
        for event in ("death", "failure")
        for data, lives in planned_lives(event, smallest=0.05).items()
    }
    for which, told in (
        (("failure", "tinyimagenet"), (2500, 420, 15_000)),
        (("failure", "cifar100"), (7200, 1100, 46_000)),
        (("death", "tinyimagenet"), (520_000, 1300, 270e6)),
        (("death", "cifar100"), (79_000, 2700, 2.9e6)),
    ):
        np.testing.assert_allclose(of_benchmark[which], told, rtol=0.035)


def test_what_the_readme_tells_of_failure():
    words = " ".join((stored_path("README.md").parents[1] / "README.md").read_text(encoding="utf-8").split())
    for key, name in (("cifar100", "CIFAR-100"), ("tinyimagenet", "Tiny ImageNet")):
        law = fit(planned_lives("failure")[key])
        power, low, high = (f"{float(value):.1f}".replace("-", "−") for value in law.slope_interval)
        assert f"{power} on {name} ({low} to {high})" in words


def test_what_the_note_foretells_of_0_05():
    words = " ".join(stored_path("marathon.md").read_text(encoding="utf-8").split())
    for event in ("death", "failure"):
        for lives in planned_lives(event, smallest=FITTED_FIRST).values():
            first, second = (fit(lives, form).dead_by(0.05, 300, 8) for form in FORMS)
            said = " or ".join(f"{float(d.mean):.1f} ({d.low:.0f} to {d.high:.0f})" for d in (first, second))
            assert said in words


HELD_OUT_RUN, HELD_OUT_STEP, LEARNERS = "death_300_held_out_cifar100_step_0.065", 0.065, 8


def part_held_out():
    note = stored_path("marathon.md").read_text(encoding="utf-8")
    return note[note.index("### Held out") : note.index("## Table 1, many tasks")]


def laws_of_the_held_out(event):
    return {form: fit(planned_lives(event, smallest=0.05)["cifar100"], form) for form in FORMS}


def test_what_the_note_foretells_of_the_held_out_run():
    part = part_held_out()
    words = " ".join(part.split())
    told = {}
    for event, called in (("death", "dead"), ("failure", "failed")):
        laws = laws_of_the_held_out(event)
        for time in (100, 300):
            each = [law.dead_by(HELD_OUT_STEP, time, LEARNERS) for law in laws.values()]
            said = " | ".join(f"{float(d.mean):.1f} ({d.low:.0f} to {d.high:.0f})" for d in each)
            assert f"| {called} | {time} | {said} |" in part
        for form, law in laws.items():
            told[form, event] = "{:.0f} ({:.0f} to {:.0f})".format(*map(float, law.time(HELD_OUT_STEP)))
    death, failure = told["power", "death"], told["power", "failure"]
    assert f"{death.replace(' (', ' tasks until death (')} and {failure.replace(' (', ' until failure (')}" in words
    assert f"{told['exponential', 'death']} and {told['exponential', 'failure']} by 1 / step size" in words


def test_how_sharp_the_note_says_the_held_out_run_is():
    """Failures, had lives been longer or shorter by a factor than the power law has them."""
    law, words = laws_of_the_held_out("failure")["power"], " ".join(part_held_out().split())

    def failed_by(time):
        late = (np.log(time) - law.constant - law.slope * np.log(HELD_OUT_STEP)) / law.scale
        return -np.expm1(-np.exp(late))

    few = [binom.cdf(6, LEARNERS, failed_by(300 / factor)) for factor in (2, 3)]
    soon = [failed_by(100 * factor) ** LEARNERS for factor in (2, 3)]
    assert f"with a probability of {few[0]:.2f}; if half as long, all eight by 100 tasks with {soon[0]:.2f}" in words
    assert f"by a factor of three, {few[1]:.2f} and {soon[1]:.2f}" in words


def test_what_the_note_tells_of_the_held_out_run():
    """Every life, and on which side of the ranges that were given beforehand each number lies."""
    run, part = stored(HELD_OUT_RUN), part_held_out()
    assert (run.config["data"], run.config["classes"], run.config["network"]) == ("cifar100", [80, 100], "smallconv")
    assert (run.config["dead_after"], run.config["tasks"], run.config["seeds"]) == (5, 300, list(range(500, 508)))
    assert not run.diverged
    death, failure = (lifetimes(run, event=event) for event in ("death", "failure"))
    row = f"{death.died.sum()} of 8 | {lived(death)} | {failure.died.sum()} of 8 | {lived(failure)} |"
    assert f"| `{HELD_OUT_RUN}` | {row}" in part
    assert "By 100 tasks three were dead and four had failed; by 300 tasks eight and eight." in part
    for event, seen, by_100 in (("death", death, 3), ("failure", failure, 4)):
        np.testing.assert_array_equal(planned_lives(event, held_out=True)["cifar100"][0].times, seen.times)
        assert seen.step_size == HELD_OUT_STEP
        numbers = {time: int((seen.died & (seen.times <= time)).sum()) for time in (100, 300)}
        assert numbers == {100: by_100, 300: 8}
        for law in laws_of_the_held_out(event).values():
            for time, number in numbers.items():
                foretold = law.dead_by(HELD_OUT_STEP, time, LEARNERS)
                assert foretold.low <= number <= foretold.high


def test_what_the_note_tells_of_the_held_out_medians_and_of_all_forty():
    words = " ".join(part_held_out().split())
    for event in ("death", "failure"):
        (seen,) = planned_lives(event, held_out=True)["cifar100"]
        median = [f"{float(value):.0f}" for value in seen.median]
        kaplan_and_meier = "Kaplan and Meier, " if event == "death" else ""
        assert f"{median[0]} until {event} ({kaplan_and_meier}{median[1]} to {median[2]})" in words
        laws = laws_of_the_held_out(event)
        ours = float(laws["power"].time(HELD_OUT_STEP).mean)
        assert seen.median.mean < ours
        assert f"{ours:.0f}" in words
        lives = [*planned_lives(event, smallest=0.05)["cifar100"], seen]
        assert sum(len(each.times) for each in lives) == 40
        slope = fit(lives).slope_interval
        assert "{:.1f} ({:.1f} to {:.1f}) until {}".format(*map(float, slope), event) in words
        assert slope.low < -3 < slope.high
    all_dead = []
    for form, law in laws_of_the_held_out("death").items():
        constant, by_step, log_scale = law.draws.T
        late = (np.log(300) - constant - by_step * FORMS[form](HELD_OUT_STEP)) / np.exp(log_scale)
        all_dead.append(np.mean((-np.expm1(-np.exp(late))) ** LEARNERS))
    assert "eight dead a probability of {:.2f}, 1 / step size {:.2f}".format(*all_dead) in words


def test_what_the_note_tells_of_the_length_of_the_held_out_lives():
    """Of Weibull lives of a known shape, the sum of (time / scale)^shape is Gamma distributed."""
    words, draw = " ".join(part_held_out().split()), np.random.default_rng(0)
    for event, told in (("death", (0.52, 0.26, 1.17)), ("failure", (0.84, 0.54, 1.50))):
        (seen,) = planned_lives(event, held_out=True)["cifar100"]
        law, log_times, f = laws_of_the_held_out(event)["power"], np.log(seen.times), np.log(HELD_OUT_STEP)
        factor = np.mean(np.exp((log_times - law.constant - law.slope * f) / law.scale)) ** law.scale
        constant, slope, scale = law.draws[:, 0], law.draws[:, 1], np.exp(law.draws[:, 2])
        risk = np.exp((log_times - (constant + slope * f)[:, None]) / scale[:, None]).sum(axis=1)
        factors = (risk / draw.gamma(LEARNERS, size=len(risk))) ** scale
        np.testing.assert_allclose([factor, *np.quantile(factors, [0.025, 0.975])], told, rtol=0.03)
        assert f"{told[0]:.2f} times" in words
        assert f"{told[1]:.2f} to {told[2]:.2f})" in words
