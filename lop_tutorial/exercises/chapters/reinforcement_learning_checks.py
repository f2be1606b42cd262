"""Checks of "Reinforcement learning"."""

from __future__ import annotations

import copy
from typing import Any

import torch
from scipy.stats import spearmanr

from lop_tutorial.exercises.verdicts import Check, called, compare
from lop_tutorial.experiments.changing_control import METHODS
from lop_tutorial.networks import MLP, Network
from lop_tutorial.report.agent_verdicts import late, probe_excess
from lop_tutorial.running.table import load
from lop_tutorial.seeds import seeded

TITLE = "Reinforcement learning"

VALUE = 70.0


def _before(answer: Any) -> str | None:
    if compare(answer, VALUE**2, tolerance=1e-5) is None:
        return "Nearly: the targets vary, too."
    return compare(answer, VALUE**2 + 1, tolerance=1e-5)


def _standardised(answer: Any) -> str | None:
    with seeded(3, "size one"), torch.no_grad():
        x = torch.randn(64, 4)
        network = MLP((4,), 2, (16, 16)).eval()
        network.head.weight.mul_(50)
        network.head.bias.add_(torch.tensor([30.0, 80.0]))
    result, complaint = called(answer, network, x)
    if complaint:
        return complaint
    if not isinstance(result, Network):
        return compare(result, 0.0) or "A network was expected, not a number."
    with torch.no_grad():
        said, before = result(x), network(x)
        moved = not torch.allclose(result.representation(x), network.representation(x), atol=1e-5)
    if moved:
        return "The representation has changed: leave all layers but the last one as they are."
    if torch.allclose(said, before):
        return "The outputs are what they were."
    if complaint := compare(said.mean(dim=0), torch.zeros(2), absolute=1e-3):
        return f"Means of the outputs: {complaint}"
    if complaint := compare(said.std(dim=0, unbiased=False), torch.ones(2), tolerance=0.02):
        return f"Standard deviations of the outputs: {complaint}"
    if compare(said, (before - before.mean(dim=0)) / before.std(dim=0, unbiased=False), tolerance=0.02, absolute=0.02):
        return "Means and sizes are right, but the outputs say something else than before."
    return _left_alone(answer, network, x)


def _left_alone(answer: Any, network: Network, x: torch.Tensor) -> str | None:
    """Whether the network that is handed in stays what it is."""
    mine = copy.deepcopy(network)
    answer(mine, x)
    with torch.no_grad():
        if not torch.equal(mine(x), network(x)):
            return "The copy is right, but the network that was handed in has changed, too."
    return None


def _tells(answer: Any) -> str | None:
    table = load("changing_control").table
    excess = [float(probe_excess(table, method).mean()) for method in METHODS]
    returns = [float(late(table, "return", method=method).mean()) for method in METHODS]
    return compare(answer, float(spearmanr(excess, returns).statistic), tolerance=0.02)


CHECKS: dict[str, Check] = {
    "before the first step": _before,
    "standardised outputs": _standardised,
    "does the probe tell": _tells,
}
