"""The book's own experiments on a second GPU: what is found there is what the CPU finds."""

from dataclasses import replace

import pytest
import torch

from lop_tutorial.experiments import controls, cures, suspects
from lop_tutorial.experiments.catalogue import two_types

pytestmark = [pytest.mark.cuda, pytest.mark.product, pytest.mark.filterwarnings("ignore:There is a performance drop")]


@pytest.fixture(autouse=True)
def two_devices():
    if torch.cuda.device_count() < 2:
        pytest.skip("there is one CUDA device here")


def assert_near(rows, others):
    assert len(rows) == len(others) == 2  # a row a network
    for row, other in zip(rows, others, strict=True):
        assert row.keys() == other.keys()
        for name, value in row.items():
            wanted = value if isinstance(value, str) else pytest.approx(value, rel=1e-3, abs=1e-3, nan_ok=True)
            assert other[name] == wanted, name


@pytest.mark.parametrize("method", ["retrained", cures.METHODS[-1]])
def test_suspects_and_cures(method, monkeypatch):
    toy = replace(two_types(2), training=replace(two_types(2).training, epochs=2))
    monkeypatch.setattr(suspects, "two_types", lambda width: toy)
    monkeypatch.setattr(suspects, "EVERY", 2)
    assert_near(*(list(suspects.states("type1", method, (0, 1), 2, device)) for device in ("cuda:1", "cpu")))


def test_controls(monkeypatch):
    whole = controls.SETTINGS["type2"]
    brief = replace(whole, training=replace(whole.training, epochs=controls.STAGES))
    monkeypatch.setattr(controls, "SETTINGS", {"type2": brief})
    monkeypatch.setattr(controls, "EACH", 1)
    there, here = (list(controls.lives("type2", "sliding", "keep", (0, 1), 1, device)) for device in ("cuda:1", "cpu"))
    assert_near(there, here)
