"""The queue of what waits for a GPU: each stage is asked for, has its share of time, and may be cut at any moment."""

import os
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path

import fleet
import pytest

TOP = Path(__file__).parents[1]
STAGES = {"1_tests": "-m pytest", "2_speed": "fleet.py", "3_table1": "reproduce", "4_ftle": "ftle.py"}
# In place of Python: notes what it is asked for; told to stop in a stage, it says so, as what runs there does.
PYTHON = """#!/usr/bin/env bash
[[ $1 == -c ]] && { echo 1; exit; }
echo "$*" >> "$LOG"
echo "${CUDA_VISIBLE_DEVICES-all}" >> "$LOG.visible"
[[ $* == *gpu_options* ]] && { echo --data procedural --tasks 5; exit; }
if [[ $* == *reproduce* ]]; then
  while [[ $1 != --out ]]; do shift; done
  mkdir -p "$2"; cd "$2"; echo row >> metrics.csv
  set -- reproduce
fi
echo "begun"
[[ $* != *"$WAIT"* ]] && exit
trap 'echo "stopped"; [[ -e metrics.csv ]] && echo kept >> metrics.csv; touch "$LOG.stopped"; exit 1' TERM INT
echo $$ > "$LOG.waits"
while :; do sleep 0.05; done
"""


@pytest.fixture
def queue(tmp_path):
    """Begins the script, on what stands in for Python; `wait` names what does not end by itself."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(PYTHON)
    (tmp_path / "bin" / "python").chmod(0o755)
    (tmp_path / "bin" / "nvidia-smi").write_text("#!/bin/sh\necho a card\n")
    (tmp_path / "bin" / "nvidia-smi").chmod(0o755)
    (tmp_path / "work").mkdir()

    def begin(name, wait="nothing", seconds=570, **more):
        ours = ("OUT", "FROM", "DEVICE", "EVERY", "CUDA_VISIBLE_DEVICES")
        there = {key: value for key, value in os.environ.items() if key not in ours}
        there |= {"PATH": f"{tmp_path / 'bin'}:{there['PATH']}", "TMPDIR": str(tmp_path / "work")}
        there |= {"OUT": str(tmp_path / name), "LOG": str(tmp_path / "log"), "WAIT": wait, **more}
        command = ["bash", "benchmarks/gpu_queue.sh", str(seconds)]
        return subprocess.Popen(command, cwd=TOP, env=there, stdout=subprocess.PIPE, start_new_session=True, text=True)

    return begin


def held(folder):
    """What the archive of Table 1's run has in its table."""
    whole = folder.parent / "whole.tar"
    whole.write_bytes(b"".join(part.read_bytes() for part in sorted(folder.glob("3_table1.tar.*"))))
    with tarfile.open(whole) as archive:
        return archive.extractfile("table1/metrics.csv").read().decode().split()


def test_every_stage_is_asked_for_once_and_a_second_time_only_what_is_missing(queue, tmp_path):
    assert queue("first").wait(600) == 0
    asked = (tmp_path / "log").read_text().splitlines()
    order = ["doctor", "pytest", "fleet.py", "gpu_options", "reproduce", "ftle.py"]
    assert [word in line for word, line in zip(order, asked, strict=True)] == [True] * 6
    assert "--data procedural --tasks 5 --device cuda" in asked[4]
    assert all(" cuda" in line for line in asked[2:])
    assert held(tmp_path / "first") == ["row"]
    assert (tmp_path / "first" / "0_machine.txt").read_text().startswith("a card\nbegun\n1_tests: exit status 0")
    (tmp_path / "log").unlink()
    assert queue("second", FROM=str(tmp_path / "first"), DEVICE="pretended").wait(600) == 0
    asked = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[0] for line in asked] == ["tests/with_pretended_gpu.py"] * 3  # doctor, Table 1, exponents
    assert "--profile quick --data procedural --tasks 5 --device cuda" in asked[1]
    assert held(tmp_path / "second") == ["row", "row"]
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(("visible", "chosen"), [(None, "1"), ("5,7", "7"), ("GPU-1e0d,GPU-75fa,GPU-0c2b", "GPU-75fa")])
def test_a_second_device_is_the_second_of_those_that_are_visible(queue, tmp_path, visible, chosen):
    more = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert queue("out", DEVICE="cuda:1", **more).wait(600) == 0
    assert set((tmp_path / "log.visible").read_text().split()) == {chosen}
    assert " cuda:" not in (tmp_path / "log").read_text()
    assert fleet.named(1, visible) == chosen


@pytest.mark.parametrize("visible", ["", "5"])
def test_a_device_that_is_not_visible_is_refused(queue, tmp_path, visible):
    assert queue("out", DEVICE="cuda:1", CUDA_VISIBLE_DEVICES=visible).wait(600) != 0
    assert not (tmp_path / "log").exists()
    with pytest.raises(IndexError):
        fleet.named(1, visible)


def until(path, running):
    while not path.exists():
        assert running.poll() is None
        time.sleep(0.05)


def alive(process):
    """Whether a process of Linux is there, and not just its number."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def stages_asked(folder):
    """What of the stages was asked for, and is forgotten."""
    log = (folder / "log").read_text()
    (folder / "log").unlink()
    return [name for name, word in STAGES.items() if word in log]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("cut", [signal.SIGTERM, signal.SIGKILL])
def test_the_next_command_begins_with_the_stage_that_was_cut(queue, tmp_path, stage, cut):
    """Killed, too, with Table 1's run as it was shortly before; and what ran has ended with the script."""
    running, first = queue("first", wait=STAGES[stage], EVERY="1"), tmp_path / "first"
    until(tmp_path / "log.waits", running)
    if stage == "3_table1":
        until(first / "3_table1.tar.aa", running)
    running.send_signal(cut)
    running.wait(120)
    if shutil.which("setpriv"):
        deadline = time.monotonic() + 120
        while alive((tmp_path / "log.waits").read_text().strip()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    names = list(STAGES)
    assert stages_asked(tmp_path) == names[: names.index(stage) + 1]
    if stage == "3_table1":
        assert held(first)[0] == "row"
    for name in ("second", "third"):  # of which the third has nothing to do but what goes on and what comes last
        assert queue(name, FROM=str(first)).wait(600) == 0
        assert stages_asked(tmp_path) == names[min(names.index(stage), 2) if name == "second" else 2 :]
        first = tmp_path / name
    assert held(first)[:2] == ["row", "row" if stage != "3_table1" or cut == signal.SIGKILL else "kept"]


@pytest.mark.parametrize("stage", STAGES)
def test_cut_in_any_stage_it_ends_at_once_and_leaves_what_there_is(queue, tmp_path, stage):
    running, out = queue("out", wait=STAGES[stage]), tmp_path / "out"
    until(tmp_path / "log.waits", running)
    running.send_signal(signal.SIGTERM)
    said, _ = running.communicate(timeout=120)  # the shortest share of a stage is longer
    assert (tmp_path / "log.stopped").exists()
    assert {"begun", "stopped"} <= set((out / f"{stage}.txt").read_text().split())
    assert f"{stage}: cut, exit status 1" in said
    later = list(STAGES)[list(STAGES).index(stage) + 1 :]
    assert [f"{name}: no time left" in said for name in later] == [True] * len(later)
    assert len(list(out.iterdir())) <= 8
    if stage > "3":
        assert held(out) == ["row", "kept"] if stage == "3_table1" else ["row"]
