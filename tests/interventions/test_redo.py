"""ReDo: which units are dormant, and what becomes of them and of all else."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lop_tutorial.geometry import dormant_units
from lop_tutorial.interventions import ReDo
from lop_tutorial.interventions.redo import dormant
from lop_tutorial.networks import MLP, ResNet18
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training

SHORT = Training(step_size=0.05, epochs=3, batch_size=16)  # 12 steps a task


def test_the_score_by_hand():
    """Sizes 0, 1 and 5, mean 2: scores 0, 0.5 and 2.5."""
    activations = torch.tensor([[0.0, -1.0, 2.0], [0.0, 1.0, -8.0]])[:, :, None]
    assert dormant(activations, 0).tolist() == [True, False, False]
    assert dormant(activations, 0.5).tolist() == [True, True, False]
    assert dormant(torch.zeros(2, 3, 4), 0).all()


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.1, 0.7, 1.3]))
def test_the_mask_is_the_measures(seed, tau):
    draw = torch.Generator().manual_seed(seed)
    activations = torch.randn(5, 4, 3, generator=draw).relu() * torch.rand(4, 1, generator=draw) ** 4
    assert torch.equal(dormant(activations, tau), dormant_units(activations, tau))


def weights_and_momenta(one):
    kept = {name: p.detach().numpy().copy() for name, p in one.network.named_parameters()}
    moved = {n: one.optimiser.state[p]["momentum_buffer"].numpy().copy() for n, p in one.network.named_parameters()}
    return kept, moved


def test_exactly_the_dormant_units_are_new():
    one = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), SHORT, ReDo(tau=0, every=13))
    one.learn(ToyPoints(0).task(0))  # 12 steps: not yet
    net, x = one.network, ToyPoints(0).task(0).train_x
    with torch.no_grad():
        net.body[1].bias[[2, 5]] = -100.0
        net.body[3].bias[4] = -100.0
        for p in net.parameters():
            one.optimiser.state[p]["momentum_buffer"].fill_(7.0)
    old, _ = weights_and_momenta(one)
    net.train()
    logits = net(x).detach()
    with torch.no_grad():
        one.intervention.after_step(one)
    new, momentum = weights_and_momenta(one)

    h1 = np.maximum(x.numpy() @ old["body.1.weight"].T + old["body.1.bias"], 0)
    h2 = np.maximum(h1 @ old["body.3.weight"].T + old["body.3.bias"], 0)
    first, second = (h1 == 0).all(axis=0), (h2 == 0).all(axis=0)
    assert set(np.flatnonzero(first)) >= {2, 5}
    assert set(np.flatnonzero(second)) >= {4}
    assert not first.all()
    assert not second.all()

    for layer, dead, read_dead, fan_in in (
        ("body.1", first, None, 20),
        ("body.3", second, first, 8),
        ("head", None, second, 6),
    ):
        weight, bias = f"{layer}.weight", f"{layer}.bias"
        rows, columns = np.zeros_like(old[weight], dtype=bool), np.zeros_like(old[weight], dtype=bool)
        if dead is not None:
            rows[dead] = True
            assert (new[weight][rows] != old[weight][rows]).all()
            assert (np.abs(new[weight][rows]) <= fan_in**-0.5).all()
            assert len(np.unique(new[weight][rows])) == rows.sum()
            assert (new[bias][dead] == 0).all()
            assert (new[bias][~dead] == old[bias][~dead]).all()
            assert (momentum[bias] == np.where(dead, 0, 7)).all()
        if read_dead is not None:
            columns[:, read_dead] = True
            assert (new[weight][columns & ~rows] == 0).all()
        others = ~rows & ~columns
        assert (new[weight][others] == old[weight][others]).all()
        assert (momentum[weight] == np.where(others, 7, 0)).all()
    torch.testing.assert_close(net(x), logits, atol=1e-6, rtol=1e-6)  # none had put anything out, none does now


def test_it_acts_at_every_so_many_steps_and_not_between():
    ends = {}
    for every in (0, 4, 13):
        one = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), SHORT, ReDo(tau=100.0, every=every))
        one.learn(ToyPoints(0).task(0))
        ends[every] = torch.cat([p.detach().flatten() for p in one.network.parameters()])
        assert one.memory["step"] == (12 if every else 0)
    assert torch.equal(ends[0], ends[13])
    assert not torch.equal(ends[0], ends[4])
    one = Learner(lambda: MLP((20,), 2, hidden=(8, 6)), replace(SHORT, epochs=1), ReDo(tau=100.0, every=4))
    one.learn(ToyPoints(0).task(0))
    assert not one.network.head.weight.any()  # the fourth step was the last, and recycled all


@pytest.mark.parametrize("stream", [True, False])
def test_units_on_a_residual_stream_can_be_left_out(stream):
    one = Learner(lambda: ResNet18((3, 8, 8), 2, width=0.125), SHORT, ReDo(tau=1e9, every=1, stream=stream))
    block = one.network.body[3]
    with torch.no_grad():
        block.bn1.weight.fill_(2.0)
        block.bn2.weight.fill_(2.0)
    one.network.train()
    one.network(torch.randn(4, 3, 8, 8))
    with torch.no_grad():
        one.intervention.after_step(one)
    assert (block.bn1.weight == 1).all()
    assert (block.bn2.weight == (1 if stream else 2)).all()


@pytest.mark.parametrize(("settings", "message"), [({"tau": -0.1}, "tau is -0.1"), ({"every": -1}, "every is -1")])
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message + "; it must be a finite number from 0 up"):
        ReDo(**settings)
