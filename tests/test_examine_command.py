"""`lop-tutorial examine`, from the files that a user has."""

import pytest
import torch

from lop_tutorial.cli import main

MODULE = """
from torch import nn

class Mine(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
"""


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_network_to_examine.py").write_text(MODULE)
    network = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2))
    torch.save(network.state_dict(), "mine.pt")
    torch.save((torch.randn(20, 4), torch.arange(20) % 2), "data.pt")
    torch.save(network, "whole.pt")
    return ["examine", "mine.pt", "--network", "own_network_to_examine:Mine", "--data", "data.pt"]


def test_one_page(files, capsys):
    assert main([*files, "--layer", "1", "--start", "mine.pt"]) == 0
    page = capsys.readouterr().out
    assert "dead units" in page
    assert "On 20 examples, before a step on them." in page
    (line,) = [line for line in page.splitlines() if line.startswith("distance from the start")]
    assert line.split()[4:6] == ["0", "0"]


def test_errors_name_the_way_out(files, capsys):
    for words, said in (
        (files, "name a layer, one of 0, 1, 2"),
        ([*files, "--layer", "1", "--loss", "hinge"], "loss is 'hinge'"),
        ([files[0], "whole.pt", *files[2:], "--layer", "1"], "save a state_dict or a pair of tensors, no module"),
        ([files[0], "data.pt", *files[2:], "--layer", "1"], "data.pt"),
        ([files[0], "none.pt", *files[2:]], "there is no file none.pt"),
        ([*files[:-1], "mine.pt", "--layer", "1"], "mine.pt does not hold two tensors"),
    ):
        assert main(words) == 2, words
        assert said in capsys.readouterr().err.replace("\n", " "), words
