"""Precision by name: what a step multiplies in, and that what is measured stays in float32."""

from itertools import islice

import pytest
import torch

from lop_tutorial.fp32_precision import get_fp32_precision
from lop_tutorial.interventions import Intervention, intervention
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import PRECISIONS, Fleet, Learner, Training, live, live_together
from lop_tutorial.training.precision import Precision

CPU = torch.device("cpu")
TRAINING = Training(step_size=0.05, epochs=4, batch_size=16, head="fresh")


def make():
    return MLP((20,), 2, hidden=(16, 8))


def learned(precision, method="none", seed=0):
    one = Learner(make, TRAINING, intervention(method), seed=seed, precision=precision)
    return one, list(live(one, islice(ToyPoints(seed), 2)))


def test_unknown_names_and_what_a_device_cannot_are_told():
    with pytest.raises(ValueError, match="precision is 'fp16'; it must be one of fp32, tf32, bf16"):
        Learner(make, TRAINING, precision="fp16")
    with pytest.raises(ValueError, match="tf32 needs a CUDA device"):
        Fleet(make, TRAINING, [(intervention("none"), 0)], precision="tf32")
    assert PRECISIONS == ("fp32", "tf32", "bf16")


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def test_a_product_in_bfloat16_has_eight_bits_and_the_weights_keep_theirs(device):
    there = torch.device(device)
    layer, x = torch.nn.Linear(1, 1, bias=False).to(there), torch.tensor([[1 + 2**-7]]).to(there)
    torch.nn.init.constant_(layer.weight, 1 + 2**-9)  # bfloat16 has no such number: it is 1 there
    with Precision("bf16", there).forward():
        assert layer(x).float().item() == 1 + 2**-7
    with Precision("fp32", there).forward():
        assert layer(x).item() == (1 + 2**-7) * (1 + 2**-9)
    assert layer.weight.dtype == torch.float32


@pytest.mark.parametrize("method", ["none", "cbp:maturity=1:replacement_rate=0.1", "spectral", "g_mixup"])
def test_a_learner_in_bfloat16_is_near_one_in_float32_and_all_it_keeps_is_float32(method):
    short, outcomes = learned("bf16", method)
    exact, expected = learned("fp32", method)
    assert all(values.dtype == torch.float32 for values in short.network.parameters())
    assert all(values.dtype in (torch.float32, torch.float64, torch.int64) for values in short.memory.values())
    assert all(seen.dtype == torch.float32 for seen in short.activations)
    assert not torch.equal(short.network.head.weight, exact.network.head.weight)
    assert outcomes[0].train_loss == pytest.approx(expected[0].train_loss, rel=0.1)


@pytest.mark.parametrize("method", ["none", "cbp:maturity=1:replacement_rate=0.1"])
def test_a_fleet_in_bfloat16_is_near_its_learners(method):
    fleet = Fleet(make, TRAINING, [(intervention(method), seed) for seed in (0, 1)], precision="bf16")
    together = list(live_together(fleet, {seed: islice(ToyPoints(seed), 1) for seed in (0, 1)}))
    exact = Fleet(make, TRAINING, [(intervention(method), seed) for seed in (0, 1)])
    list(live_together(exact, {seed: islice(ToyPoints(seed), 1) for seed in (0, 1)}))
    for seed in (0, 1):
        one = Learner(make, TRAINING, intervention(method), seed=seed, precision="bf16")
        (outcome,) = live(one, islice(ToyPoints(seed), 1))
        assert together[0][seed].train_loss == pytest.approx(outcome.train_loss, rel=0.02)
        heads = [all_of.learners[seed].network.head.weight for all_of in (fleet, exact)]
        assert (heads[0] - heads[1]).abs().max() > 1e-4  # float32's rounding moves them by less than 1e-5


@pytest.mark.parametrize("kind", [Learner, Fleet])
def test_in_bfloat16_a_methods_hooks_see_float32(kind):
    seen = []

    class Spy(Intervention):
        title = "Spy"
        watches = True

        def loss(self, default, logits, y):
            seen.append(("logits", logits.dtype))
            return default(logits, y)

        def before_step(self, learner):
            seen.extend(("gradient", values.dtype) for values in learner.gradients.values())

        def after_step(self, learner):
            seen.extend(("activation", values.dtype) for values in learner.activations)

    if kind is Learner:
        Learner(make, TRAINING, Spy(), precision="bf16").learn(ToyPoints(0).task(0))
    else:
        Fleet(make, TRAINING, [(Spy(), 0), (Spy(), 1)], precision="bf16").learn(
            {s: ToyPoints(s).task(0) for s in (0, 1)}
        )
    assert set(seen) == {(what, torch.float32) for what in ("logits", "gradient", "activation")}


def test_measuring_is_the_same_whatever_the_steps_precision():
    one, _ = learned("bf16")
    task = ToyPoints(0).task(0)
    found = one.evaluate(task.test_x, task.test_y, 2)
    one.precision = Precision("fp32", CPU)
    assert one.evaluate(task.test_x, task.test_y, 2) == found


@pytest.mark.cuda
def test_cuda_products_are_as_named_inside_a_step_and_as_they_were_after_it():
    before = get_fp32_precision()
    for name, ours, before_2_9 in (
        ("fp32", ["ieee"] * 4, ["highest", "False"]),
        ("tf32", ["tf32", "tf32", "ieee", "ieee"], ["high", "True"]),
        ("bf16", ["ieee"] * 4, ["highest", "False"]),
    ):
        with Precision(name, torch.device("cuda")).step():
            assert get_fp32_precision() in (ours, before_2_9)
        assert get_fp32_precision() == before
