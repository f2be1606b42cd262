"""The stored runs with agents, and what the note on them tells, by the rules that stand in it."""

import json
import re
from pathlib import Path

import pytest

from lop_tutorial.experiments.cartpole_reference import PUBLISHED, PUBLISHED_SEEDS
from lop_tutorial.experiments.own import OWN
from lop_tutorial.report.agent_verdicts import of_published, overlap
from lop_tutorial.running.results import interval
from lop_tutorial.running.table import load

RESULTS = Path(__file__).resolve().parents[1] / "results"
NAMES = ("cartpole_reference", "changing_control", "changing_control_held_out", "replay_ratio")
STORED = [name for name in NAMES if (RESULTS / name).exists()]
NOTE = (RESULTS / "reinforcement.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STORED)
def test_a_stored_run_is_whole_and_is_what_the_command_runs(name):
    run, asked = load(name), OWN[name]
    assert run.environment["finished"] is True
    assert re.fullmatch(r"[0-9a-f]{40}", run.environment["commit"]), "the code must have been committed"
    assert run.environment["command"].startswith(f"lop-tutorial reproduce {name} ")
    assert run.config == json.loads(json.dumps(asked.as_config()))
    assert len(run.table.rows) == len(asked.parts) * len(asked.seeds)
    for part in asked.parts:
        assert [row["seed"] for row in run.table.where(**part).rows] == list(asked.seeds)


def test_the_agent_is_held_to_the_published_return():
    last = load("cartpole_reference").table.select("last")
    mean, low, high = interval(last)
    assert f"mean {mean:.1f} ({low:.1f} to {high:.1f})" in NOTE
    assert ", ".join(f"{value:.1f}" for value in last) in NOTE
    published = of_published(*PUBLISHED["CartPole-v1"], PUBLISHED_SEEDS)
    assert overlap(interval(last), published)
    assert "The reference is **held**" in NOTE


def test_the_seed_that_fell_did_so_in_the_last_twentieth():
    curves = load("cartpole_reference").table.select("curve")
    assert (curves[3, 10:19] == 500).all()
    assert curves[3, 19] < 300
    assert (curves[[0, 1, 2, 4], 19] > 485).all()
