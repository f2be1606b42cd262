"""The page about runs: its numbers against those worked out here, and half-done runs."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from lop_tutorial.cli import main
from lop_tutorial.experiments import plan
from lop_tutorial.report.page import find_runs, section, write_page
from lop_tutorial.report.run_report import RunReport
from lop_tutorial.running import Run, stored

ACCURACY = {"none": 0.6, "retrained": 0.8, "g_mixup": 0.9}


def make_run(folder, *, learners, tasks=10, planned=10, methods=("none", "retrained", "g_mixup"), name="table1"):
    """A run whose test accuracies are ACCURACY + 0.01 * seed + 0.001 * task."""
    folder.mkdir(parents=True)
    chosen = replace(plan(name), tasks=planned, methods=methods, seeds=(0, 1))
    (folder / "config.json").write_text(json.dumps({"profile": "quick"} | chosen.as_config()))
    origin = {"command": "lop-tutorial reproduce table1", "date": "today", "device": "CPU", "commit": "a" * 40}
    (folder / "environment.json").write_text(json.dumps(origin | {"finished": False}))
    lines = ["method,seed,task,train_accuracy,test_accuracy,train_loss"]
    for method, seed in learners:
        level = ACCURACY[method.split(":")[0]]
        for task in range(tasks):
            lines.append(f"{method},{seed},{task},1.0,{level + 0.01 * seed + 0.001 * task:.6f},0.1")
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    return folder


BOTH = [(method, seed) for method in ACCURACY for seed in (0, 1)]


def test_the_numbers_are_means_of_bins_and_paired_differences(tmp_path):
    report = RunReport(Run.open(make_run(tmp_path / "run", learners=BOTH)))
    rows = {(method, quantity, tasks): rest for _, method, quantity, tasks, *rest in report.numbers()}
    mean, low, high, seeds, paper = rows["g_mixup", "test_accuracy", "3-4"]
    assert (float(mean), seeds) == (pytest.approx(0.9 + 0.005 + 0.0025), 2)
    half = 12.706 * 0.005  # the t quantile of one degree of freedom, and the standard error of 0.9025 and 0.9125
    assert (float(low), float(high)) == pytest.approx((0.9075 - half, 0.9075 + half), abs=1e-4)
    assert float(paper) == 0.881
    mean, low, high, seeds, paper = rows["g_mixup", "test_accuracy minus retrained", "9-10"]
    assert (float(mean), float(low), float(high)) == pytest.approx((0.1, 0.1, 0.1))
    assert float(paper) == pytest.approx(0.879 - 0.840)
    assert rows["none", "test_accuracy minus retrained", "1-2"][4] == "-0.036"


def test_differences_are_taken_within_a_seed(tmp_path):
    """Where the methods have different seeds, only those that both have count."""
    learners = [("none", 0), ("none", 1), ("retrained", 1)]
    report = RunReport(Run.open(make_run(tmp_path / "run", learners=learners)))
    np.testing.assert_allclose(report.against("none", "retrained"), np.full((1, 5), 0.2), atol=1e-9)


def test_a_half_done_run_says_how_far_it_is(tmp_path):
    folder = make_run(tmp_path / "run", learners=[("none", 0), ("none", 1), ("retrained", 0)], tasks=5)
    with (folder / "metrics.csv").open("a") as file:
        file.write("retrained,1,0,0.9")  # killed while it wrote
    report = RunReport(Run.open(folder))
    assert report.progress() == "Not finished: 15 rows; 0 of 6 learners are done; not begun: G-mixup."
    assert report.results.bin_edges(5) == [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)]  # of the tasks that were planned
    lines = {line[:2]: line[2:] for line in report.accuracies().lines}
    assert lines["Retrained", "test"] == ("0.800", "0.802", "–", "–", "–")
    write_page([report], {}, tmp_path / "page")
    assert "Not finished" in (tmp_path / "page/report.md").read_text()


def test_a_run_without_a_row_has_a_page(tmp_path):
    report = RunReport(Run.open(make_run(tmp_path / "run", learners=[])))
    write_page([report], {}, tmp_path / "page")
    assert "No task is done yet" in (tmp_path / "page/report.md").read_text()


def test_what_differs_is_found_from_the_settings(tmp_path):
    differs = RunReport(Run.open(make_run(tmp_path / "run", learners=BOTH))).differs()
    assert "tasks: 10 instead of 5,000" in differs
    assert "step size: 0.1 instead of 0.01" in differs
    assert "data: procedural instead of imagenet32" in differs
    assert "methods: none instead of l2_init:strength=0.001, layer_norm, cbp" in differs
    assert not [line for line in differs if line.startswith(("momentum", "classes"))]


def test_a_run_with_former_defaults_says_what_its_methods_were(tmp_path):
    methods = ("none", "cbp:replacement_rate=0.01", "cbp:count=all")
    run = Run.open(make_run(tmp_path / "run", learners=[], methods=methods))
    assert RunReport(run).former_defaults() is None
    del run.config["edition"]  # as in a run that is older than editions
    told = "`cbp:replacement_rate=0.01` is today's `cbp:replacement_rate=0.01:count=mature`"
    assert RunReport(run).former_defaults() == f"Run with former defaults of its methods: {told}."
    assert told in section(RunReport(run), None)


def test_what_is_not_set_in_the_protocol_has_a_name_too():
    differs = RunReport(stored("table4_cifar100")).differs()
    assert {"width: 0.25 instead of 1.0", "image size: 8 instead of that of the set"} <= set(differs)


def test_the_order_of_the_methods(tmp_path):
    order = RunReport(Run.open(make_run(tmp_path / "run", learners=BOTH))).order()
    assert order == (
        "Last bin, best first. Ours: G-mixup 0.914, Retrained 0.814, No Intv. 0.614. "
        "The paper's: G-mixup 0.879, Retrained 0.840, No Intv. 0.500."
    )


def test_the_order_of_one_method_in_two_settings(tmp_path):
    methods = ("none", "g_mixup", "g_mixup:bump=1")
    learners = [(method, 0) for method in methods]
    order = RunReport(Run.open(make_run(tmp_path / "run", learners=learners, methods=methods))).order()
    assert order is not None
    ours, theirs = order.split("The paper's: ")
    assert "G-mixup 0.909, G-mixup (bump = 1) 0.909, No Intv. 0.609" in ours
    assert theirs == "G-mixup 0.879, No Intv. 0.500."


def test_a_run_of_several_widths_has_a_part_for_each():
    reports = RunReport.each(stored("width"))
    assert [report.name for report in reports] == [f"width, d = {d}" for d in (1, 2, 4, 8, 16, 32, 64, 128, 256)]
    for report in reports:
        assert report.progress() == "Finished; 16 of 16 learners are done."
        assert {row[0] for row in report.numbers()} == {report.name}
        assert "Retrained" in section(report, None)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("config.json", "[]", "config.json is damaged .it lacks name"),
        ("config.json", '{"name": "x"}', "it lacks about, data, methods, seeds, tasks"),
        ("environment.json", "{}", "environment.json is damaged .it lacks command"),
        ("config.json", b"\xff{}", r"config\.json is damaged .*can't decode"),
        ("config.json", "[" * 100_000, r"config\.json is damaged"),
        ("config.json", {"methods": 3}, r"config\.json is damaged .methods is 3.; run the experiment again"),
        ("config.json", {"methods": ["none", 1]}, r"damaged .methods is \['none', 1\]"),
        ("config.json", {"tasks": "10"}, "damaged .tasks is '10'"),
        ("config.json", {"bins": 0}, "damaged .bins is 0"),
        ("environment.json", {"finished": "no"}, r"environment\.json is damaged .finished is 'no'"),
        ("environment.json", {"packages": 7}, "damaged .packages is 7"),
        ("metrics.csv", b"method,seed,task,train_accuracy,test_accuracy\n\xff,0,1,1,1\n", r"metrics\.csv is damaged"),
        ("metrics.csv", "x" * 200_000 + "\n", r"metrics\.csv is damaged .*field limit"),
        ("metrics.csv", "method,seed,task,train_accuracy,test_accuracy,train_loss\nnone,0,10,1,1,1\n", "has task 10"),
    ],
)
def test_a_damaged_run_is_refused_by_name(tmp_path, name, text, message):
    folder = make_run(tmp_path / "run", learners=BOTH)
    if isinstance(text, dict):
        text = json.dumps(json.loads((folder / name).read_text()) | text)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=message):
        Run.open(folder)


def test_a_page_that_cannot_be_written_leaves_none(tmp_path):
    reports = RunReport.each(Run.open(make_run(tmp_path / "run", learners=BOTH)))
    reports[0].run.config["table"] = 9
    with pytest.raises(ValueError, match="table 9"):
        write_page(reports, {reports[0].run.folder: b"a picture"}, tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_what_is_no_run_is_called_what_it_is(tmp_path):
    folder = make_run(tmp_path / "run", learners=BOTH)
    with pytest.raises(ValueError, match=r"config\.json is not a run's folder"):
        find_runs([str(folder / "config.json")])
    with pytest.raises(ValueError, match="methods_search is a table of learners, not a run"):
        find_runs(["methods_search"])
    (folder / "metrics.csv").unlink()
    with pytest.raises(ValueError, match="no task is done"):
        find_runs([str(folder)])


def test_differences_of_few_seeds_are_not_bold(tmp_path):
    for seeds, bold in ((4, False), (5, True)):
        learners = [(method, seed) for method in ACCURACY for seed in range(seeds)]
        shown = RunReport(Run.open(make_run(tmp_path / str(seeds), learners=learners))).differences()
        assert shown is not None
        assert ("**" in str(shown.lines)) == bold


def test_the_command_writes_a_page_that_needs_no_other_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "runs" / "one", learners=BOTH)
    make_run(tmp_path / "runs" / "two", learners=BOTH[:3])
    assert main(["report", "--out", "page"]) == 0
    assert "two: Not finished" in " ".join(capsys.readouterr().out.split())
    html = (tmp_path / "page/report.html").read_text()
    assert html.count("<h2>") == 2
    assert html.count('src="data:image/png;base64,') == 2
    assert "http" not in html
    with (tmp_path / "page/numbers.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["run"] for row in rows} == {"one", "two"}
    shown = {row["mean"] for row in rows if (row["run"], row["method"], row["tasks"]) == ("one", "none", "1-2")}
    assert "0.605500" in shown


def test_names_in_a_run_cannot_bring_html_along(tmp_path):
    folder = make_run(tmp_path / "run", learners=BOTH)
    config = json.loads((folder / "config.json").read_text()) | {"about": "<script>alert(1)</script>"}
    (folder / "config.json").write_text(json.dumps(config))
    write_page([RunReport(Run.open(folder))], {}, tmp_path / "page")
    assert "<script>" not in (tmp_path / "page/report.html").read_text()


def test_no_run_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"no run in .*runs"):
        find_runs([])
    with pytest.raises(ValueError, match="no stored run 'nowhere'"):
        find_runs(["nowhere"])
    assert find_runs(["type1"])[0].config["name"] == "type1"
