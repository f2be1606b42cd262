"""Every run that the book shows says where it came from, and is whole."""

import json
import math
import re
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import t as student_t

from lop_tutorial.experiments.catalogue import two_types
from lop_tutorial.experiments.controls import FRESH, LIVES
from lop_tutorial.experiments.cures import EXPERIMENTS, METHODS
from lop_tutorial.experiments.inheritance import (
    FITTED,
    HELD_OUT,
    PLACES,
    by_model,
    starts_and_ends,
)
from lop_tutorial.experiments.suspects import CONTROLS, EVERY
from lop_tutorial.experiments.sweeps import SWEEPS
from lop_tutorial.experiments.type2_settings import SETTINGS, USUAL
from lop_tutorial.experiments.weight_walk import first_size, size_alone, stored_walks
from lop_tutorial.figures.findings import mixup_differences
from lop_tutorial.geometry.line_up import LINE_UP
from lop_tutorial.interventions import title as title_of
from lop_tutorial.report import paper_table
from lop_tutorial.report.claims.collect import in_results
from lop_tutorial.report.control_verdicts import DECIDES, beside, of_change, of_kind, of_time
from lop_tutorial.report.cure_shifts import LATE, finding, shifts, verdict_as_cause
from lop_tutorial.report.loss_type import loss_type
from lop_tutorial.report.suspect_held_out import PARENTS, agreement, lost
from lop_tutorial.report.suspect_scores import GAPS
from lop_tutorial.report.suspect_sheet import by_suspect, stored_scores, stored_skill_of_all, stored_states
from lop_tutorial.report.suspect_verdicts import as_markdown, verdict
from lop_tutorial.running import Results, Run, finite, interval, stored
from lop_tutorial.running.death import died_in, failed_in
from lop_tutorial.running.table import load
from lop_tutorial.theory.laws import Growing, PowerLaw, Settling, error

RESULTS = Path(__file__).resolve().parents[1] / "results"
RUNS = sorted(path.parent.name for path in RESULTS.glob("*/metrics.csv"))
TABLES = sorted(path.parent.name for path in RESULTS.glob("*/table.csv"))


def test_there_are_runs_and_studies_and_nothing_else():
    assert RUNS
    assert TABLES
    assert {path.name for path in RESULTS.iterdir() if path.is_dir()} == {*RUNS, *TABLES}


@pytest.mark.parametrize("name", [name for name in TABLES if name in SWEEPS])
def test_a_stored_study_is_whole_and_carries_its_origin(name):
    config, origin = (json.loads((RESULTS / name / f"{part}.json").read_text()) for part in ("config", "environment"))
    assert config["name"] == name
    assert origin["finished"] is True
    assert re.fullmatch(r"[0-9a-f]{40}", origin["commit"]), "the code must have been committed"
    assert re.search(f"lop-tutorial (study|reproduce) {name} ", origin["command"])
    for key in ("date", "device", "packages", "python", "wall_seconds"):
        assert origin[key]
    assert set(config["data_sha256"]) == set(config["data"])
    sweep, table = SWEEPS[name], load(name).table
    asked = [
        (*part.values(), method, seed)
        for part in sweep.parts
        for method in sweep.base.methods
        for seed in sweep.base.seeds
    ]
    key = ("data", "loss", "step_size", "method", "seed")
    assert sorted(tuple(row[name] for name in key) for row in table.rows) == sorted(asked)
    assert list(config["base"]["methods"]) == list(sweep.base.methods)
    for row in table.rows:
        assert math.isnan(row["test_late"]) == (row["diverged_in"] is not None)


@pytest.mark.parametrize("trial", [one for one in EXPERIMENTS if one.name in TABLES], ids=lambda one: one.name)
def test_a_stored_trial_of_cures_is_whole_and_carries_its_origin(trial):
    config, origin = (json.loads((RESULTS / trial.name / f"{x}.json").read_text()) for x in ("config", "environment"))
    assert (config["name"], config["tasks"], tuple(config["seeds"])) == (trial.name, trial.tasks, trial.seeds)
    assert origin["finished"] is True
    assert re.fullmatch(r"[0-9a-f]{40}", origin["commit"]), "the code must have been committed"
    assert origin["command"].startswith(f"lop-tutorial reproduce {trial.name} ")
    assert not re.search(r"\s/", origin["command"]), "no path of one machine"
    table = load(trial.name).table
    measured = list(range(EVERY - 1, trial.tasks, EVERY))
    for part in trial.parts:
        for seed in trial.seeds:
            life = [row for row in table.where(**part).rows if row["seed"] == seed]
            assert [row["task"] for row in life] == measured[: len(life)]
            assert len(life) == len(measured) or part["setting"] == "cifar100", "on toys no network diverged"
    assert {row["method"] for row in table.rows} == set(METHODS)


def test_what_the_note_on_cures_tells_of_pairs_and_of_all_settings():
    names = [suspect.name for suspect in LINE_UP]
    toys = [shifts(load(f"cures_{name}").table, name, names) for name in ("type1", "type2")]
    pairs = shifts(load("cures_pairs").table, "cifar100", names)
    text = " ".join((RESULTS / "cures.md").read_text(encoding="utf-8").replace("−", "-").split())
    part = text[text.index("### Pairs, sixteen seeds") :]
    for method in METHODS:
        if method != "retrained":
            cells = [
                "{:.1f} ({:.1f} to {:.1f})".format(*(100 * float(x) for x in pairs.gap(method, what, reference)))
                for reference in ("retrained", "none")[: 1 if method == "none" else 2]
                for what in (0, 1)
            ]
            assert f"| {' | '.join(cells)} |" in part, method
    assert [pairs.diverged(method) for method in METHODS] == [3, 1, 0, 0, 1, 4, 0, 0, 2, 0]
    assert np.isfinite(pairs.accuracies[:2, :, 0]).all(axis=0).sum() == 12
    assert {pairs.cures(method, what) for method in METHODS[2:] for what in (0, 1)} == {True}
    found = {name: verdict_as_cause([finding(one, name) for one in (*toys, pairs)]) for name in names}
    assert Counter(found.values()) == {"cleared": 14, "stands": 8, "open": 4}
    told = ["ftle_within", "ftle_between", "ftle_within_zero", "ftle_between_zero", "effective_rank", "feature_rank"]
    assert {name for name, one in found.items() if one == "stands"} == {*told, "gradient_coherence", "hessian_rank"}
    late = [row for row in load("cures_pairs").table.rows if row["task"] >= LATE]
    old, fresh = (np.array([row["ftle_within"] for row in late if row["method"] == m]) for m in METHODS[:2])
    assert (len(old), np.isneginf(old).sum()) == (39, 31)
    alive = old[np.isfinite(old)]
    assert (alive.min().round(2), alive.max().round(2)) == (0.35, 0.83)
    assert fresh.max() < alive.min()
    assert abs(np.median(fresh) + 0.5) < 0.06


@pytest.mark.parametrize("name", RUNS)
def test_a_stored_run_is_whole_and_carries_its_origin(name):
    run = stored(name)
    assert isinstance(run, Run)
    assert run.environment["finished"] is True
    assert re.fullmatch(r"[0-9a-f]{40}", run.environment["commit"]), "the code must have been committed"
    assert run.config["data"] == "points" or re.fullmatch(r"[0-9a-f]{64}", run.config["data_sha256"])
    assert run.environment["command"].startswith("lop-tutorial reproduce ")
    assert not re.search(r"\s/", run.environment["command"]), "no path of one machine"
    for key in ("date", "device", "packages", "python", "wall_seconds"):
        assert run.environment[key]
    results = run.results
    assert results.widths == tuple(run.config.get("widths", ()))
    for part in [results.at(width) for width in results.widths] or [results]:
        _is_whole(part, run.config)


def _is_whole(results, config):
    learners = {(row["method"], row["seed"]) for row in results.rows}
    assert learners == {(method, seed) for method in config["methods"] for seed in config["seeds"]}
    for method, seed in learners:
        life = [row for row in results.rows if (row["method"], row["seed"]) == (method, seed)]
        assert [row["task"] for row in life] == list(range(len(life)))
        diverged = [math.isnan(row["train_accuracy"]) for row in life]
        assert not any(diverged[:-1])
        running = config.get("dead_after", 0)
        died = died_in([row["train_accuracy"] for row in life], running) if running else None
        assert len(life) == (config["tasks"] if died is None else died + running) or diverged[-1]


