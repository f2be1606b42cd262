"""The queue's second stage: every fleet that it asks for gives a number, and its last line has them all."""

import json

import fleet_cuda
from fleet_cuda import Kind, measure

from lop_tutorial.networks import MLP
from lop_tutorial.training.fleet.forward import WAYS


def test_every_fleet_that_is_asked_for_gives_a_number(tmp_path, monkeypatch, capsys):
    small = Kind(lambda: MLP(fleet_cuda.SHAPE, 2, hidden=(4,)), batch=4, classes=2, most=1, theirs=None)
    monkeypatch.setattr(fleet_cuda, "KINDS", {"mlp": small})
    monkeypatch.setattr(fleet_cuda, "SECONDS", 0.01)
    measure(None, tmp_path / "speed.txt", minutes=60, device="cpu")
    lines = (tmp_path / "speed.txt").read_text().splitlines()
    assert capsys.readouterr().out.splitlines() == lines
    found = json.loads(lines[-1])
    best = max(found["rows"][: len(WAYS)], key=lambda row: row["steps_a_second"])
    assert [row["way"] for row in found["rows"]] == [*WAYS, *4 * [best["way"]]]
    assert [(row["method"], row["precision"]) for row in found["rows"][3:]] == [
        ("none", "fp32"),  # the last of the ways
        ("cbp", "fp32"),
        ("none", "bf16"),
        ("none", "fp32"),
        ("none", "fp32"),
    ]
    assert all(row["steps_a_second"] > 0 for row in found["rows"])
    assert any(line.startswith(("one epoch of mlp, ", "no profile of mlp: ")) for line in lines)
    assert not any("profile of mlp: 'Fleet'" in line for line in lines)
