"""`lop-tutorial examine`, from the files that a user has."""

import pytest
import torch

from lop_tutorial.cli import main

MODULE = """
from torch import nn

class Mine(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))

class MineAsking(Mine):
    def __init__(self, width):
        super().__init__()

class MineFailing(Mine):
    def __init__(self):
        raise OSError("no licence")

class MineListing(Mine):
    def forward(self, x):
        return [super().forward(x)]
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_network_to_examine.py").write_text(MODULE)
    network = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2))
    torch.save(network.state_dict(), "mine.pt")
    torch.save((torch.randn(20, 4), torch.arange(20) % 2), "data.pt")
    torch.save(network, "whole.pt")
    torch.save((torch.eye(4).to_sparse(), torch.arange(4) % 2), "sparse.pt")
    torch.save({"another": torch.zeros(2)}, "other.pt")
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "half.pt").write_bytes((tmp_path / "mine.pt").read_bytes()[:200])
    return ["examine", "mine.pt", "--network", "own_network_to_examine:Mine", "--data", "data.pt"]


def test_one_page(files, capsys):
    assert main([*files, "--layer", "1", "--start", "mine.pt"]) == 0
    page = capsys.readouterr().out
    assert "dead units" in page
    assert "On 20 examples, before a step on them." in page
    (line,) = [line for line in page.splitlines() if line.startswith("distance from the start")]
    assert line.split()[4:6] == ["0", "0"]


def test_errors_name_the_way_out(files, as_users_run, capsys):
    for words, said in (
        (files, "name a layer, one of 0, 1, 2"),
        ([*files, "--layer", "1", "--loss", "hinge"], "loss is 'hinge'"),
        ([files[0], "whole.pt", *files[2:], "--layer", "1"], "save a state_dict or a pair of tensors, no module"),
        ([files[0], "data.pt", *files[2:], "--layer", "1"], "data.pt"),
        ([files[0], "none.pt", *files[2:]], "there is no file none.pt"),
        ([*files[:-1], "mine.pt", "--layer", "1"], "mine.pt does not hold two tensors"),
        ([files[0], "text.pt", *files[2:], "--layer", "1"], "text.pt holds no tensors alone"),
        ([files[0], "half.pt", *files[2:], "--layer", "1"], "half.pt holds no tensors alone"),
        ([*files[:-1], "sparse.pt", "--layer", "1"], "is a sparse tensor; this measures dense ones"),
        ([*files, "--layer", "1", "--start", "data.pt"], "start is of type tuple; it must hold the network's weights"),
        ([*files, "--layer", "1", "--start", "other.pt"], "start lacks '0.weight'; take a snapshot of"),
        ([*files[:3], f"{files[3]}Asking", *files[4:]], "cannot be made without arguments (TypeError: "),
        ([*files[:3], f"{files[3]}Failing", *files[4:]], "cannot be made without arguments (OSError: no licence)"),
        ([*files[:3], f"{files[3]}Listing", *files[4:], "--layer", "1"], "Listing gives type list for 20 inputs"),
    ):
        assert main(words) == 2, words
        told = capsys.readouterr().err
        assert said in told, words
        assert told.count("\n") == 1, words