def test_what_chapter_1_tells_of_its_runs():
    """The numbers in its text that no cell prints."""
    cifar, tiny = (stored(f"class_pairs_{name}").results for name in ("cifar100", "tinyimagenet"))
    first_below = [(life < 0.6).argmax() + 1 for life in finite(cifar.curves("none", "train_accuracy"))]
    assert (min(first_below), max(first_below)) == (11, 81)
    dead = [(finite(run.curves("none"))[:, -10:] == 0.5).all(axis=1) for run in (cifar, tiny)]
    assert [(sum(each), len(each)) for each in dead] == [(5, 7), (4, 8)]
    back = cifar.curves("none")[0]
    assert back[30:40].mean() < 0.51
    assert back[50:60].mean() == pytest.approx(0.77, abs=0.005)
    assert [(row["method"], row["task"]) for row in cifar.rows if math.isnan(row["test_accuracy"])] == [("none", 4)]
    assert [(run.curves("retrained", "train_accuracy") < 0.6).sum() for run in (cifar, tiny)] == [2, 1]


MIXING = {
    "fresh": "retrained",
    "no mixing": "none",
    "inter": "g_mixup:M=1:intra=0",
    "intra": "g_mixup:M=1:intra=1:intra_weight=1",
    "both": "g_mixup:M=1:intra_weight=1",
}
"""The toys' methods, by the names that the chapter on Generalized Mixup gives them."""


def toys(number, form, quantity):
    """A curve for each of the 16 networks of a toy, known seeds and held-out ones."""
    runs = (stored(f"type{number}{part}").results for part in ("", "_held_out"))
    return np.concatenate([run.curves(MIXING[form], quantity) for run in runs])


def test_what_the_chapter_on_generalized_mixup_tells_of_the_toys():
    """Its table, and the numbers in its text that no cell prints."""
    text = (RESULTS.parent / "book/chapters/generalized_mixup.ipynb").read_text(encoding="utf-8")
    for form in MIXING:
        row = f"| {form} |"
        for number, part in ((1, "train"), (2, "test")):
            found = interval(toys(number, form, f"{part}_accuracy")[:, -10:].mean(axis=1))
            two_groups = (form, number) == ("both", 1)  # a mean of living and dead networks describes none of them
            row += (
                " 12 of 16 above 0.85, 4 at chance |"
                if two_groups
                else f" {found.mean:.3f} ({found.low:.3f} to {found.high:.3f}) |"
            )
        assert row in text.replace("**", "")
    both = sorted(toys(1, "both", "train_accuracy")[:, -10:].mean(axis=1))
    assert max(both[:4]) < 0.51
    assert min(both[4:]) > 0.85
    assert (toys(1, "intra", "train_accuracy")[:, -10:].mean(axis=1) > 0.9).all()
    late = {form: toys(2, form, "test_accuracy")[:, -10:].mean() for form in MIXING}
    back = {form: (late[form] - late["no mixing"]) / (late["fresh"] - late["no mixing"]) for form in ("inter", "intra")}
    assert back == pytest.approx({"inter": 0.55, "intra": 0.80}, abs=0.006)
    early = [toys(2, form, "test_accuracy")[:, :5].mean() for form in ("inter", "no mixing")]
    assert early == pytest.approx([0.780, 0.829], abs=0.0006)


def test_what_the_chapter_on_generalized_mixup_tells_of_exponents():
    def over(number, form, place, tasks):
        return toys(number, form, f"ftle_{place}_q50")[:, tasks].mean(axis=1)

    first, last = slice(5), slice(-10, None)
    for form, end in {"no mixing": 0.77, "inter": 0.37, "intra": 0.75, "fresh": 0.44}.items():
        assert over(2, form, "between", last).mean() == pytest.approx(end, abs=0.006)
    for form, end in {
        "no mixing": (-4.0, -5.0, -3.1),
        "intra": (-3.1, -3.3, -2.8),
        "fresh": (-0.6, -0.7, -0.6),
    }.items():
        assert interval(over(1, form, "within", last)) == pytest.approx(end, abs=0.06)
    for tasks, told in ((first, (-0.6, -0.7, -0.4)), (last, (1.0, 0.1, 1.8)), (slice(-20, None), (0.7, -0.1, 1.5))):
        higher = over(1, "intra", "within", tasks) - over(1, "no mixing", "within", tasks)
        assert interval(higher) == pytest.approx(told, abs=0.06)
        assert tasks != last or (higher > 0).sum() == 12


def test_what_the_chapter_on_generalized_mixup_tells_of_steps_and_heads():
    smaller = stored("type1_step_0.025").results
    for form, told in (("no mixing", (0.86, 0.78, 0.94)), ("intra", (0.995, 0.990, 1.001))):
        ends = smaller.curves(MIXING[form], "train_accuracy")[:, -10:].mean(axis=1)
        assert interval(ends) == pytest.approx(told, abs=0.005)
    for size, accuracy in (("0.01", 0.76), ("0.03", 0.74)):
        run = stored(f"first_look_step_{size}").results
        assert run.curves("none")[:, -10:].mean() == pytest.approx(accuracy, abs=0.005)
    rows = json.loads((RESULTS / "heads.json").read_text())["rows"]
    text = (RESULTS.parent / "book/chapters/generalized_mixup.ipynb").read_text(encoding="utf-8")
    heads = {"fresh": "drawn anew", "gentle": "a tenth as large", "zero": "set to zero", "keep": "kept"}
    for head, title in heads.items():
        line = f"| {title} |"
        for method in ("none", "between", "within"):
            mine = [row["train_accuracy"] for row in rows if (row["head"], row["method"]) == (head, method)]
            found = interval(np.array(mine))
            line += f" {found.mean:.2f} ({found.low:.2f} to {found.high:.2f}) |"
        assert line in text


def test_what_the_chapter_on_real_images_tells_of_its_runs():
    """The numbers in its text that no cell prints, and whose signs carry the text."""
    mixed = "g_mixup:M=1:intra_weight=1"
    runs = {name: stored(f"real_images_{name}").results for name in ("cifar100", "tinyimagenet", "procedural")}
    gains = {}
    for name, run in runs.items():
        for width in (2, 256):
            part = run.at(width)
            quantiles = [row[key] for row in part.rows for key in row if key.startswith("ftle")]
            assert not np.isinf(quantiles).any(), "exponents in double precision"
            for which in ("train", "test"):
                curves = [part.curves(method, f"{which}_accuracy")[:, -10:] for method in (mixed, "none")]
                gains[name, width, which] = interval(100 * (curves[0] - curves[1]).mean(axis=1))
    text = (RESULTS.parent / "book/chapters/real_images.ipynb").read_text(encoding="utf-8")
    titles = {"cifar100": "CIFAR-100", "tinyimagenet": "Tiny ImageNet", "procedural": "drawn"}
    for width in (2, 256):
        for name, title in titles.items():
            run = runs[name].at(width)
            found = loss_type(run)
            old, fresh = (run.curves(method, "test_accuracy")[:, -10:] for method in ("none", "retrained"))
            cells = [
                f"{100 * each.mean:.1f} ({100 * each.low:.1f} to {100 * each.high:.1f})"
                for each in (found.training, interval((old - fresh).mean(axis=1)), found.gap)
            ]
            kinds = [kind.removeprefix("Type-") for kind in (found.by_accuracy, found.by_exponents)]
            row = " | ".join([f"{title}, {width}", " / ".join(kinds), *cells])
            assert f"| {row} |".replace("-0.0)", "0.0)").replace("-", "−") in text.replace("-", "−")
    for name, gain in (("CIFAR-100", "1.7 points (0.1 to 3.4)"), ("Tiny ImageNet", "3.0 (1.0 to 4.9)")):
        assert f"{gain} on {name}" in text
    told = {"cifar100": (-3.1, 1.7), "tinyimagenet": (-7.0, 3.0), "procedural": (-0.5, 4.2)}
    for name, (train, test) in told.items():
        wide = [gains[name, 256, which] for which in ("train", "test")]
        assert [float(gain.mean) for gain in wide] == pytest.approx([train, test], abs=0.06)
        assert wide[0].high < 0 < wide[1].low
        assert all(gains[name, 2, which].low < 0 < gains[name, 2, which].high for which in ("train", "test"))
    for name, medians, ranks in (("cifar100", (0.24, 0.19), (32, 16)), ("tinyimagenet", (0.25, 0.29), (37, 24))):
        wide = runs[name].at(256)

        def first_and_last(quantity, run=wide):
            return [run.curves("none", quantity)[:, tasks].mean() for tasks in ([2], [53, 56, 59])]

        assert first_and_last("ftle_within_q50") == pytest.approx(medians, abs=0.006)
        assert first_and_last("effective_rank") == pytest.approx(ranks, abs=0.51)
        found = loss_type(wide)
        assert (found.within_lower.mean, found.between_higher.mean) == (1, 1)
    ends = [run.at(2).curves("none", "ftle_within_q05")[:, [53, 56, 59]].mean() for run in runs.values()]
    assert ends == pytest.approx([-4.7, -4.6, -3.4], abs=0.06)


