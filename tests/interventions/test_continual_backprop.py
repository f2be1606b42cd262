"""Continual backpropagation against a case worked out on paper, brute force, and what replacing must not change."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import one_hot

from lop_tutorial.interventions import ContinualBackprop, NoIntervention
from lop_tutorial.interventions.replacement import replace_units
from lop_tutorial.networks import MLP, Network, ResNet18, SmallConv
from lop_tutorial.streams import ClassPairs, ToyPoints
from lop_tutorial.training import Learner, Training

STILL = Training(step_size=0.0, head="keep")
MOVING = Training(step_size=0.05, head="keep")


def step(learner, x, y):
    learner.network.train()
    learner._step(x, y)


def steps(learner, number, shape, seed=0, batch=8):
    draw = torch.Generator().manual_seed(seed)
    kind = learner.network.head.weight.dtype
    for _ in range(number):
        x = torch.randn(batch, *shape, generator=draw, dtype=kind)
        step(learner, x, one_hot(torch.randint(2, (batch,), generator=draw), 2).to(kind))


# --- One case on paper ------------------------------------------------------------------------------------------------
#
# Two inputs, three ReLU units, two outputs; the step size is 0, so training does not move the weights.
#
#     w_in = (1, 0), (1, 1), (-1, 2);  b_in = 1/2, 0, -1;  w_out, a column a unit: (2, -2), (1/2, -1/4), (1, -1)
#     h(x1 = (1, 0)) = (3/2, 1, 0);    h(x2 = (1, 2)) = (3/2, 3, 2)
#
# Batches (x1, x1), (x1, x2), (x2, x2), (x2, x2); decay 1/2, so the corrections 1 - 2^-a are 1/2, 3/4, 7/8, 15/16.
#
#     E[h]              (3/2, 1, 0)      (3/2, 2, 1)        (3/2, 3, 2)
#     mean              (3/4, 1/2, 0)    (9/8, 5/4, 1/2)    (21/16, 17/8, 5/4)
#     mean, corrected   (3/2, 1, 0)      (3/2, 5/3, 2/3)    (3/2, 17/7, 10/7)
#     E|h - mean|       (0, 0, 0)        (0, 1, 1)          (0, 4/7, 4/7)
#
# E|w_out| = (2, 3/8, 1), E|w_in| = (1/2, 1, 3/2).
#
# "adaptable_contribution": y = (0, 0, 0), (0, 3/8, 2/3), (0, 3/14, 8/21)
#     utility: 0; (0, 3/16, 1/3); (0, 45/224, 5/14): unit 0 has the least
# "contribution":           y = (3, 3/8, 0), (3, 3/4, 1), (3, 9/8, 2)
#     utility: (3/2, 3/16, 0); (9/4, 15/32, 1/2); (21/8, 51/64, 5/4): unit 1 has the least
#
# Maturity 1, rate 1/4: nothing is due at step 1, 3/4 at step 2, 3/2 at step 3, where one unit goes and 1/2 stays. At
# step 4 two units are mature: 1/2 + 2/4 = 1, one goes and 0 stays (counting all three: 1/2 + 3/4, and 1/4 stays).
#
# Its corrected mean goes into the output's biases (1, -1): unit 0: + 3/2 (2, -2) = (4, -4); unit 1: + 17/7 (1/2, -1/4).
PAPER = {
    "adaptable_contribution": {
        "first": 0,
        "utility": (0, 45 / 224, 5 / 14),
        "mean": (0, 17 / 8, 5 / 4),
        "age": (0, 3, 3),
        "bias": (4, -4),
        "second": 1,
    },
    "contribution": {
        "first": 1,
        "utility": (21 / 8, 0, 5 / 4),
        "mean": (21 / 16, 0, 5 / 4),
        "age": (3, 0, 3),
        "bias": (1 + 17 / 14, -1 - 17 / 28),
        "second": 2,
    },
}


@pytest.mark.parametrize(("count", "left"), [("mature", 0), ("all", 0.25)])
@pytest.mark.parametrize("utility", PAPER)
def test_a_case_on_paper(utility, count, left):
    method = ContinualBackprop(replacement_rate=0.25, maturity=1, decay=0.5, utility=utility, count=count)
    one = Learner(lambda: MLP((2,), 2, hidden=(3,)), STILL, method)
    first, head = one.network.body[1], one.network.head
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 0], [1, 1], [-1, 2]]))
        first.bias.copy_(torch.tensor([0.5, 0, -1]))
        head.weight.copy_(torch.tensor([[2, 0.5, 1], [-2, -0.25, -1]]))
        head.bias.copy_(torch.tensor([1.0, -1]))
    x1, x2, y = torch.tensor([1.0, 0]), torch.tensor([1.0, 2]), torch.eye(2)
    kept = {name: p.detach().clone() for name, p in one.network.named_parameters()}
    expected, memory = PAPER[utility], lambda what: one.memory[f"body.1.{what}"]

    step(one, torch.stack([x1, x1]), y)
    assert memory("due") == 0
    step(one, torch.stack([x1, x2]), y)
    assert memory("due") == 0.75
    for name, p in one.network.named_parameters():
        assert torch.equal(p, kept[name])

    step(one, torch.stack([x2, x2]), y)
    gone, stay = expected["first"], [i for i in range(3) if i != expected["first"]]
    assert memory("due") == 0.5
    for what in ("utility", "mean", "age"):
        np.testing.assert_allclose(memory(what), expected[what], rtol=1e-6)
    np.testing.assert_allclose(head.bias.detach(), expected["bias"], rtol=1e-6)
    assert not head.weight[:, gone].any()
    assert first.bias[gone] == 0
    assert not torch.equal(first.weight[gone], kept["body.1.weight"][gone])
    assert first.weight[gone].abs().max() <= 2**-0.5  # 1 / sqrt(fan_in)
    assert torch.equal(first.weight[stay], kept["body.1.weight"][stay])
    assert torch.equal(first.bias[stay], kept["body.1.bias"][stay])
    assert torch.equal(head.weight[:, stay], kept["head.weight"][:, stay])

    step(one, torch.stack([x2, x2]), y)
    assert memory("due") == left
    ages = [4, 4, 4]
    ages[gone], ages[expected["second"]] = 1, 0
    assert memory("age").tolist() == ages


def brute_force_worth(h, w_in, w_out, utility):
    """y of every unit at the first step, in loops; h (batch, unit, position), w_out (out, unit, whatever)."""
    worth = np.zeros(h.shape[1])
    for i in range(h.shape[1]):
        mean = h[:, i].mean() if utility == "adaptable_contribution" else 0
        if w_out.shape[2] == h.shape[2]:  # flattened: every position has weights of its own
            by_position = [np.abs(h[:, i, p] - mean).mean() * np.abs(w_out[:, i, p]).mean() for p in range(h.shape[2])]
            worth[i] = np.mean(by_position)
        else:
            worth[i] = np.abs(h[:, i] - mean).mean() * np.abs(w_out[:, i]).mean()
        if utility == "adaptable_contribution":
            worth[i] /= np.abs(w_in[i]).mean()
    return worth


@pytest.mark.parametrize("utility", PAPER)
def test_utilities_of_maps_by_brute_force(utility):
    """SmallConv has a convolution read by a convolution, one read by a linear layer, and linear layers."""
    method = ContinualBackprop(utility=utility)
    one = Learner(lambda: SmallConv((3, 14, 14), 2), STILL, method)
    with torch.no_grad():
        for layer in one.network.body:
            if isinstance(layer, nn.Linear | nn.Conv2d):
                layer.bias.uniform_(0, 0.3)
    x = torch.randn(6, 3, 14, 14)
    step(one, x, torch.eye(2).repeat(3, 1))
    h, places = x, []
    for layer in one.network.body:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            places.append(h)
        h = layer(h)
    places.append(h)
    assert [units.positions for units in one.units] == [1, 4, 1, 1]
    for units, read in zip(one.units, places[1:], strict=True):
        h = read.detach().reshape(6, units.number, -1).double().numpy()
        w_out = units.outgoing.weight.detach().double().numpy().reshape(len(units.outgoing.weight), units.number, -1)
        w_in = units.incoming.weight.detach().double().numpy()
        found = one.memory[f"{units.name}.utility"] / (1 - method.decay)
        np.testing.assert_allclose(found, brute_force_worth(h, w_in, w_out, utility), rtol=1e-4)


# --- What replacing changes, and what it must not ---------------------------------------------------------------------


class Padded(Network):
    """A padded convolution read by a padded one, flattened into a linear layer."""

    def __init__(self):
        body = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 3, 3, padding=1), nn.ReLU(), nn.Flatten()
        )
        super().__init__(body, 3 * 49, 2)


NETWORKS = {
    "linear": (lambda: MLP((5,), 2, hidden=(7, 6)), (5,)),
    "convolutions": (lambda: SmallConv((3, 14, 14), 2), (3, 14, 14)),
    "padded": (Padded, (2, 7, 7)),
    "residual": (lambda: ResNet18((3, 8, 8), 2, width=1 / 16), (3, 8, 8)),
}


def experienced(network, seed, steps_before=3):
    """A learner in float64 with some steps behind it, so that momentum and running averages are not at rest."""
    make, shape = NETWORKS[network]
    one = Learner(lambda: make().double(), MOVING, NoIntervention(), seed=seed)
    steps(one, steps_before, shape, seed=seed)
    return one, shape


def state(learner):
    """Every parameter and buffer, and the optimiser's momentum of each."""
    kept = {name: value.detach().clone() for name, value in learner.network.state_dict().items()}
    for name, p in learner.network.named_parameters():
        kept[f"momentum of {name}"] = learner.optimiser.state[p]["momentum_buffer"].clone()
    return kept


