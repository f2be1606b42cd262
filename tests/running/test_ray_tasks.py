"""A plan on a local Ray cluster of two workers, one of which is killed."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lop_tutorial.cli import main
from lop_tutorial.running import Plan, Run, carry_out
from lop_tutorial.training import Training

PLAN = Plan(
    name="tiny",
    about="a tiny experiment",
    network="mlp",
    network_settings={"hidden": (32, 32)},
    data="points",
    training=Training(step_size=0.05, epochs=20, batch_size=8),
    methods=("none", "g_mixup"),
    seeds=(0, 1),
    tasks=25,
)


def test_without_ray_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ValueError, match=r"pip install 'lop-tutorial\[ray\]'"):
        list(carry_out(PLAN, "quick", tmp_path / "run", launcher="ray"))


def test_an_unknown_launcher_is_named(capsys):
    assert main(["reproduce", "first_look", "--launcher", "slurm"]) == 2
    assert "launcher is 'slurm'; it must be one of local, ray" in capsys.readouterr().err


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two workers on this machine, which the code under test finds as it would find any other."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'lop-tutorial[ray]'")
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    before = os.environ.get("RAY_ADDRESS")
    os.environ["RAY_ADDRESS"] = cluster.address
    yield ray
    ray.shutdown()
    cluster.shutdown()
    del os.environ["RAY_ADDRESS"]
    if before is not None:
        os.environ["RAY_ADDRESS"] = before


def lockers(path: Path) -> list[int]:
    """The processes that hold this file open."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                held = [os.readlink(each) for each in (process / "fd").iterdir()]
            except OSError:
                continue
            found += [int(process.name)] * (str(path) in held)
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="finds the worker to kill through /proc")
def test_one_worker_is_killed_and_the_run_ends_in_the_same_numbers(cluster, tmp_path):
    """`cluster` comes first: where Ray is not there, nothing is trained."""
    list(carry_out(PLAN, "quick", tmp_path / "local", workers=2))
    folder, killed = tmp_path / "ray", []
    seen = []
    for row in carry_out(PLAN, "quick", folder, workers=2, launcher="ray", every=0):
        seen.append((row["method"], row["seed"], row["task"]))
        part = folder / "checkpoints/crew-1.csv"
        if not killed and part.exists() and len(part.read_text().splitlines()) > 4:
            killed = lockers(part)
            for process in killed:
                os.kill(process, signal.SIGKILL)
    assert len(killed) == 1
    assert killed[0] != os.getpid()
    assert sorted(seen) == sorted(set(seen))  # each once, though a part of them was done twice
    assert len(seen) == PLAN.steps
    assert Run.open(folder).finished
    assert (folder / "metrics.csv").read_bytes() == (tmp_path / "local/metrics.csv").read_bytes()


def test_it_stops_after_the_task_and_the_local_launcher_goes_on(cluster, tmp_path):
    folder = tmp_path / "run"
    for _ in carry_out(PLAN, "quick", folder, workers=2, launcher="ray"):
        (folder / "checkpoints/stop").touch()
    run = Run.open(folder)
    assert not run.finished
    assert len(json.loads((folder / "checkpoints/crews.json").read_text())) == 2
    list(carry_out(PLAN, "quick", folder, resume=True))
    list(carry_out(PLAN, "quick", tmp_path / "whole", workers=2))
    assert (folder / "metrics.csv").read_bytes() == (tmp_path / "whole/metrics.csv").read_bytes()


def test_a_tasks_error_is_what_the_user_sees(cluster, tmp_path):
    broken = replace(PLAN, data="procedural", procedural={"number": 4, "size": 4, "train": 20}, train_per_class=99)
    with pytest.raises(ValueError, match="99 train images a class"):
        list(carry_out(broken, "quick", tmp_path / "run", workers=2, launcher="ray"))
