"""A researcher's own network: a fleet computes what it computes, or leaves it to a learner."""

import math
import threading
from dataclasses import replace

import pytest
import torch
from torch import nn

from lop_tutorial.interventions import NoIntervention, intervention
from lop_tutorial.networks import MLP, Network
from lop_tutorial.running import Plan, rows
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Fleet, Learner, Training, stackable

pytestmark = pytest.mark.usefixtures("as_users_run")
TASK = ToyPoints(0).task(0)
FEW = Training(step_size=0.1, epochs=2, batch_size=20)


def body(*layers):
    return nn.Sequential(nn.Flatten(), nn.Linear(20, 8), nn.ReLU(), *layers)


class Plain(Network):
    def __init__(self, *layers):
        super().__init__(body(*layers), 8, 2)


class OwnForward(Plain):
    def forward(self, x):
        return self.head(self.body(x / 3))


class OwnRepresentation(Plain):
    def representation(self, x):
        return self.body(x).tanh()


class Skip(Plain):
    def __init__(self):
        super().__init__()
        self.skip = nn.Linear(20, 2)


class Mask(Plain):
    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.ones(8))


def frozen():
    network = Plain()
    network.body[1].weight.requires_grad_(False)
    return network


def used_twice():
    layer = nn.Linear(8, 8)
    return Plain(layer, nn.ReLU(), layer, nn.ReLU())


def shared():
    first, second = nn.Linear(8, 8), nn.Linear(8, 8)
    second.weight = first.weight
    return Plain(first, nn.ReLU(), second, nn.ReLU())


def hooked():
    network = Plain()
    network.body[1].register_forward_hook(lambda layer, x, out: out / 2)
    return network


def hooked_before():
    network = Plain()
    network.body[1].register_forward_pre_hook(lambda layer, x: (x[0] / 2,))
    return network


def no_bias():
    network = Plain()
    network.head = nn.Linear(8, 2, bias=False)
    return network


OWN = [OwnForward, OwnRepresentation, Skip, Mask, frozen, used_twice, shared, hooked, hooked_before, no_bias]


@pytest.mark.parametrize("make", OWN)
def test_what_a_fleet_would_compute_otherwise_it_refuses_and_a_learner_trains(make):
    assert not stackable(make())
    with pytest.raises(ValueError, match=r"a fleet does not know how to stack .*train it with Learner"):
        Fleet(make, FEW, [(NoIntervention(), 0)])
    assert Learner(make, FEW).learn(TASK).train_loss < math.log(2)  # which it begins with, as its head is zero


def test_a_layer_that_is_used_twice_runs_twice_in_training_too():
    network = used_twice()
    torch.testing.assert_close(network.train()(TASK.test_x), network.eval()(TASK.test_x))


@pytest.mark.parametrize("method", ["none", "cbp"])
def test_a_plain_one_is_stacked_though_it_is_watched(method):
    assert stackable(Learner(Plain, FEW, intervention(method)).network)


def pictures(*layers):
    return Network(nn.Sequential(nn.Conv2d(3, 4, 3), *layers), 4, 2)


@pytest.mark.parametrize(
    "layers",
    [
        (nn.LayerNorm(6), nn.Flatten()),
        (nn.LayerNorm([4, 6, 6]), nn.Flatten()),
        (nn.Linear(6, 5), nn.Flatten()),
        (nn.BatchNorm2d(4, momentum=None), nn.Flatten()),
        (nn.BatchNorm2d(4, track_running_stats=False), nn.Flatten()),
        (nn.AdaptiveAvgPool2d(1), nn.Flatten(2)),
        (nn.ReLU(),),
    ],
)
def test_layers_of_pictures_in_settings_that_a_fleet_does_not_know(layers):
    assert not stackable(pictures(*layers))
    assert stackable(pictures(nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()))


def test_a_plan_trains_a_forward_pass_of_its_own_as_it_is(monkeypatch):
    monkeypatch.setattr("lop_tutorial.running.plan.NETWORKS", {"mine": lambda shape, outputs: OwnForward()})
    plan = Plan("x", "x", network="mine", data="points", training=FEW, methods=("none",), seeds=(0, 1), tasks=1)
    found = {row["seed"]: row["train_loss"] for row in rows(plan)}
    plain = {seed: Learner(OwnForward, FEW, seed=seed).learn(ToyPoints(seed).task(0)).train_loss for seed in (0, 1)}
    assert found == plain