def place_of(network, layer):
    return next(name for name, module in network.named_modules() if module is layer)


some_case = {
    "network": st.sampled_from(sorted(NETWORKS)),
    "layer": st.integers(0, 100),
    "seed": st.integers(0, 2**16),
    "share": st.sampled_from([0.0, 0.2, 0.5, 1.0]),
}


def draw_case(network, layer, seed, share):
    one, shape = experienced(network, seed)
    units = one.units[layer % len(one.units)]
    draw = torch.Generator().manual_seed(seed)
    chosen = torch.rand(units.number, generator=draw) < share
    passed_on = torch.randn(units.number, generator=draw, dtype=torch.float64)
    return one, shape, units, chosen, passed_on


def replaced(one, units, chosen, passed_on, **kwargs):
    with torch.no_grad():
        replace_units(one, units, chosen, passed_on=passed_on, **kwargs)


@settings(max_examples=40, deadline=None)
@given(**some_case, spare=st.sampled_from([None, 0, 2]))
def test_only_the_slices_of_the_chosen_change(network, layer, seed, share, spare):
    one, _, units, chosen, passed_on = draw_case(network, layer, seed, share)
    before = state(one)
    at_most = None if spare is None else min(int(chosen.sum()) + spare, units.number)
    replaced(one, units, chosen, passed_on, **({} if not at_most else {"at_most": at_most}))
    after = state(one)

    rows, columns = chosen, chosen.repeat_interleave(units.positions)
    incoming, outgoing = (place_of(one.network, layer) for layer in (units.incoming, units.outgoing))
    touched = {f"{incoming}.weight": rows, f"{incoming}.bias": rows}
    if units.norm is not None:
        norm = place_of(one.network, units.norm)
        touched |= {f"{norm}.{what}": rows for what in ("weight", "bias", "running_mean", "running_var")}
    reset = {f"{incoming}.bias": 0.0}
    if units.norm is not None:
        reset |= {f"{norm}.weight": 1.0, f"{norm}.bias": 0.0, f"{norm}.running_mean": 0.0, f"{norm}.running_var": 1.0}
    touched |= {f"momentum of {name}": rows for name in list(touched) if "running" not in name}

    for name, value in after.items():
        if name == f"{outgoing}.bias":
            continue  # the passed mean: below
        if name in (f"{outgoing}.weight", f"momentum of {outgoing}.weight"):
            assert not value[:, columns].any()
            assert torch.equal(value[:, ~columns], before[name][:, ~columns])
        elif name in touched:
            assert torch.equal(value[~rows], before[name][~rows])
            if name.startswith("momentum"):
                assert not value[rows].any()
            elif name in reset:
                assert (value[rows] == reset[name]).all()
            else:
                assert bool((value[rows] != before[name][rows]).all())
        else:
            assert torch.equal(value, before[name]), name
    fresh = after[f"{incoming}.weight"][rows].flatten(1)
    assert len(fresh.unique(dim=0)) == len(fresh)  # no two new units are the same


