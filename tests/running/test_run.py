import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from lop_tutorial.experiments import PLANS, plan
from lop_tutorial.interventions import title
from lop_tutorial.report import paper_table
from lop_tutorial.running import Plan, Results, Run, carry_out, execute, rows, stored
from lop_tutorial.training import Training

TINY = Plan(
    name="tiny",
    about="a tiny experiment",
    network="mlp",
    network_settings={"hidden": (6,)},
    procedural={"number": 4, "size": 4, "train": 20, "test": 10},
    training=Training(step_size=0.05, epochs=2, batch_size=10),
    seeds=(0, 3),
    tasks=3,
)


def ordered(found):
    return sorted(found, key=lambda row: (row["method"], row["seed"], row["task"]))


def test_workers_and_other_seeds_change_nothing_but_the_order():
    """To the last bit: who has eight cores gets the numbers of who has two, and one seed alone those of many."""
    plan = replace(TINY, seeds=(0, 3, 4), methods=(*TINY.methods, "spectral"))
    whole = ordered(rows(plan))
    assert len(whole) == plan.steps == 9 * len(plan.methods)
    for workers in (2, 3):
        assert ordered(rows(plan, workers=workers)) == whole
    for seed in plan.seeds:
        assert ordered(rows(replace(plan, seeds=(seed,)))) == [row for row in whole if row["seed"] == seed]
    for method in plan.methods:
        assert ordered(rows(replace(plan, methods=(method,)))) == [row for row in whole if row["method"] == method]


def test_the_precision_is_that_of_every_learner():
    """bfloat16 keeps eight bits: nearly the same numbers, stacked or alone, and not the same."""
    exact, coarse = (list(rows(replace(TINY, precision=precision))) for precision in ("fp32", "bf16"))
    plan = replace(TINY, precision="bf16")
    alone = [
        {"method": method, "seed": seed, "task": task, "train_loss": learner.learn(stream.task(task)).train_loss}
        for method, seed in product(plan.methods, plan.seeds)
        for learner, stream in [(plan.learner(method, seed), plan.stream(seed))]
        for task in range(plan.tasks)
    ]
    losses = [[row["train_loss"] for row in ordered(found)] for found in (exact, coarse, alone)]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05)
    np.testing.assert_allclose(losses[1], losses[2], rtol=0.02)


def test_a_workers_error_reaches_the_caller():
    broken = replace(TINY, train_per_class=99)
    with pytest.raises(ValueError, match="99 train images a class"):
        list(rows(broken, workers=2))


def test_a_killed_worker_is_noticed(monkeypatch):
    monkeypatch.setattr(execute, "_work", _die)
    with pytest.raises(ChildProcessError, match="exit code 7"):
        list(rows(TINY, workers=2))


def _die(plan, todo, done, parts):
    import os

    os._exit(7)


def test_methods_of_one_seed_are_paired_and_seeds_differ():
    found = Results(tuple(rows(TINY)))
    none, retrained = found.curves("none", "train_loss"), found.curves("retrained", "train_loss")
    np.testing.assert_array_equal(none[:, 0], retrained[:, 0])
    assert (none[:, 1:] != retrained[:, 1:]).all()
    assert none[0, 0] != none[1, 0]


def test_a_plan_with_widths_trains_the_same_learners_as_a_plan_of_each_width(tmp_path):
    sweep = replace(TINY, network_settings={"hidden": (6, 9)}, widths=(3, 1), measures=("health",))
    assert sweep.steps == 2 * TINY.steps
    together = Results(tuple(carry_out(sweep, "quick", tmp_path / "run", workers=2)))
    assert (tmp_path / "run" / "metrics.csv").read_text().startswith("width,method,seed,task,train_accuracy")
    kept = Run.open(tmp_path / "run").results
    assert together.widths == kept.widths == (1, 3)
    for width in sweep.widths:
        alone = Results(tuple(rows(replace(TINY, network_settings={"hidden": (6, width)}, measures=("health",)))))
        for row, expected in zip(ordered(together.at(width).rows), ordered(alone.rows), strict=True):
            assert row["method"] == expected["method"]
            numbers = [{k: v for k, v in each.items() if k != "method"} for each in (row, expected)]
            assert numbers[0] == pytest.approx(numbers[1], rel=1e-6)
        np.testing.assert_allclose(kept.at(width).curves("none"), alone.curves("none"), rtol=1e-5)
    with pytest.raises(ValueError, match=r"widths 1, 3; take one with at\(width\)"):
        kept.curves("none")
    with pytest.raises(ValueError, match="measured were 1, 3"):
        kept.at(2)


def test_a_run_folder_says_what_was_done_and_gives_it_back(tmp_path):
    folder = tmp_path / "deep" / "run"
    passed = list(carry_out(TINY, "quick", folder))
    run = Run.open(folder)
    assert run.config["training"]["step_size"] == 0.05
    assert run.config["data_sha256"] == TINY.images.sha256
    assert run.environment["finished"] is True
    assert run.environment["wall_seconds"] > 0
    assert run.environment["packages"]["torch"]
    assert (folder / "metrics.csv").read_text().startswith("method,seed,task,train_accuracy,test_accuracy")
    for kept, row in zip(run.results.rows, ordered(passed), strict=True):
        assert (kept["method"], kept["seed"], kept["task"]) == (row["method"], row["seed"], row["task"])
        assert kept["train_loss"] == pytest.approx(row["train_loss"], rel=1e-5)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "environment.json", "metrics.csv"]