def test_a_network_that_holds_a_lock_is_trained_in_a_fleet_too():
    class Locked(Plain):
        def __init__(self):
            super().__init__()
            self.lock = threading.Lock()

    (found,) = Fleet(Locked, FEW, [(NoIntervention(), 0)]).learn({0: TASK})
    assert found.train_loss == pytest.approx(Learner(Plain, FEW).learn(TASK).train_loss, rel=1e-4)


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        (
            nn.Sequential(nn.Linear(20, 8), nn.ReLU()),
            r"body\.0 is a Sequential with layers of its own; put them into the body",
        ),
        (nn.Conv1d(2, 8, 3), r"body\.0 is a Conv1d with weights that are not found as hidden units, or override"),
    ],
)
def test_weights_that_would_not_be_found_as_units_are_refused(layers, says):
    with pytest.raises(ValueError, match=says):
        Network(nn.Sequential(layers), 8, 2)
    with pytest.raises(TypeError, match="body is a Linear; it must be"):
        Network(nn.Linear(20, 8), 8, 2)

    class Residual(nn.Sequential):
        def forward(self, x):
            return x + super().forward(x)

    with pytest.raises(ValueError, match="body, a Residual, has its own forward pass"):
        Network(Residual(nn.Linear(20, 20)), 20, 2)


def test_a_parametrised_layer_is_a_layer_still():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(20, 8))
    assert Network(nn.Sequential(layer, nn.ReLU()), 8, 2).depth == 1


def test_layers_that_draw_draw_what_the_seed_says_and_nobody_else_s_numbers():
    """Whatever was drawn before, in one process or in two: a life that is gone on with is the same life."""

    def dropping():
        return Network(nn.Sequential(nn.Linear(20, 16), nn.ReLU(), nn.Dropout(0.5)), 16, 2)

    def life(seed, before, restored=False):
        torch.rand(before)
        learner = Learner(dropping, FEW, seed=seed)
        for t in range(2):
            if restored and t == 1:
                kept, learner = learner, Learner(dropping, FEW, seed=seed)
                learner.network.load_state_dict(kept.network.state_dict())
                learner.optimiser.load_state_dict(kept.optimiser.state_dict())
                learner.tasks_learned = 1
            learner.learn(ToyPoints(0).task(t))
        return learner.network.state_dict()["body.0.weight"]

    assert torch.equal(life(0, 0), life(0, 7))
    assert torch.equal(life(0, 0), life(0, 3, restored=True))
    assert not torch.equal(life(0, 0), life(1, 0))
    before = torch.get_rng_state()
    life(0, 0)
    assert torch.equal(torch.get_rng_state(), before)  # and takes none of anybody else's


def test_a_network_that_may_not_change_is_refused():
    with pytest.raises(ValueError, match="MLP has no weight that may change: call requires_grad_"):
        Learner(lambda: MLP((20,), 2).requires_grad_(False), FEW).learn(TASK)


ONE = MLP((20,), 2)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: MLP((7,), 2), r"MLP cannot take inputs of shape \(20,\): mat1 and mat2"),
        (lambda: MLP((20,), 1), r"gives \(1, 1\) for one input; .* task 0 has 2 classes"),
        (lambda: nn.Linear(20, 2), "make_network gives a Linear; it must give a Network"),
        (lambda: MLP((20,), 2).double(), "is float64; networks train in float32"),
        (lambda: ONE, "in use already.*make a new one in each call"),
    ],
)
def test_what_cannot_be_trained_says_why_in_one_line(make, says):
    for train in (
        lambda: [Learner(make, FEW, seed=seed).learn(TASK) for seed in (0, 1)],
        lambda: Fleet(make, FEW, [(NoIntervention(), 0), (NoIntervention(), 1)]).learn({0: TASK, 1: TASK}),
    ):
        with pytest.raises(ValueError, match=says) as caught:
            train()
        assert "\n" not in str(caught.value)


def test_batches_of_one_are_named_where_batch_normalisation_meets_them():
    def make():
        return Plain(nn.BatchNorm1d(8))

    with pytest.raises(ValueError, match=r"batches of one example .*larger batch_size"):
        Learner(make, Training(batch_size=1, epochs=1)).learn(TASK)
    with pytest.raises(ValueError, match="batches of one example"):
        Fleet(small_picture, Training(batch_size=1, epochs=1), [(NoIntervention(), 0)]).learn({0: one_pixel()})
    assert Learner(make, Training(batch_size=2, epochs=1)).learn(TASK).diverged_step is None


def small_picture():
    return Network(nn.Sequential(nn.Conv2d(20, 8, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten()), 8, 2)


def one_pixel():
    return replace(TASK, train_x=TASK.train_x[..., None, None], test_x=TASK.test_x[..., None, None])


def test_a_fleet_says_what_is_lacking_in_its_tasks():
    with pytest.raises(ValueError, match="learners is empty"):
        Fleet(Plain, FEW, [])
    fleet = Fleet(Plain, FEW, [(NoIntervention(), 0), (NoIntervention(), 1)])
    with pytest.raises(ValueError, match="no task for seed 1"):
        fleet.learn({0: TASK})
    for other in (
        {"train_x": TASK.train_x[:50], "train_y": TASK.train_y[:50]},
        {"valid_x": TASK.test_x, "valid_y": TASK.test_y},
    ):
        with pytest.raises(ValueError, match="as many examples in each"):
            fleet.learn({0: TASK, 1: replace(TASK, **other)})