def test_what_the_chapter_on_type_1_tells_of_its_runs():
    """The numbers in its text that no cell prints."""
    intra = "g_mixup:M=1:intra=1:intra_weight=1"
    higher = []
    for name, last in (("type1", -3.7), ("type1_held_out", -4.2)):
        run = stored(name).results
        plain, mixed = (run.curves(method, "ftle_within_q50")[:, 3::4][:, -4:] for method in ("none", intra))
        assert np.median(plain[:, -1]) == pytest.approx(last, abs=0.05)
        assert np.isfinite(plain).all()
        higher += list(np.median(mixed, axis=1) - np.median(plain, axis=1))
        assert (run.curves(intra, "train_accuracy")[:, -10:].mean(axis=1) > 0.9).all()
    assert interval(np.array(higher)) == pytest.approx((0.8, -0.2, 1.8), abs=0.05)
    assert sum(difference > 0 for difference in higher) == 9
    both = "g_mixup:M=1:intra_weight=1"
    curves = [stored(name).results.curves(both, "train_accuracy") for name in ("type1", "type1_held_out")]
    ends = sorted(np.concatenate(curves)[:, -10:].mean(axis=1))
    assert max(ends[:4]) < 0.51
    assert ends[4:6] == pytest.approx([0.86, 0.88], abs=0.005)
    assert min(ends[6:]) > 0.9
    known, held_out = (stored(name).config for name in ("type1", "type1_held_out"))
    assert {key for key in known if known[key] != held_out[key]} == {"seeds"}
    fresh = np.median(stored("type1").results.curves("retrained", "ftle_within_q50")[:, 3::4], axis=0)
    assert (fresh.min(), fresh.max()) == pytest.approx((-0.8, -0.4), abs=0.05)


def test_what_the_readme_tells_of_its_run():
    """Its table, cell by cell."""
    text = (RESULTS.parent / "README.md").read_text()
    run = stored("table1_tinyimagenet").results
    for method in run.methods:
        title = title_of(method.split(":")[0])
        means = run.binned(method).mean(axis=0)
        assert f"| {title} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |" in text


def test_what_the_readme_tells_first():
    """The findings that have numbers; the book's first page holds its own."""
    text = " ".join((RESULTS.parent / "README.md").read_text().split())
    run = stored("class_pairs_cifar100").results
    behind = finite((run.curves("retrained") - run.curves("none"))[:, -20:].mean(axis=1))
    mean, low, high = (round(100 * float(value)) for value in interval(behind))
    assert f"ends {mean} points of test accuracy behind a fresh one ({low} to {high})" in text
    mixed = list(mixup_differences(in_results()))
    gaps = [each.gap for each in mixed]
    above, below = sum(gap.low > 0 for gap in gaps), sum(gap.high < 0 for gap in gaps)
    assert above == 4
    level = len(gaps) - above - below
    assert f"in four of {len(gaps)} experiments it ends above, in {level} level, in {below} below" in text
    losing = [each for each in mixed if each.lost and each.lost.high < 0]
    helped = sum(each.gained.low > 0 for each in losing)
    harmed = sum(each.gained.high < 0 for each in losing)
    assert harmed == 0
    assert f"In {len(losing)} experiments the old network ends below a fresh one" in text
    assert f"above the one without in {helped} of these, and below it in none" in text


def test_what_the_readme_tells_of_the_quick_run():
    text = " ".join((RESULTS.parent / "README.md").read_text().split())
    run = stored("table1_quick").results
    first, last = run.binned("none").mean(axis=0)[[0, -1]]
    fresh, mixed = (run.binned(method)[:, -1].mean() for method in ("retrained", "g_mixup"))
    assert f"from {first:.3f} to {last:.3f}, where chance is 0.5" in text
    assert f"ends at {fresh:.3f}, Generalized Mixup at {mixed:.3f}" in text


def test_what_the_chapter_on_continual_imagenet_tells_of_its_runs():
    """The numbers in its text that no cell prints; of two sets of pictures, Tiny ImageNet first."""
    runs = [stored(f"table1_{name}") for name in ("tinyimagenet", "cifar100")]
    for run in runs:
        config = run.config
        assert (config["classes"], config["training"]["step_size"], config["tasks"]) == ([0, 80], 0.085, 60)
    plain = [run.results.binned("none")[:, -1] for run in runs]
    assert [values.mean() for values in plain] == pytest.approx([0.583, 0.629], abs=0.0005)
    assert [(np.abs(values - 0.5) < 0.003).sum() for values in plain] == [3, 2]
    assert runs[0].diverged == []
    assert [row["method"].split(":")[0] for row in runs[1].diverged] == ["cbp", "retrained"]
    for method, medians in (("none", [0.53, 0.53]), ("retrained", [0.25, 0.22])):
        early = [run.results.curves(method, "ftle_within_q50")[:, [4, 9]] for run in runs]
        assert [np.median(values) for values in early] == pytest.approx(medians, abs=0.006)
    for run in runs:
        for method in ("layer_norm", "cbp:replacement_rate=0.01"):
            found = loss_type(run.results, method)
            assert found.by_accuracy == ("Type-2" if run is runs[0] else "too few seeds"), "CIFAR-100 has 3 and 4 pairs"
            assert found.gap.mean > 0.03
            assert float(found.between_higher.mean) == 1
        assert float(loss_type(run.results, "g_mixup").between_higher.mean) == 0
    search = [row for row in load("tables_search_cifar100").table.rows if row["method"].startswith("cbp")]
    assert [sum(row["diverged_in"] is not None for row in search), len(search)] == [7, 8]
    paper = {name: row[-1] - paper_table(1).rows["Retrained"][-1] for name, row in paper_table(1).rows.items()}
    told = {"CBP": 0.017, "L2 init": -0.052, "Layernorm": -0.089}
    assert {name: paper[name] for name in told} == pytest.approx(told, abs=1e-9)


def test_what_the_chapter_on_continual_imagenet_tells_of_networks_that_come_back():
    back = 0
    for name in ("tinyimagenet", "cifar100"):
        for curve in stored(f"class_pairs_{name}").results.curves("none", "train_accuracy"):
            death = died_in(curve.tolist(), 5)
            back += death is not None and bool((curve[death:] > 0.6).any())
    assert back == 2


def test_what_the_chapter_tells_of_fresh_networks_that_mix():
    """The control begins as G-mixup does, and on both sets most of G-mixup's lead is not the control's."""
    for name in ("tinyimagenet", "cifar100", "held_out"):
        kept, fresh = (stored(f"table1_{which}{name}") for which in ("", "fresh_"))
        asked = [{key: run.config[key] for key in run.config if key != "methods"} for run in (kept, fresh)]
        assert asked[0] == asked[1]
        mixed, new = kept.results.curves("g_mixup"), fresh.results.curves("g_mixup:fresh=true")
        assert np.array_equal(mixed[:, 0], new[:, 0])
        carried = (kept.results.binned("g_mixup") - fresh.results.binned("g_mixup:fresh=true"))[:, -1]
        assert carried[~np.isnan(carried)].mean() > 0.017
        assert (interval(finite(carried[:, None])[:, 0]).low > 0) == (name == "tinyimagenet")
        if name != "held_out":
            plain = kept.results.binned("retrained", "train_accuracy")[:, -1]
            for method, run, lost in (("g_mixup:fresh=true", fresh, {8, 6}), ("g_mixup", kept, {1})):
                points = 100 * (plain - run.results.binned(method, "train_accuracy")[:, -1])
                assert round(float(np.nanmean(points))) in lost


