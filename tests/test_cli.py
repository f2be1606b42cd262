"""The command line as its users meet it: what it prints, what it leaves, and how it takes wrong input."""

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

import lop_tutorial
from lop_tutorial.cli import main
from lop_tutorial.commands.values import parse_classes, parse_seeds, parse_split, parse_step_sizes
from lop_tutorial.doctor import examine
from lop_tutorial.experiments.own import OWN
from lop_tutorial.running import Run
from lop_tutorial.running.table import load

FAST = ["--tasks", "2", "--epochs", "1", "--seeds", "2", "--workers", "1"]


@pytest.fixture(autouse=True)
def nobodys_data(monkeypatch, tmp_path):
    monkeypatch.setenv("LOP_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["lop-tutorial"])
    monkeypatch.setattr("lop_tutorial.commands.queue.stand_back", lambda: None)  # for it is this process here


def test_reproduce_prints_a_table_and_leaves_a_run_and_a_figure(tmp_path, capsys):
    assert main(["reproduce", "first_look", *FAST, "--out", "run"]) == 0
    shown = capsys.readouterr().out
    assert "No Intv." in shown
    assert "Retrained" in shown
    run = Run.open(tmp_path / "run")
    assert len(run.results.rows) == 2 * 2 * 2
    assert run.config["training"]["epochs"] == 1
    assert (tmp_path / "run" / "accuracy.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.skipif(os.name != "posix", reason="permissions are tested the POSIX way")
@pytest.mark.parametrize(
    "words",
    [
        ["reproduce", "first_look", "--out", "{closed}/run"],
        ["reproduce", "first_look", "--out", "{closed}"],
        ["reproduce", "first_look", "--out", "{closed}/deeper/run", "--resume"],
        ["reproduce", "type1_settings", "--out", "{closed}/run"],
        ["report", "type1", "--out", "{closed}/page"],
        ["book", "grade", "any.ipynb", "--out", "{closed}/grades.csv"],
        ["book", "pdf", "--out", "{closed}/book.pdf"],
        ["queue", "{open}", "--runs", "{closed}/runs"],
    ],
)
def test_a_folder_that_may_not_be_written_to_is_refused_before_anything_is_done(words, unprivileged, capsys):
    main(["--version"])
    rooms = ("experiments.own", "running.job_queue", "running.suited", "report.run_report", "report.page", "figures")
    for name in (*rooms, "publishing.pdf", "exercises.grading"):
        importlib.import_module(f"lop_tutorial.{name}")  # that user may not read where Python lies
    capsys.readouterr()
    base, acting = unprivileged
    closed, jobs = base / "closed", base / "jobs.txt"
    closed.mkdir(mode=0o555)
    jobs.write_text("one: reproduce first_look\n")
    with acting():
        assert main([word.format(closed=closed, open=jobs) for word in words]) == 2
    assert capsys.readouterr().err == f"lop-tutorial: {closed} may not be written to; choose another place\n"
    assert list(closed.iterdir()) == []


def test_reproduce_width_leaves_one_table_of_all_widths(tmp_path, capsys):
    few = ["--methods", "none", "--tasks", "1", "--epochs", "1", "--seeds", "1", "--workers", "1"]
    assert main(["reproduce", "width", *few, "--out", "run"]) == 0
    shown = capsys.readouterr().out
    assert "9 widths x 1 method x 1 seed x 1 task" in shown
    assert "No Intv., d = 256" in shown
    run = Run.open(tmp_path / "run")
    assert run.config["widths"] == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert run.results.widths == tuple(run.config["widths"])
    assert all(row["ftle_between_q05"] <= row["ftle_between_q95"] for row in run.results.rows)
    assert (tmp_path / "run" / "accuracy.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_twice_gives_the_same_numbers(tmp_path):
    for out in ("a", "b"):
        assert main(["reproduce", "first_look", *FAST, "--out", out]) == 0
    assert (tmp_path / "a/metrics.csv").read_bytes() == (tmp_path / "b/metrics.csv").read_bytes()


def test_table1_stands_beside_the_paper(capsys):
    few = ["--tasks", "5", "--epochs", "1", "--seeds", "1", "--methods", "none", "--workers", "1"]
    assert main(["reproduce", "table1", *few]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "0.817 0.805 0.562 0.500 0.500" in shown
    assert "another data set and protocol" in shown


def test_the_papers_methods_by_name_and_settings(tmp_path, capsys):
    words = ["--methods", "none, l2_init,layer_norm, cbp:maturity=10,g_mixup:M=0.5", "--out", "run"]
    assert main(["reproduce", "first_look", *FAST, *words]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for name in ("No Intv. train", "L2 init train", "Layernorm train", "CBP train", "G-mixup train"):
        assert name in shown
    assert "Settings: CBP (maturity = 10); G-mixup (M = 0.5)." in shown
    methods = ["none", "l2_init", "layer_norm", "cbp:maturity=10", "g_mixup:M=0.5"]
    assert json.loads((tmp_path / "run/config.json").read_text())["methods"] == methods


def test_overrides_reach_the_configuration(tmp_path):
    words = ["--methods", "retrained", "--seeds", "7:9", "--step-size", "0.02", "--precision", "bf16"]
    assert main(["reproduce", "first_look", *FAST, *words, "--out", "run"]) == 0
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert config["methods"] == ["retrained"]
    assert config["seeds"] == [7, 8]
    assert config["training"]["step_size"] == 0.02
    assert config["precision"] == "bf16"


def test_an_experiment_of_the_books_own_leaves_a_table(tmp_path, capsys, monkeypatch):
    few = {"parts": OWN["inheritance"].parts[:1]}
    monkeypatch.setitem(OWN, "inheritance", replace(OWN["inheritance"], **few))
    words = ["reproduce", "inheritance", "--seeds", "3:5", "--tasks", "1", "--workers", "1", "--out", "run"]
    assert main(words) == 0
    assert "Table: run/table.csv" in capsys.readouterr().out
    config, environment, table = load(tmp_path / "run")
    assert (config["seeds"], config["tasks"], environment["finished"]) == ([3, 4], 1, True)
    assert table.select("start_within", width=2, seed=(3, 4)).shape == (2, 1)
    assert main(words) == 2
    assert "run is there already" in capsys.readouterr().err
    assert main([*words, "--resume"]) == 0
    assert main([*words[:-2], "--seeds", "9,", "--out", "run", "--resume"]) == 2
    assert "was begun with other settings: seeds is [9], was [3, 4]" in capsys.readouterr().err


WRONG = {
    "frobnicate": "frobnicate",
    "reproduce table9": "'table9'; known are table1, table2, table3, table4, ",
    "reproduce table1 --profile slow": "'slow'; table1 has quick, colab, long, h200, full",
    "reproduce table1 --data nowhere": "no image set 'nowhere'",
    "reproduce table1 --profile full": "from image-net.org (with an account), then `lop-tutorial data add imagenet32",
    "reproduce table3 --profile full": "no image set 'cifar100' here",
    "reproduce table4 --tasks 11": "tasks is 11, but the 20 classes of procedural make 10 increments of 2",
    "report nowhere": "there is no folder nowhere, and no stored run 'nowhere' in results/",
    "report table1_quick --out full/precious": "full/precious is a file; the page needs a folder",
    "report": "no run in ",
    "reproduce table1 --methods magic": "'magic'; known are none, retrained",
    "reproduce table1 --methods none,CPB": "'CPB'; did you mean cbp?",
    "reproduce table1 --methods cbp:maturty=5": "cbp has no setting 'maturty'; did you mean maturity?",
    "reproduce table1 --methods cbp:decay=2": "cbp: decay is 2.0; it must be a number from 0 to 1",
    "reproduce table1 --methods g_mixup:intra_loss=training": "use intra_loss=squared_error",
    "reproduce table1 --methods ,": "methods is (); it must name at least one",
    "reproduce table1 --methods cbp,cbp": "methods is ('cbp', 'cbp'); it must name at least one, none of them twice",
    "reproduce everything": "tables_search_convnet",
    "reproduce heads --methods none --profile full": "heads takes no --profile, --methods: these belong to plans",
    "reproduce ridges --tasks 3": "ridges takes no --tasks: their number is fixed",
    "reproduce warm_start_gap --tasks 3": "warm_start_gap takes no --tasks: their number is fixed",
    "reproduce warm_start --tasks 3": "tasks is 3, but a warm start has 2: ask for no more with --tasks",
    "reproduce methods_search --seeds 1": "no image set 'cifar100' here",
    "reproduce walk --out full": "full is there already",
    "reproduce walk --resume": "name its folder with --out",
    "bench everything": "benchmark is 'everything'; known are cbp_equivalence, cpu_step, fleet, ftle",
    "reproduce table1 --seeds five": "write 5 (five seeds from 0)",
    "reproduce table1 --seeds 3:3": "write 5 (five seeds from 0)",
    "reproduce table1 --seeds 500000000": "1,000 seeds are the most",
    "reproduce type1 --classes 0:3": "classes is (0, 3), but the tasks are toy points",
    "reproduce type1 --data procedural": "type1 takes toy points, and nothing else",
    "reproduce table1 --data points": "table1 takes pictures, and nothing else",
    "reproduce table1 --out full/precious --resume": "full/precious is a file; name a folder with --out",
    "reproduce table1 --tasks 0": "--tasks",
    "reproduce table1 --epochs many": "--epochs",
    "reproduce table1 --step-size -1": "step_size is -1",
    "reproduce table1 --device tpu": "it must be auto, cpu, cuda, cuda:N or mps",
    "reproduce table1 --device cuda:99": "CUDA devices here; use --device cpu",
    "reproduce table1 --precision fp8": "precision is 'fp8'; it must be one of fp32, tf32, bf16",
    "reproduce table1 --precision tf32": "tf32 needs a CUDA device from Ampere (8.0) on, not cpu; use fp32 or bf16",
    "reproduce table1 --workers 0": "--workers",
    "reproduce table1 --speed": "--speed",
    "reproduce table1 --out full": "full is there already",
    "data get mnist": "only cifar100 and tinyimagenet",
    "data verify nowhere": "no image set 'nowhere'",
    "data add Some/Thing --from .": "Some/Thing",
    "data add new --from nowhere": "nowhere: no such file or folder",
    "data add new --from full": "full",
    "data add new --from full --root not/there": "full",
    "data list --root full/precious": "full/precious is a file; image sets lie in a folder",
    "queue nowhere": "nowhere is no file; a queue has a job a line",
    "queue full/precious": "full/precious, line 1 is 'x'; write NAME: COMMAND",
    "data add new --from full --split half": "official, or TRAIN:TEST",
    "book refresh --top full": "full",
    "book new-chapter a_name Title --top full": "full",
    "book new-chapter A-name Title": "the name is 'A-name'",
    "book timings --top full": "full",
    "book timings --page-only --top full": "full",
    "book address nonsense --top full": "full",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_value_gets_one_line_and_exit_code_2(words, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/precious").write_text("x")
    assert main(words.split()) == 2
    said = capsys.readouterr()
    assert WRONG[words] in said.err
    assert said.err.startswith("lop-tutorial: ")
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.out + said.err
    assert (tmp_path / "full/precious").read_text() == "x"
    assert [path.name for path in tmp_path.iterdir()] == ["full"]


@pytest.mark.parametrize(
    "words",
    [
        "",
        "reproduce",
        "data",
        "data add",
        "data get",
        "data list",
        "book",
        "book refresh",
        "book new-chapter",
        "book timings",
        "doctor",
    ],
)
def test_help_reads_well_everywhere(words, capsys):
    assert main([*words.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Usage: lop-tutorial" in shown
    assert "--help" in shown


def test_doctor_says_what_is_missing_and_how_to_get_it(capsys, tmp_path):
    assert main(["doctor"]) == 0
    shown = "".join(capsys.readouterr().out.split())
    assert "lop-tutorialdatagetcifar100" in shown
    assert str(tmp_path / "data") in shown
    assert "torch" in shown


def test_an_empty_list_says_what_to_do(capsys):
    assert main(["data", "list"]) == 0
    assert "data get cifar100" in capsys.readouterr().out


def test_seeds_and_splits():
    assert parse_seeds("3") == (0, 1, 2)
    assert parse_seeds("100:103") == (100, 101, 102)
    assert parse_seeds("1,4,7") == (1, 4, 7)
    assert parse_seeds("9,") == (9,)
    assert parse_split(None) is None
    assert parse_split("official") == "official"
    assert parse_split("600:100") == (600, 100)


def test_a_step_size_given_twice_and_an_empty_word_are_refused(capsys, tmp_path):
    assert parse_step_sizes("0.1,none=0.01,cbp=1") == (0.1, {"none": 0.01, "cbp": 1.0})
    with pytest.raises(ValueError, match="two for all methods"):
        parse_step_sizes("0.1,0.2")
    with pytest.raises(ValueError, match="two for none"):
        parse_step_sizes("none=0.1,none=0.1")
    for option in ("--data", "--network", "--stream", "--profile"):
        assert main(["reproduce", "table1", option, "", "--out", str(tmp_path / "run")]) == 2
        assert f"{option} is empty" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_doctor_says_in_a_line_what_last_bits_depend_on(monkeypatch):
    monkeypatch.setattr("lop_tutorial.doctor.company_changes_bits", lambda: True)
    monkeypatch.delenv("MKL_CBWR", raising=False)
    (bits,) = (finding for finding in examine(None) if finding.what == "bits on the CPU")
    assert not bits.here
    assert bits.found == "MKL_CBWR is not set: last bits depend on how many learners train together"
    assert "export MKL_CBWR=AUTO" in bits.remedy


def test_bench_lists_the_benchmarks_and_runs_one(capfd, monkeypatch, tmp_path):
    assert main(["bench"]) == 0
    shown = " ".join(capfd.readouterr().out.split())
    for name in ("cbp_equivalence", "fleet", "ftle", "interventions", "protocol"):
        assert f" {name} " in shown
    assert "fleet_cuda" not in shown
    assert main(["bench", "ftle", "--nonsense"]) == 2
    assert "unrecognized arguments: --nonsense" in capfd.readouterr().err
    monkeypatch.setattr("lop_tutorial.commands.bench.PLACE", tmp_path)
    assert main(["bench"]) == 2
    assert "they come with a clone" in capfd.readouterr().err


def test_help_and_version_come_at_once(capsys):
    """Without waiting for torch, whose import alone takes seconds."""
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{lop_tutorial.__version__}\n"
    told = "import sys; from lop_tutorial.cli import main; main(['reproduce', '--help']); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert "Run one of the book's experiments" in done.stdout
    assert done.stdout.endswith("False\n")


def test_classes_are_two_places():
    assert parse_classes("80:100") == (80, 100)
    for wrong in ("80", "a:b", "1:2:3", ""):
        with pytest.raises(ValueError, match="write two places with a colon"):
            parse_classes(wrong)


def test_step_sizes_are_one_for_all_and_some_of_their_own():
    assert parse_step_sizes("0.1") == (0.1, {})
    assert parse_step_sizes("0.1,none=0.01") == (0.1, {"none": 0.01})
    assert parse_step_sizes("l2_init:strength=0.003=5e-3, cbp=0.1") == (
        None,
        {"l2_init:strength=0.003": 0.005, "cbp": 0.1},
    )
    for wrong in ("", "big", "none=", "none=a", "0.1,,none=0.1"):
        with pytest.raises(ValueError, match=r"write 0\.1, or 0\.1,none=0\.01"):
            parse_step_sizes(wrong)


@pytest.mark.parametrize(("step_size", "words"), [("none=-1", "step_size"), ("nnone=0.1", "step_sizes names 'nnone'")])
def test_a_wrong_step_size_of_a_method_leaves_no_folder(step_size, words, tmp_path, capsys):
    assert main(["reproduce", "first_look", "--step-size", step_size, "--out", str(tmp_path / "run")]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