@settings(max_examples=40, deadline=None)
@given(**some_case)
def test_new_units_have_no_effect_and_leave_their_mean(network, layer, seed, share):
    """The reader of the units puts out what it did with the chosen units held at the mean that is passed on."""
    one, _, units, chosen, passed_on = draw_case(network, layer, seed, share)
    reader, side = units.outgoing, 5
    if isinstance(reader, nn.Conv2d):
        read = torch.randn(4, units.number, side, side, dtype=torch.float64)
    else:
        read = torch.randn(4, reader.in_features, dtype=torch.float64)
    by_unit = read.view(4, units.number, -1)
    held = torch.where(chosen[:, None], passed_on[:, None], by_unit).view_as(read)
    anything = torch.where(chosen[:, None], 1e6 * torch.randn_like(by_unit), by_unit).view_as(read)
    with torch.no_grad():
        expected = reader(held)
        replaced(one, units, chosen, passed_on)
        found = reader(anything)
        assert torch.equal(found, reader(torch.where(chosen[:, None], 0.0, by_unit).view_as(read)))
    if isinstance(reader, nn.Conv2d) and reader.padding != (0, 0) and reader.kernel_size != (1, 1):
        expected, found = expected[..., 1:-1, 1:-1], found[..., 1:-1, 1:-1]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("network", ["linear", "convolutions", "residual"])