def test_rows_are_on_disk_as_they_come(tmp_path):
    going = carry_out(TINY, "quick", tmp_path / "run")
    passed = [next(going) for _ in range(2)]
    run = Run.open(tmp_path / "run")
    keys = ("method", "seed", "task")
    assert [[row[k] for k in keys] for row in run.results.rows] == [[row[k] for k in keys] for row in passed]
    assert run.environment["finished"] is False


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "precious").write_text("x")
    with pytest.raises(ValueError, match="is there already"):
        next(carry_out(TINY, "quick", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"no config\.json"):
        Run.open(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        Run.open(tmp_path)
    with pytest.raises(ValueError, match="no stored run 'nothing'"):
        stored("nothing")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "resnet"}, "known are mlp, smallconv, convnet"),
        ({"methods": ("none", "magic")}, "'magic'; known are none, retrained"),
        ({"methods": ("none", "none")}, "none of them twice"),
        ({"seeds": ()}, "at least one"),
        ({"tasks": 0}, "tasks is 0"),
        ({"tasks": True}, "tasks is True; it must be a whole number"),
        ({"measure_every": 0.5}, "measure_every is 0.5; it must be a whole number"),
        ({"benchmark": "triples"}, "'triples'; known are pairs, increments, warm_start"),
        ({"widths": (2, 2)}, "none of them twice"),
        ({"widths": (4, 0)}, "each must be at least 1"),
        ({"widths": (4,), "network": "smallconv", "network_settings": {}}, "no hidden layers to be that wide"),
    ],
)
@pytest.mark.usefixtures("as_users_run")
def test_wrong_plans_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        replace(TINY, **change)


def test_every_plan_can_be_written_down_and_begun():
    for name, profiles in PLANS.items():
        for profile, each in profiles.items():
            assert plan(name, profile) is each
            few = {"number": 2 * each.increment, "train": 10 + each.valid_per_class, "test": 4}
            drawn = {"data": "procedural", "procedural": dict(each.procedural) | few, "classes": None}
            all_there_are = {"train_per_class": None, "test_per_class": None}
            small = replace(each, **drawn, **all_there_are, tasks=2)
            assert json.loads(json.dumps(small.as_config()))["network"] == each.network
            outputs = 2 * each.increment if each.benchmark == "increments" else each.warm_start.get("classes", 2)
            assert small.learner("none", 0).network.head.out_features == outputs


def test_the_full_plan_of_table_1_is_the_benchmarks_protocol():
    full = plan("table1", "full")
    assert (full.tasks, full.training.epochs, full.training.batch_size) == (5000, 250, 100)
    assert (full.data, full.train_per_class, full.image_size) == ("imagenet32", None, None)  # 600 + 100 as converted
    assert full.reshuffle is False
    assert (full.training.momentum, full.training.head, full.training.loss) == (0.9, "zero", "cross_entropy")


@pytest.mark.parametrize(("name", "width"), [("table3", 0.25), ("table4", 1.0)])
def test_the_full_plans_of_tables_3_and_4_are_the_benchmarks_protocol(name, width):
    full = plan(name, "full")
    training = full.training
    assert (full.tasks, full.increment, full.valid_per_class, full.data) == (20, 5, 50, "cifar100")
    assert (training.epochs, training.batch_size, training.weight_decay, training.head) == (200, 90, 5e-4, "keep")
    sizes = [training.step_size_in(epoch, 200) for epoch in (1, 60, 61, 120, 121, 160, 161, 200)]
    assert sizes == pytest.approx([0.1, 0.1, 0.02, 0.02, 0.004, 0.004, 0.0008, 0.0008])
    assert full.network_settings.get("width", 1.0) == width


@pytest.mark.parametrize(
    ("table", "profile"), [*product((1, 2, 3, 4), ("quick", "colab", "h200", "full")), (1, "long")]
)
def test_every_table_has_the_papers_rows_in_every_profile(table, profile):
    each = plan(f"table{table}", profile)
    assert (each.table, each.bins) == (table, 5)
    assert [title(method.split(":")[0]) for method in each.methods] == list(paper_table(table).rows)
    assert each.tasks % each.bins == 0


def test_more_increments_than_classes_are_refused():
    with pytest.raises(ValueError, match="tasks is 11, but the 20 classes of procedural make 10 increments of 2"):
        replace(plan("table3"), tasks=11).stream(0)


def test_one_method_in_two_spellings_is_refused():
    for methods in (("l2:strength=0.1", "l2:strength=.1"), ("l2", "l2:strength=0.0001")):
        with pytest.raises(ValueError, match="are one method in two spellings"):
            replace(plan("first_look"), methods=methods)
    twice = replace(
        plan("first_look"), methods=("l2:strength=0.1", "l2:strength=1e-1"), step_sizes={"l2:strength=1e-1": 0.5}
    )
    assert len(twice.methods) == 2  # at two step sizes they are two