def test_the_order_of_the_methods_is_the_same_on_classes_held_out():
    held_out, known = (stored(name) for name in ("table1_held_out", "table1_tinyimagenet"))
    assert held_out.config["data"] == known.config["data"] == "tinyimagenet"
    assert not set(held_out.config["class_names"]) & set(known.config["class_names"])
    assert not set(held_out.config["seeds"]) & set(known.config["seeds"])

    def order(run):
        return sorted(run.results.methods, key=lambda method: -run.results.binned(method)[:, -1].mean())

    assert order(held_out) == order(known)
    ahead = held_out.results.binned("g_mixup")[:, -1] - held_out.results.binned("retrained")[:, -1]
    assert (ahead > 0).all()
    assert ahead.mean() == pytest.approx(0.018, abs=0.0006)


@pytest.mark.parametrize(
    ("name", "same", "ends", "grown"),
    [
        ("table3_cifar100", 7, {"none": (0.646, 0.358), "retrained": (0.658, 0.288), "g_mixup": (0.553, 0.335)}, 6.9),
        ("table3_long_cifar100", 3, {"none": (0.680, 0.375), "g_mixup": (0.640, 0.380)}, 4.5),
        ("table4_cifar100", 5, {"none": (0.673, 0.367), "g_mixup": (0.577, 0.351)}, 8.1),
    ],
)
def test_what_the_chapter_on_increments_tells_of_its_reduced_tables(name, same, ends, grown):
    """The numbers in its text that no cell prints, or not to so many digits, and whose signs carry the text."""
    run = stored(name).results
    cbp = next(method for method in run.methods if method.startswith("cbp"))
    assert np.array_equal(run.curves(cbp)[:, :same], run.curves("none")[:, :same])
    assert not np.array_equal(run.curves(cbp)[:, same], run.curves("none")[:, same])
    for method, values in ends.items():
        assert run.binned(method).mean(axis=0)[[0, -1]] == pytest.approx(values, abs=0.0006)
    lead = (run.binned("g_mixup") - run.binned("none")).mean(axis=0)
    assert 100 * (lead[-1] - lead[0]) == pytest.approx(grown, abs=0.06)
    assert (lead < 0).all() == (name != "table3_long_cifar100")
    ranks = {method: run.curves(method, "effective_rank")[:, -1].mean() for method in run.methods}
    assert {method.split(":")[0] for method in sorted(ranks, key=ranks.get)[-3:]} == {"none", "l2_init", "cbp"}
    assert (run.curves("none", "dead_units")[:, -1] == 0).all()


def test_what_the_chapter_on_increments_tells_of_its_longest_run():
    run = stored("table3_longest_cifar100").results
    for method, values in {"none": (0.686, 0.372), "g_mixup": (0.658, 0.395)}.items():
        assert run.binned(method).mean(axis=0)[[0, -1]] == pytest.approx(values, abs=0.0006)
    lead = interval(100 * (run.binned("g_mixup") - run.binned("none")))
    assert [lead.mean[0], lead.mean[3], lead.mean[-1]] == pytest.approx([-2.8, 4.0, 2.3], abs=0.06)
    assert (lead.mean > 0).tolist() == [False, False, True, True, True]
    assert not (lead.low > 0).any(), "three seeds"
    assert (lead.high < 0).tolist() == [False, True, False, False, False]
    dead = run.curves("none", "dead_units")[:, -1]
    assert [(dead > 0).sum(), dead.max()] == [1, pytest.approx(1 / 488, rel=1e-3)]
    gap = {m: run.binned(m, "train_accuracy")[:, -1] - run.binned(m)[:, -1] for m in ("none", "retrained")}
    assert 100 * (gap["none"] - gap["retrained"]).mean() == pytest.approx(12.1, abs=0.06)


def test_what_the_chapter_on_theory_tells_of_its_lives():
    """The numbers in its text that no cell prints."""
    lives = load("inheritance").table
    cases = [(width, place) for width in (2, 256) for place in PLACES]
    begun, ended = ({case: starts_and_ends(lives, case[1], case[0])[k] for case in cases} for k in (0, 1))
    factors = {case: ended[case] - begun[case] for case in cases}
    assert all(np.isfinite(values).all() for values in (*begun.values(), *ended.values()))
    recovered = (begun[2, "within"][:, 1:] - ended[2, "within"][:, :-1]).mean()
    assert recovered == pytest.approx(0.29, abs=0.005)
    assert recovered * 79 / -factors[2, "within"].sum(axis=1).mean() == pytest.approx(7 / 8, abs=0.01)
    assert [round(100 * (factors[width, "within"] < 0).mean()) for width in (2, 256)] == [67, 96]
    assert [round(100 * (factors[width, "between"] > 0).mean()) for width in (2, 256)] == [48, 41]
    assert factors[256, "between"][:, 0].mean() == pytest.approx(0.11, abs=0.005)
    last = starts_and_ends(lives, "within", 2, HELD_OUT)[0][:, -10:].mean(axis=1)
    assert [last.max(), last.min()] == pytest.approx([-1.8, -6.0], abs=0.06)
    for place in PLACES:
        new = starts_and_ends(lives, place, 256, HELD_OUT)[0]
        short = new - Settling.fit(begun[256, place]).predict(new[:, 0], 80)
        assert short[:, -10:].mean() == pytest.approx(0.04, abs=0.006)
    new, new_ends = starts_and_ends(lives, "within", 2, HELD_OUT)
    summed = new[:, :1] + np.cumsum(np.c_[0 * new[:, :1], (new_ends - new)[:, :-1]], axis=1)
    settled = Settling.fit(begun[2, "within"]).predict(new[:, 0], 80)
    assert error(summed, new) / error(settled, new) == pytest.approx(8.3, abs=0.1)
    model = {width: by_model(two_types(width), 80) for width in (2, 256)}
    assert model[2][0][:, -1].mean() == pytest.approx(-12, abs=0.5)
    assert model[2][1][-1] == pytest.approx(0.5, abs=0.05)
    assert -0.1 < model[256][1][-1] < 0
    gained = [(begun[256, place][:, -1] - begun[256, place][:, 0]).mean() for place in PLACES]
    assert gained == pytest.approx([0.4, 0.5], abs=0.05)
    summed_stretch = interval(factors[256, "between"].sum(axis=1))
    assert [summed_stretch.low, summed_stretch.high] == pytest.approx([-0.955, -0.144], abs=0.005)
    lost = [(begun[2, place][:, 0] - begun[2, place][:, -1]).mean() for place in PLACES]
    assert lost == pytest.approx([3.2, 3.2], abs=0.06)