def test_a_unit_that_is_constant_goes_unnoticed(network):
    """A unit of constant activation is replaced with that as its mean: the network's output stays as it was.

    In the residual network the inner units' constant is their normalisation's bias, and only the interior would stay
    (its readers are padded): there it is 0.
    """
    one, shape = experienced(network, 3)
    one.network.eval()
    x = torch.randn(5, *shape, dtype=torch.float64)
    inner = [units for units in one.units if not units.on_stream]
    assert len(inner) == {"linear": 2, "convolutions": 4, "residual": 8}[network]
    for place, units in enumerate(inner):
        constant = 0.0 if network == "residual" else 0.7 + place
        last = units.incoming if units.norm is None else units.norm
        with torch.no_grad():
            last.weight[1], last.bias[1] = 0.0, constant
            expected = one.network(x)
        chosen = torch.arange(units.number) == 1
        replaced(one, units, chosen, torch.full((units.number,), constant, dtype=torch.float64))
        with torch.no_grad():
            torch.testing.assert_close(one.network(x), expected, rtol=1e-12, atol=1e-12)
            units.incoming.weight[1] = 5.0  # whatever the new unit sees
            torch.testing.assert_close(one.network(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("at_most", [None, 64])
def test_fresh_weights_follow_the_initialiser(at_most):
    conv = Learner(lambda: SmallConv((3, 32, 32), 2), MOVING, seed=1)
    layer = conv.units[2]  # 64 units x 1152 weights
    everything = torch.ones(64, dtype=torch.bool)
    replaced(conv, layer, everything, None, at_most=at_most)
    weight, bound = layer.incoming.weight.detach(), 1152**-0.5
    assert weight.abs().max() <= bound
    np.testing.assert_allclose(weight.std(), bound / math.sqrt(3), rtol=0.02)  # 73,728 draws: standard error 0.002
    assert abs(weight.mean()) < 0.02 * bound

    residual = Learner(lambda: ResNet18((3, 8, 8), 2, width=1 / 4), MOVING, seed=1)
    layer = residual.units[-2]
    replaced(residual, layer, torch.ones(layer.number, dtype=torch.bool), None, at_most=at_most and layer.number)
    weight = layer.incoming.weight.detach()
    np.testing.assert_allclose(weight.std(), math.sqrt(2 / (9 * 128)), rtol=0.02)
    np.testing.assert_allclose(weight.abs().mean() / weight.std(), math.sqrt(2 / math.pi), rtol=0.02)  # normal


def test_seeds_decide_over_fresh_weights():
    drawn = []
    for seed in (1, 1, 2):
        one = Learner(lambda: MLP((5,), 2), STILL, seed=seed)
        replaced(one, one.units[0], torch.ones(64, dtype=torch.bool), None)
        first = one.units[0].incoming.weight.clone()
        replaced(one, one.units[0], torch.ones(64, dtype=torch.bool), None)
        assert not torch.equal(first, one.units[0].incoming.weight)
        drawn.append(first)
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


# --- When, and how many -----------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    rate=st.integers(1, 40),
    maturity=st.integers(0, 6),
    count=st.sampled_from(["mature", "all"]),
    seed=st.integers(0, 1000),
)
def test_what_is_due_adds_up(rate, maturity, count, seed):
    """A unit is mature at step t unless it was replaced in the `maturity` steps before; none is up to step `maturity`.

    The rate is a multiple of 1/256, so that the sums are exact.
    """
    method = ContinualBackprop(replacement_rate=rate / 256, maturity=maturity, count=count)
    one = Learner(lambda: MLP((4,), 2, hidden=(9,)), MOVING, method, seed=seed)
    number, due, history = 9, Fraction(0), []
    for t in range(1, 31):
        before = one.memory["body.1.age"].clone()
        steps(one, 1, (4,), seed=t)
        age = one.memory["body.1.age"]
        mature = 0 if t <= maturity else number - sum(history[-maturity:] if maturity else [])
        due += Fraction(rate, 256) * (mature if count == "mature" else number * (mature > 0))
        expected = math.floor(due)
        due -= expected
        gone = age == 0
        assert int(gone.sum()) == min(expected, mature)
        assert one.memory["body.1.due"].item() == due
        assert torch.equal(age[~gone], before[~gone] + 1)
        assert (before[gone] >= maturity).all()
        history.append(int(gone.sum()))
    if maturity == 0:
        assert sum(history) == math.floor(Fraction(rate, 256) * number * 30)


def test_everything_goes_at_rate_one():
    one = Learner(lambda: MLP((4,), 2, hidden=(6,)), MOVING, ContinualBackprop(replacement_rate=1, maturity=2))
    steps(one, 2, (4,))
    assert one.network.head.weight.all()
    steps(one, 1, (4,))
    assert not one.network.head.weight.any()
    assert one.memory["body.1.age"].tolist() == [0] * 6


@pytest.mark.parametrize("utility", PAPER)
def test_rate_zero_is_no_intervention_to_the_last_bit(utility, tiny_images):
    fast = Training(step_size=0.05, epochs=2, batch_size=8)
    images = ClassPairs(tiny_images, 0)
    cases = {
        "toy": (lambda: MLP((20,), 2), ToyPoints(0)),
        "residual": (lambda: ResNet18(images.shape, 2, width=1 / 16), images),
    }
    for make, stream in cases.values():
        ends = []
        for method in (NoIntervention(), ContinualBackprop(replacement_rate=0, maturity=0, utility=utility)):
            one = Learner(make, replace(fast, epochs=1), method)
            outcomes = [one.learn(task) for task in islice(stream, 3)]
            ends.append((outcomes, state(one)))
        assert ends[0][0] == ends[1][0]
        assert ends[0][1].keys() == ends[1][1].keys()
        assert all(torch.equal(ends[0][1][name], ends[1][1][name]) for name in ends[0][1])


def test_it_differs_from_no_intervention_as_soon_as_a_unit_is_replaced():
    """So that the test before this one can fail."""
    ends = []
    for rate in (0, 0.01):
        method = ContinualBackprop(replacement_rate=rate, maturity=0)
        one = Learner(lambda: MLP((20,), 2), Training(step_size=0.05, epochs=2, batch_size=8), method)
        one.learn(ToyPoints(0).task(0))
        ends.append(one.network.body[1].weight.detach().clone())
    assert not torch.equal(*ends)


def test_maps_on_the_stream_can_be_left_alone():
    make, shape = NETWORKS["residual"]
    method = ContinualBackprop(replacement_rate=1, maturity=0, stream=False)
    one = Learner(make, MOVING, method)
    steps(one, 1, shape)
    plain = Learner(make, MOVING)
    steps(plain, 1, shape)
    trained = {units.name: units.incoming.weight for units in plain.units}
    readers = {units.outgoing for units in one.units if not units.on_stream}
    assert {name.rsplit(".", 1)[0] for name in one.memory} == {u.name for u in one.units if not u.on_stream}
    for units in one.units:
        if units.on_stream and units.incoming not in readers:
            assert torch.equal(units.incoming.weight, trained[units.name])
        elif not units.on_stream:
            assert not torch.equal(units.incoming.weight, trained[units.name])
            assert not units.outgoing.weight.any()


def test_the_memory_of_adams_moments_is_cleared_too():
    one = Learner(lambda: MLP((5,), 2, hidden=(7, 6)), MOVING)
    one.optimiser = torch.optim.Adam(one.network.parameters())
    steps(one, 3, (5,))
    chosen = torch.arange(7) == 2
    replaced(one, one.units[0], chosen, None)
    kept = one.optimiser.state
    for what in ("exp_avg", "exp_avg_sq"):
        assert not kept[one.units[0].incoming.weight][what][2].any()
        assert not kept[one.units[0].incoming.bias][what][2].any()
        assert not kept[one.units[0].outgoing.weight][what][:, 2].any()
        assert kept[one.units[0].incoming.weight][what][3].any()
    assert kept[one.units[0].incoming.weight]["step"] == 3


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"replacement_rate": -0.1}, "replacement_rate is -0.1; it must be a number from 0 to 1"),
        ({"replacement_rate": 2}, "replacement_rate is 2; it must be a number from 0 to 1"),
        ({"replacement_rate": math.nan}, "replacement_rate is nan; it must be a number from 0 to 1"),
        ({"decay": 1.5}, "decay is 1.5; it must be a number from 0 to 1"),
        ({"decay": 1}, "decay is 1; then no utility would ever be learned"),
        ({"maturity": -1}, "maturity is -1; it must be a finite number from 0 up"),
        ({"utility": "weight"}, "utility is 'weight'; it must be one of adaptable_contribution, contribution"),
        ({"count": "some"}, "count is 'some'; it must be one of all, mature"),
    ],
)
def test_bad_settings_are_named(bad, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        ContinualBackprop(**bad)
