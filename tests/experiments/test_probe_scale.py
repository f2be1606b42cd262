"""The probe on four scales: of lives that are those of `changing_control`, and each error what its name says."""

import math
from dataclasses import replace

import pytest
import torch

pytest.importorskip("gymnasium", reason="needs the extra reinforcement")

from lop_tutorial.experiments import changing_control, probe_scale
from lop_tutorial.experiments.changing_control import SETTINGS, lives
from lop_tutorial.experiments.probe_scale import COLUMNS, errors, scales
from lop_tutorial.networks import MLP
from lop_tutorial.reinforcement import probe_error

TINY = replace(SETTINGS, steps=200, learning_starts=70, buffer=150, hidden=(8, 8), batch_size=16)


def test_the_lives_and_the_probe_are_those_of_changing_control(monkeypatch):
    for module in (changing_control, probe_scale):
        monkeypatch.setattr(module, "STATES", 48)
    (row,) = scales("CartPole-v1", "none", (2,), 2, base=TINY)
    (other,) = lives("CartPole-v1", "none", (2,), 2, base=TINY)
    assert [len(row[name]) for name in COLUMNS] == [2] * len(COLUMNS)
    assert math.isnan(row["size"][0])
    for name in ("probe", "probe_fresh"):
        assert row[name][1] == other[name][1]
    with pytest.raises(ValueError, match="cpu alone"):
        next(scales("CartPole-v1", "none", (0,), 1, device="cuda"))


def test_each_error_is_that_of_the_network_it_names():
    """A network says 3 times what a fresh one says, and 40 more: all that is wrong is scale, and it is undone."""
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    fresh = MLP((4,), 2, (16, 16)).eval()
    mine = MLP((4,), 2, (16, 16)).eval()
    mine.load_state_dict(fresh.state_dict())
    with torch.no_grad():
        mine.head.weight.mul_(3)
        mine.head.bias.mul_(3).add_(40)
        size = float(mine(x).square().mean().sqrt())
    found = errors(mine, fresh, x, 5)
    assert found["size"] == pytest.approx(size)
    assert found["sized"] == pytest.approx(found["fresh_sized"], rel=1e-3)
    assert found["new_head"] == pytest.approx(found["probe_fresh"])
    assert found["probe"] == probe_error(mine, x, seed=5) > 100 * found["sized"]
    assert found["own_scale"] == probe_error(mine, x, seed=5, own_scale=True)