def test_what_the_chapter_on_theory_tells_of_the_walk():
    """The numbers in its text that no cell prints, or that it interprets."""
    walks = stored_walks()
    plain = walks["plain"]
    for width, low, high in ((2, 0.17, 0.39), (256, 0.05, 0.08)):
        dent = interval((plain.select("reference", width=width) - plain.select("end_within", width=width)).mean(axis=1))
        assert [dent.low, dent.high] == pytest.approx([low, high], abs=0.005)
    resized = walks["resized"]
    before, after = resized.select("reference_before", width=2), resized.select("reference", width=2)
    starts, ends = starts_and_ends(resized, "within", 2)
    sums = [values.sum(axis=1).mean() for values in (ends - starts, after - before, before[:, 1:] - after[:, :-1])]
    assert sums == pytest.approx([-45.7, -18.2, 17.6], abs=0.06), "training lowers what rescaling raises again"
    assert (starts[:, -10:].mean(axis=1) - starts[:, 0]).mean() == pytest.approx(-0.1, abs=0.02)
    bodies = [plain.select("body", width=width)[:, -1].mean() for width in (2, 256)]
    assert bodies == pytest.approx([1.6, 2.0], abs=0.05)
    accuracy = {kind: walks[kind].select("test_accuracy", width=256).mean(axis=0) for kind in ("plain", "resized")}
    lost = [accuracy[kind][:10].mean() - accuracy[kind][-10:].mean() for kind in ("plain", "resized")]
    assert lost == pytest.approx([0.15, 0.05], abs=0.005)
    begun = {kind: walks[kind].select("start_within", width=256).mean(axis=0) for kind in ("plain", "resized")}
    assert begun["resized"][-10:].mean() - begun["resized"][0] == pytest.approx(0.2, abs=0.02)
    assert begun["plain"][-10:].mean() - begun["plain"][0] == pytest.approx(0.4, abs=0.04)
    assert begun["resized"][-10:].mean() - begun["resized"][8:18].mean() < 0.02
    young = walks["newborn"].select("test_accuracy", width=256).mean()
    fresh = stored("type2").results.curves("retrained")[:, -10:].mean()
    assert (fresh - young) / (fresh - accuracy["plain"][-10:].mean()) == pytest.approx(0.5, abs=0.06)
    for width, name in ((2, "type1"), (256, "type2")):
        same = stored(name).results.curves("none") - load("inheritance").table.select(
            "test_accuracy", width=width, seed=FITTED
        )
        assert np.abs(same[:, 0]).max() < 0.005, "the runs whose fresh networks stand beside are of the same plans"
    for quantity in ("start_within", "end_within"):
        again = plain.select(quantity, width=2) - load("inheritance").table.select(quantity, width=2, seed=FITTED)
        assert np.abs(again).max() < 1e-3, "the same networks, looked at again"
    alone = size_alone(two_types(256), plain, range(8), (5, 20, 79)).mean(axis=0)
    rise = begun["plain"][[5, 20, 79]] - begun["plain"][0]
    assert (alone - begun["plain"][0]) / rise == pytest.approx([0.3, 0.6, 1.06], abs=0.05)
    step, start = plain.select("step", width=2), plain.select("start_within", width=2)
    assert [step[start > -1].mean(), step[start < -4].mean()] == pytest.approx([3.0, 1.6], abs=0.05)


def test_what_the_chapter_on_theory_tells_of_bringing_weights_back_to_their_size():
    walks, lives = stored_walks(), load("inheritance").table
    before, after = (walks["resized"].select(name, width=2) for name in ("reference_before", "reference"))
    assert (after - before).sum(axis=1).mean() == pytest.approx(-18.2, abs=0.05)
    assert (before[:, 1:] - after[:, :-1]).sum(axis=1).mean() == pytest.approx(17.6, abs=0.06)
    starts = starts_and_ends(walks["resized"], "within", 2)[0]
    assert (starts[:, -10:].mean(axis=1) - starts[:, 0]).mean() == pytest.approx(-0.09, abs=0.005)
    own = starts_and_ends(walks["plain"], "within", 2)[0] - walks["plain"].select("reference_before", width=2)
    assert interval(own.mean(axis=1)) == pytest.approx((0.0, -0.054, 0.054), abs=0.001)
    held_out = starts_and_ends(lives, "within", 2, HELD_OUT)
    assert (held_out[1] - held_out[0]).sum(axis=1).mean() == pytest.approx(-21.4, abs=0.06)
    assert (held_out[1][:, -1] - held_out[0][:, 0]).mean() == pytest.approx(-4.2, abs=0.06)


def test_a_power_of_the_number_of_tasks_predicts_better_than_a_logarithm():
    """Two constants each, from twenty tasks of some networks; the sixty that follow, of others."""
    lives = load("inheritance").table
    begun, new = (starts_and_ends(lives, "within", 256, seeds)[0] for seeds in (FITTED, HELD_OUT))
    power, logarithm = (law.fit(begun[:, :20]).predict(new[:, 0], 80) for law in (PowerLaw, Growing))
    missed = [error(values[:, 20:], new[:, 20:]) for values in (power, logarithm)]
    assert missed == pytest.approx([0.047, 0.061], abs=0.001)
    rises = [values[:, 70:].mean() - values[:, 15:25].mean() for values in (logarithm, new)]
    assert rises == pytest.approx([0.09, 0.17], abs=0.005)


def test_what_the_chapter_on_theory_tells_of_growth_as_a_logarithm():
    lives, walks = load("inheritance").table, stored_walks()
    begun, new = (starts_and_ends(lives, "within", 256, seeds)[0] for seeds in (FITTED, HELD_OUT))
    assert [Growing.fit(begun[:, :known]).rate for known in (80, 20)] == pytest.approx([0.97, 2.73], abs=0.005)
    born = np.mean([first_size(two_types(256), seed) ** 2 for seed in FITTED])
    rate = np.square(walks["plain"].select("step", width=256)).mean() / born
    assert rate == pytest.approx(0.08, abs=0.005)
    for known, tested, expected in ((80, slice(None), 0.061), (20, slice(20, None), 0.207)):
        grown = np.broadcast_to(np.log1p(rate * np.arange(known)), begun[:, :known].shape)
        gain = ((begun[:, :known] - begun[:, :1]) * grown).sum() / np.square(grown).sum()
        predicted = Growing(float(gain), rate).predict(new[:, 0], 80)
        assert error(predicted[:, tested], new[:, tested]) == pytest.approx(expected, abs=0.003)


def test_what_the_chapter_on_type_2_tells_of_its_runs():
    """The numbers in its text that no cell prints."""
    for name, early, late in (("type2", 0.820, 0.682), ("type2_held_out", 0.819, 0.656)):
        run = stored(name).results
        ends = run.binned("none", bins=10)[:, [0, -1]].mean(axis=0)
        assert ends == pytest.approx([early, late], abs=0.0006)
        assert run.curves("none", "train_accuracy").min() > 0.95
        fresh = run.curves("retrained")[:, -8:].mean()
        lost = fresh - ends[1]
        gains = [
            run.curves(m)[:, -8:].mean() - ends[1]
            for m in ("g_mixup:M=1:intra=0", "g_mixup:M=1:intra=1:intra_weight=1")
        ]
        assert np.array(gains) / lost == pytest.approx([0.55, 0.8], abs=0.04)
    first = [stored("type2").results.curves(m)[:, :8].mean() for m in ("g_mixup:M=1:intra=0", "none")]
    assert first == pytest.approx([0.78, 0.82], abs=0.006)
    moved = []
    for name in ("type2", "type2_held_out"):
        mixed, plain = (
            np.median(stored(name).results.curves(method, "ftle_between_q50")[:, -8:], axis=1)
            for method in ("g_mixup:M=1:intra=1:intra_weight=1", "none")
        )
        moved += list(mixed - plain)
    assert interval(np.array(moved)) == pytest.approx((-0.02, -0.06, 0.01), abs=0.005)
    sweep = stored("width").results
    for width, train, test in ((8, -0.15, -0.18), (16, -0.02, -0.19), (32, -0.01, -0.18)):
        falls = [
            sweep.at(width).curves("none", f"{part}_accuracy")[:, -8:].mean()
            - sweep.at(width).curves("none", f"{part}_accuracy")[:, :8].mean()
            for part in ("train", "test")
        ]
        assert falls == pytest.approx([train, test], abs=0.006)
    late = [sweep.at(width).curves("none")[:, -8:].mean() for width in sweep.widths]
    assert 0.595 < min(late) < max(late) < 0.685
    between = [np.median(sweep.at(w).curves("none", "ftle_between_q50")[:, -8:]) for w in (1, 2, 4, 256)]
    assert max(between[:3]) == pytest.approx(-2.4, abs=0.05)
    assert between[3] == pytest.approx(0.78, abs=0.006)


