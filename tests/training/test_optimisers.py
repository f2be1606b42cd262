"""The optimisers' steps are torch's own, to the last bit, and need no compiler."""

import pickle

import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from lop_tutorial.training import optimisers

KINDS = [("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}), ("SGD", {"lr": 0.1}), ("Adam", {"lr": 0.01})]


def trained(kind, settings, steps=5):
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(5, 7), torch.nn.Tanh(), torch.nn.Linear(7, 1))
    optimiser = kind(network.parameters(), **settings, fused=True)
    for x in torch.randn(steps, 20, 5):
        optimiser.zero_grad()
        network(x).square().mean().backward()
        optimiser.step()
    return network, optimiser


@pytest.mark.parametrize(("name", "settings"), KINDS)
def test_weights_and_what_is_kept_are_torchs_to_the_last_bit(name, settings):
    (ours, kept), (theirs, also_kept) = (trained(getattr(at, name), settings) for at in (optimisers, torch.optim))
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))
    assert all(weight.is_leaf for weight in ours.parameters())  # no step is part of what is differentiated
    assert kept.param_groups[0].keys() == also_kept.param_groups[0].keys()
    for a, b in zip(kept.state.values(), also_kept.state.values(), strict=True):
        assert a.keys() == b.keys()
        assert all(torch.equal(a[key], b[key]) for key in a if b[key] is not None)


def test_hooks_on_steps_are_called_once_and_the_class_can_be_stored():
    seen = []
    hook = register_optimizer_step_post_hook(lambda optimiser, *_: seen.append(optimiser))
    _, optimiser = trained(optimisers.SGD, {"lr": 0.1}, steps=3)
    hook.remove()
    assert seen == [optimiser] * 3
    assert isinstance(optimiser, torch.optim.SGD)
    assert type(pickle.loads(pickle.dumps(optimiser))) is optimisers.SGD