def test_what_the_chapter_on_type_2_tells_of_its_settings():
    settings = load("type2_settings").table

    def change(name, quantity="test_accuracy"):
        early, late = settings.select(quantity, setting=name).mean(axis=0)
        return late - early

    usual = change(USUAL)
    shares = {name: change(name) / usual for name in SETTINGS}
    assert shares["step size 0.025"] == pytest.approx(1 / 3, abs=0.02)
    assert shares["step size 0.01"] < 0.2
    assert shares["25 epochs"] == pytest.approx(1, abs=0.1)
    assert shares["head kept"] == pytest.approx(1, abs=0.1)
    assert shares["320 points a class"] == pytest.approx(0.2, abs=0.02)
    assert shares["head set to zero"] == pytest.approx(1 / 6, abs=0.02)
    assert shares["2 input dimensions"] < 0
    grown = change("320 points a class", "ftle_between_q50") / change(USUAL, "ftle_between_q50")
    assert grown == pytest.approx(1 / 3, abs=0.03)
    zero = settings.select("ftle_between_q50", setting="head set to zero").mean(axis=0)
    assert zero == pytest.approx([0.54, 0.69], abs=0.006)
    ends = {
        (step, width, part): stored(f"width_step_{step}")
        .results.at(width)
        .curves("none", f"{part}_accuracy")[:, -5:]
        .mean()
        for step in (0.025, 0.4)
        for width in (1, 32, 256)
        for part in ("train", "test")
    }
    told = {(0.025, 1, "train"): 0.97, (0.025, 1, "test"): 0.81, (0.025, 32, "test"): 0.74, (0.025, 256, "test"): 0.78}
    told |= {(0.4, 1, "train"): 0.62, (0.4, 256, "test"): 0.63, (0.4, 256, "train"): 1.0}
    assert {key: ends[key] for key in told} == pytest.approx(told, abs=0.006)


def test_what_the_chapter_on_continual_imagenet_tells_of_convnet():
    run = stored("table2_cifar100")
    curves = {name: run.results.curves("none", name) for name in ("train_accuracy", "test_accuracy")}
    assert run.results.binned("none").mean(axis=0)[[0, -1]] == pytest.approx([0.766, 0.542], abs=0.0006)
    fresh = run.results.curves("retrained", "train_accuracy")
    assert [values[1, :60].mean() for values in (curves["train_accuracy"], fresh)] == pytest.approx(
        [0.93, 0.84], abs=0.006
    )
    exponents = run.results.curves("none", "ftle_within_q50")[1, 4::5].reshape(5, 4)
    assert [exponents[0].mean(), exponents[2].mean()] == pytest.approx([0.15, 0.39], abs=0.006)
    assert [row["method"].split(":")[0] for row in run.diverged] == ["cbp"] * 3
    assert sorted(int(row["task"]) for row in run.diverged) == [61, 74, 93]
    search = load("tables_search_convnet").table.rows
    unharmed = {row["method"] for row in search if row["method"].startswith("cbp")} - {
        row["method"] for row in search if row["diverged_in"] is not None
    }
    assert unharmed == {"cbp:replacement_rate=0.001"}
    training = run.results.binned("retrained", "train_accuracy")[:, -1].mean()
    for method in ("l2_init:strength=0.001", "layer_norm", "g_mixup"):
        assert 0.08 < run.results.binned(method, "train_accuracy")[:, -1].mean() - training < 0.15


def test_what_the_note_tells_of_table_1_with_many_tasks():
    """Each cell of its table, and the predictions that stand above it."""
    note = " ".join((RESULTS / "marathon.md").read_text(encoding="utf-8").split())
    results, mixed = stored("table1_long_tinyimagenet").results, "g_mixup:M=2"
    means = {m: results.binned(m).mean(axis=0) for m in ("none", "retrained", mixed)}
    for name, method in (("No Intv.", "none"), ("Retrained", "retrained"), ("G-mixup", mixed)):
        assert f"| {name} | {' | '.join(f'{mean:.3f}' for mean in means[method])} |" in note
    lead = 100 * (results.binned(mixed) - results.binned("retrained"))

    def told(values):
        return "{:.1f} ({:.1f} to {:.1f})".format(*map(float, interval(values)))

    assert f"| G-mixup minus Retrained, points | {' | '.join(told(values) for values in lead.T)} |" in note
    kept = results.binned("retrained")
    assert f"Retrained {told(100 * (kept[:, 4] - kept[:, 0]))}, G-mixup's lead {told(lead[:, 4] - lead[:, 0])}" in note
    assert all(interval(values).low > 0 for values in lead.T)
    for method in ("retrained", mixed):
        assert all(failed_in(curve.tolist(), 5) is None for curve in results.curves(method, "train_accuracy"))
    exponents = results.curves(mixed, "ftle_within_q50")[:, 24::25]
    assert (exponents > 0.4).sum() == 2
    assert (exponents.size, round(float(exponents.max()), 3)) == (60, 0.404)
    assert exponents.mean(axis=0).max() < 0.37
    fit = results.binned(mixed, "train_accuracy")
    assert told(100 * (fit[:, 0] - fit[:, 4])) == "1.2 (0.6 to 1.7)"
    known = stored("death_300_tinyimagenet_step_0.07").results.curves("none", "train_accuracy")[:5, :40]
    np.testing.assert_array_equal(results.curves("none", "train_accuracy")[:, :40], known)
    others = {"L2 init": "l2_init", "Layernorm": "layer_norm", "CBP": "cbp"}
    for name, short in others.items():
        (method,) = (m for m in results.methods if m.startswith(short))
        first, *_, last = results.binned(method).mean(axis=0)
        gaps = 100 * (results.binned(method) - kept)[:, 4], 100 * (results.binned(mixed) - results.binned(method))[:, 4]
        assert f"| {name} | {first:.3f} | {last:.3f} | {told(gaps[0])} | {told(gaps[1])} |" in note
        assert all(failed_in(curve.tolist(), 5) is None for curve in results.curves(method, "train_accuracy"))
        assert f"{results.curves(method, 'ftle_within_q50')[:, 299].mean():.2f} ({name})" in note


def test_what_the_note_on_warm_starts_tells_of_its_run():
    """The table of what came out, and the verdicts, by the rule that stands above it."""
    text = (RESULTS / "warm_start.md").read_text(encoding="utf-8")
    parts = [stored(f"warm_start{part}").results for part in ("", "_others")]
    run = Results((*parts[0].rows, *parts[1].rows), planned=2)
    train, test, exponents = "train_accuracy", "test_accuracy", "ftle_between_q50"

    def ends(method, quantity):
        return run.curves(method, quantity)[:, 1]

    def cell(values, digits):
        found = [f"{abs(value):.{digits}f}" for value in interval(values)]
        return found[0], found[1], found[2]

    rows = {
        "No Intv.": "none",
        "Shrink and perturb": "shrink_and_perturb:shrink=0.4:noise=0.1",
        "Head reset": "head_reset",
        "G-mixup": "g_mixup",
        "Retrained + G-mixup": "retrained+g_mixup",
        "L2 init": "l2_init:strength=0.001",
        "CBP": "cbp:replacement_rate=0.001",
    }
    lines = [line for line in text.splitlines() if line.startswith(tuple(f"| {title} |" for title in rows))]
    assert len(lines) == len(rows)
    for line, (title, method) in zip(lines, rows.items(), strict=True):
        assert line.startswith(f"| {title} |")
        by_test, by_train, apart, between, norm = (part.strip() for part in line.split("|")[2:-1])
        of = {name: ends(method, name) - ends("retrained", name) for name in (test, train, exponents, "weight_norm")}
        told = ((by_test, 100 * of[test], 1), (by_train, 100 * of[train], 1), (between, of[exponents], 2))
        for words, values, digits in (*told, (apart, 100 * (of[train] - of[test]), 1)):
            assert re.findall(r"\d+\.\d+", words) == list(cell(values, digits)), (title, words)
        assert float(norm.replace("−", "-")) == pytest.approx(of["weight_norm"].mean(), abs=0.05)
    kind = loss_type(run, ends=1)
    assert (kind.by_accuracy, kind.by_exponents) == ("neither", "Type-2")
    assert interval(ends("none", test) - ends("retrained", test)).high > 0
    for method, told in (
        ("shrink_and_perturb:shrink=0.4:noise=0.1", (0.2, -0.8, 1.3)),
        ("head_reset", (-0.2, -1.2, 0.8)),
    ):
        assert interval(100 * (ends(method, test) - ends("none", test))) == pytest.approx(told, abs=0.06)


def test_what_the_note_tells_of_ten_seeds_more():
    """Each cell, and the verdict and the type of the ten by the rules of the beginning."""
    note = (RESULTS / "warm_start.md").read_text(encoding="utf-8")
    new, old = (stored(f"warm_start{part}").results for part in ("_seeds_6_16", ""))
    assert new.seeds("none") == list(range(6, 16))

    def gains(results, quantity):
        if quantity == "gap":
            return gains(results, "train_accuracy") - gains(results, "test_accuracy")
        scale = 100 if quantity.endswith("accuracy") else 1
        return scale * (results.curves("none", quantity) - results.curves("retrained", quantity))[:, 1]

    def told(values, digits):
        return "{} ({} to {})".format(*(f"{float(v):+.{digits}f}".replace("-", "−") for v in interval(values)))

    for row, quantity, digits in (
        ("test accuracy", "test_accuracy", 1),
        ("training accuracy", "train_accuracy", 1),
        ("train − test", "gap", 1),
        ("exponents between, median", "ftle_between_q50", 2),
        ("weight norm", "weight_norm", 1),
        ("effective rank", "effective_rank", 1),
    ):
        ten, six = gains(new, quantity), gains(old, quantity)
        assert f"| {row} | {told(ten, digits)} | {told(np.concatenate([ten, six]), digits)} |" in note
    assert (gains(new, "test_accuracy") < 0).all()
    assert all((gains(new, name) > 0).all() for name in ("ftle_between_q50", "weight_norm"))
    kind = loss_type(new, ends=1)
    assert (kind.by_accuracy, kind.by_exponents) == ("Type-2", "Type-2")


def test_what_is_told_of_the_share_and_the_length_of_a_warm_start():
    """In the note, cell by cell, and in the chapter."""
    stored_gaps = load("warm_start_gap")
    assert stored_gaps.environment["finished"] is True
    assert re.fullmatch(r"[0-9a-f]{64}", stored_gaps.config["plan"]["data_sha256"])
    table = stored_gaps.table
    half = 100 * table.select("test_accuracy", share=0.5)
    by_place = {("0.5", length): half[:, place] for place, length in enumerate(("0", "5", "15", "30"))}
    by_place |= {(str(s), "30"): 100 * table.select("test_accuracy", share=s)[:, -1] for s in (0.1, 0.25, 0.75)}

    def told(values):
        mean, low, high = (f"{'−' if round(float(v), 1) < 0 else '+'}{abs(v):.1f}" for v in interval(values))
        return f"{mean} ({low} to {high})"

    note = (RESULTS / "warm_start.md").read_text(encoding="utf-8")
    fresh = by_place.pop(("0.5", "0"))
    for (share, length), ends in by_place.items():
        assert f"| {share} | {length} | {told(ends - fresh)} |" in note
    longer, wider = by_place["0.5", "30"] - by_place["0.5", "5"], by_place["0.5", "30"] - by_place["0.1", "30"]
    assert f"30 epochs on the half less 5: {told(longer)}" in note
    assert "a half less a tenth: −0.70 (−1.37 to −0.03)" in note
    assert interval(wider) == pytest.approx((-0.70, -1.37, -0.03), abs=0.006)
    assert interval(longer).high < 0
    chapter = (RESULTS.parent / "book/chapters/warm_start.ipynb").read_text(encoding="utf-8")
    for place in (("0.5", "30"), ("0.5", "5"), ("0.5", "15"), ("0.1", "30"), ("0.75", "30")):
        assert told(by_place[place] - fresh) in chapter
    assert told(longer) in chapter


def test_what_is_told_of_warm_starts_afterwards():
    """The spread pooled over all rows, and the control that trains as long."""
    note = " ".join((RESULTS / "warm_start.md").read_text(encoding="utf-8").split())
    run, table = load("warm_start_longer"), load("warm_start_gap").table
    assert run.environment["finished"] is True
    assert run.config["plan"]["data_sha256"] == load("warm_start_gap").config["plan"]["data_sha256"]

    def told(mean, low, high):
        return "{} ({} to {})".format(*(f"{'−' if v <= -0.05 else '+'}{abs(v):.1f}" for v in (mean, low, high)))

    half = 100 * table.select("test_accuracy", share=0.5)
    rows = [100 * table.select("test_accuracy", share=share)[:, -1] - half[:, 0] for share in (0.1, 0.25, 0.75)]
    rows += [half[:, place] - half[:, 0] for place in (1, 2, 3)]
    spread = np.mean([row.var(ddof=1) for row in rows]) ** 0.5
    assert f"pooled over the six ({spread:.2f}, 24 degrees of freedom)" in note
    reach = student_t.ppf(0.975, 24) * spread / 5**0.5
    for found in (rows[-1].mean(), (half[:, 3] - half[:, 1]).mean()):
        assert told(found, found - reach, found + reach) in note
    for quantity in ("train_accuracy", "test_accuracy"):
        control, of = 100 * run.table.select(quantity)[:5], 100 * table.select(quantity, share=0.5)
        assert told(*interval(control - of[:, 0])) in note
        assert told(*interval(of[:, 3] - control)) in note


def test_what_is_told_of_longer_training_beside_warm_starts():
    """The table of sixteen seeds, and what its rule makes of it."""
    note = " ".join((RESULTS / "warm_start.md").read_text(encoding="utf-8").split())
    control, runs = load("warm_start_longer").table, [stored(f"warm_start{part}") for part in ("", "_seeds_6_16")]

    def of(quantity):
        warm, fresh = (
            np.concatenate([run.results.curves(method, quantity)[:, 1] for run in runs])
            for method in ("none", "retrained")
        )
        longer = control.select(quantity)
        return interval(longer - fresh), interval(warm - longer), interval(warm - fresh)

    words = {"test_accuracy": "test accuracy", "train_accuracy": "training accuracy", "weight_norm": "weight norm"}
    words |= {"ftle_between_q50": "exponents between, median", "effective_rank": "effective rank"}
    for quantity, name in words.items():
        times, digits = (100, 1) if "accuracy" in quantity else (1, 3 if "ftle" in quantity else 1)
        cells = [
            "{} ({} to {})".format(*(f"{times * v:+.{digits}f}".replace("-", "−") for v in found))
            for found in of(quantity)[:2]
        ]
        assert f"| {name} | {cells[0]} | {cells[1]} |" in note
    cost, half, _ = of("test_accuracy")
    assert cost.high < 0 < half.high
    for quantity, share in (("ftle_between_q50", 0.9), ("weight_norm", 0.86)):
        time, _, both = of(quantity)
        assert time.low > 0
        assert time.mean / both.mean == pytest.approx(share, abs=0.01)


def test_what_is_told_of_the_suspects():
    """The tables of results/suspects.md are those of the sheet, and its verdicts those of the rule."""
    config, _, table = load("suspects")
    assert config["seeds"] == [*FITTED, *HELD_OUT]
    assert {row["task"] for row in table.rows} == {4, 9, 14, 19, 24, 29}
    text, scores = (RESULTS / "suspects.md").read_text(encoding="utf-8"), stored_scores()
    found = {gap: by_suspect(scores, gap) for gap in GAPS}
    for gap in GAPS:
        assert as_markdown([score for score in scores if score.gap == gap]) in text
    tells = {gap: [name for name, mine in found[gap].items() if verdict(mine) == "tells"] for gap in GAPS}
    assert tells == {"train_gap": ["frozen_units"], "test_gap": ["previous_test"]}
    assert f"{len(stored_states()):,} states" in text


def test_what_is_told_of_the_suspects_held_out():
    """Seeds and settings that the trial has not; and what the note tells of them is what the rules make of the run."""
    config, environment, table = load("suspects_held_out")
    assert not {*config["seeds"]} & {*load("suspects").config["seeds"]}
    assert re.fullmatch(r"[0-9a-f]{40}", environment["commit"]), "the code must have been committed"
    there = {row["setting"] for row in table.rows}
    assert len(there) >= 3
    assert there <= {*PARENTS}
    for part in config["parts"]:
        lives = [row for row in table.rows if (row["setting"], row["method"]) == (part["setting"], part["method"])]
        assert len(lives) == (part["setting"] in there) * len(config["seeds"]) * 6
    text = (RESULTS / "suspects.md").read_text(encoding="utf-8").split("## Held out: what came out")[1]
    states, scores, new = stored_states("suspects_held_out"), stored_scores(), stored_scores("suspects_held_out")
    elsewhere = stored_skill_of_all("suspects_held_out")
    for gap in GAPS:
        assert as_markdown([score for score in new if score.gap == gap]) in text
    for setting, gap in product(sorted(there), GAPS):
        gone, found = lost(states, setting, gap), agreement(scores, new, setting, gap)
        row = f"| `{setting}`, {'training' if gap == 'train_gap' else 'test'} | {_told(gone, 100, 1)} |"
        if gone.high < 0:
            mine = [one for one in new if (one.setting, one.gap) == (setting, gap) and one.suspect not in CONTROLS]
            row += f" {found.told} of {found.of_told} | {found.quiet} of {found.of_quiet} | {found.reversed} |"
            row += f" {found.order:+.2f} | {'yes' if found.agrees else 'no'} |"
            adding = sum(one.adds_to_controls for one in mine)
            row += f" {_told(elsewhere[setting, gap]['settings'], 1, 2)} | {adding} |"
        else:
            row += " – | – | – | – | not lost | – | – |"
        assert row.replace("-", "−") in text


def _told(found, unit, digits):
    mean, low, high = (f"{unit * float(end):.{digits}f}" for end in found)
    return f"{mean} ({low} to {high})"


def test_what_the_chapter_on_mixing_tells_of_photographs():
    """Training accuracy less a fresh network's over the measured tasks, of seeds in which neither diverged."""
    chapter = (RESULTS.parent / "book/chapters/generalized_mixup.ipynb").read_text(encoding="utf-8")
    table = load("suspects").table

    def behind(setting, method):
        places = {"setting": setting, "task": (4, 9, 14, 19, 24, 29)}
        fresh, mine = (
            {(row["seed"], row["task"]): row["train_accuracy"] for row in table.where(method=each, **places).rows}
            for each in ("retrained", method)
        )
        both = {place: 100 * (mine[place] - fresh[place]) for place in mine.keys() & fresh.keys()}
        seeds = {seed for seed, _ in both}
        kept = [[both.get((seed, task), np.nan) for task in places["task"]] for seed in sorted(seeds)]
        return finite(np.array(kept)).mean(axis=1)

    within, between = "g_mixup:M=1:intra=1:intra_weight=1", "g_mixup:M=1:intra=0"
    for setting, method, points, seeds in (
        ("cifar100", within, (-24.9, -32.8, -17.1), 10),
        ("tinyimagenet", within, (-19.8, -26.7, -12.9), 11),
        ("cifar100", between, (1.7, 0.7, 2.6), 14),
        ("tinyimagenet", between, (4.2, 2.8, 5.6), 16),
    ):
        gaps = behind(setting, method)
        assert len(gaps) == seeds
        assert interval(gaps) == pytest.approx(points, abs=0.06)
    assert "behind by 24.9 points on CIFAR-100 (17.1 to 32.8) and 19.8 on Tiny ImageNet (12.9 to 26.7)" in chapter
    assert "*ahead*, by 1.7 (0.7 to 2.6) and 4.2 (2.8 to 5.6)" in chapter
    for setting, value in (("cifar100", 22.1), ("tinyimagenet", 14.8)):
        assert -behind(setting, "none").mean() == pytest.approx(value, abs=0.06)


CONTROL_ROWS = (
    *((world, head, "same") for world, head in LIVES if world != FRESH),
    *(("abrupt", "fresh", trial) for trial in ("plane", "labels")),
)


def test_what_the_note_on_controls_tells_of_its_run():
    """Every line of its two tables, with the verdicts by the rule that stands above them."""
    controls = load("controls")
    assert controls.environment["finished"] is True
    assert re.fullmatch(r"[0-9a-f]{40}", controls.environment["commit"])
    assert controls.environment["command"].startswith("lop-tutorial reproduce controls ")
    table, note = controls.table, (RESULTS / "controls.md").read_text(encoding="utf-8")
    there = {(row["setting"], row["world"], row["head"]) for row in table.rows}
    assert len(table.rows) == 8 * len(controls.config["parts"]) == 8 * len(there)

    def told(pair):
        mean, low, high = (f"{'−' if round(float(v), 1) < 0 else '+'}{abs(v):.1f}" for v in interval(finite(pair.loss)))
        return f"{mean} ({low} to {high})"

    for setting in controls.config["learned"]:
        for world, head, trial in CONTROL_ROWS:
            if (setting, world, head) not in there:
                continue
            pair = beside(table, setting, world, head, trial)
            other = beside(table, setting, world, head, trial, "test" if DECIDES[setting] == "train" else "train")
            abrupt = beside(table, setting, "abrupt", head)
            if trial != "same":
                verdict = of_kind(pair, abrupt)
            elif world == "abrupt":
                verdict = "loses plasticity" if pair.loses else "loses none"
            else:
                verdict = (of_change if world in ("sliding", "sampled") else of_time)(pair, abrupt)
            cells = [setting, f"{world}, {head}" if trial == "same" else trial, f"{finite(pair.own).mean():.3f}"]
            cells += [f"{pair.fresh.mean():.3f}", told(pair), "" if trial == "labels" else told(other), verdict]
            assert f"| {' | '.join(cells)} |".replace("|  |", "| |") in note, cells


def test_what_the_note_on_controls_tells_beside_its_tables():
    table, note = load("controls").table, (RESULTS / "controls.md").read_text(encoding="utf-8")
    note = " ".join(note.split())

    def less(setting, one, other):
        """The loss of one less the other's: each a world, a head and a kind of task."""
        return interval(beside(table, setting, *one).loss - beside(table, setting, *other).loss)

    kept, drawn = ("abrupt", "keep"), ("abrupt", "fresh")
    for words, setting, one, other in (
        ("sliding −1.6, −9.4 to +6.2", "type1", kept, ("sliding", "keep")),
        ("sampled +0.6, −5.5 to +6.7", "type1", kept, ("sampled", "keep")),
        ("redrawn heads +10.5, −5.5 to +26.6", "type1", drawn, ("sliding", "fresh")),
        ("sliding +0.5, −1.6 to +2.7", "type2", kept, ("sliding", "keep")),
        ("sampled +0.3, −1.7 to +2.3", "type2", kept, ("sampled", "keep")),
        ("sliding eases the loss by 3.6 (0.7 to 6.5)", "type2", drawn, ("sliding", "fresh")),
        ("makes it worse, by 10.9 (5.1 to 16.7)", "pictures", ("sliding", "keep"), kept),
        ("less than the sequence by 6.5 (2.3 to 10.7)", "pictures", kept, ("one_task", "keep")),
        ("(−3.0, −9.4 to +3.4)", "type1", ("all_at_once", "keep"), kept),
        ("(+6.8, +3.5 to +10.0)", "type2", ("all_at_once", "keep"), kept),
        ("less than the sequence by 10.4, 6.1 to 14.7", "pictures", kept, ("all_at_once", "keep")),
        ("on pictures less, by 10.3 (2.2 to 18.5)", "pictures", drawn, (*drawn, "plane")),
        ("labels in `type1` more, by 9.0 (3.4 to 14.7)", "type1", (*drawn, "labels"), drawn),
    ):
        assert words in note, words
        numbers = [float(each.replace("−", "-")) for each in re.findall(r"[+−]?\d+\.\d", words)]
        assert numbers == pytest.approx(less(setting, one, other), abs=0.06), words
    inside = [
        100 * table.select("train_accuracy", setting="type1", world=world, head="keep")[:, -5:].mean(axis=1)
        for world in ("sliding", "abrupt")
    ]
    assert "by 7.1 points of training accuracy (3.3 to 10.9)" in note
    assert interval(inside[0] - inside[1]) == pytest.approx((7.1, 3.3, 10.9), abs=0.06)
