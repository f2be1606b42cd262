"""The fleet against the plain learner: the same weights, the same memories, the same outcomes."""

from dataclasses import dataclass
from itertools import combinations, islice
from typing import ClassVar

import pytest
import torch
from torch import nn

from lop_tutorial.interventions import INTERVENTIONS, SIX, Intervention, NoIntervention, intervention
from lop_tutorial.networks import MLP
from lop_tutorial.seeds import draw_for
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Fleet, Learner, Training, live, live_together
from lop_tutorial.training.fleet.hooks import Ahead

SEEDS = (3, 4, 5)
STRONG = {"cbp": "cbp:replacement_rate=0.02:maturity=3"}  # so that units are replaced within a few steps


def mlp(activation="tanh"):
    return MLP((20,), 2, hidden=(12, 10, 8), activation=activation)


def both(methods, training, make=mlp, tasks=3):
    """A fleet and plain learners that lived the same lives, and the outcomes of each."""
    learners = [(intervention(method), seed) for method in methods for seed in SEEDS]
    fleet = Fleet(make, training, learners)
    together = list(live_together(fleet, {seed: islice(ToyPoints(seed), tasks) for seed in SEEDS}))
    plain = [Learner(make, training, how, seed=seed) for how, seed in learners]
    alone = [list(live(one, islice(ToyPoints(one.seed), tasks))) for one in plain]
    return fleet.learners, plain, [list(outcomes) for outcomes in zip(*together, strict=True)], alone


def assert_same(fleet, plain):
    for one, other in zip(fleet, plain, strict=True):
        for (name, a), b in zip(one.network.named_parameters(), other.network.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}")
        assert one.memory.keys() == other.memory.keys()
        for name, values in one.memory.items():
            torch.testing.assert_close(values, other.memory[name], rtol=1e-4, atol=1e-5)
        for a, b in zip(one.network.parameters(), other.network.parameters(), strict=True):
            moments = [run.optimiser.state.get(w, {}) for run, w in ((one, a), (other, b))]
            torch.testing.assert_close(moments[0], moments[1], rtol=1e-4, atol=1e-5)


UNITS = ("cbp", "redo", "self_normalised_reset", "crelu", "g_mixup")
"""To these it matters whether units can be silent; the others meet ReLU among the checks of the product."""


@pytest.mark.parametrize(
    ("method", "activation"),
    [
        *((method, "tanh") for method in INTERVENTIONS if method != "crelu"),  # which needs ReLU
        *(
            pytest.param(method, "relu", marks=[pytest.mark.product] * (method not in UNITS))
            for method in INTERVENTIONS
        ),
    ],
)
def test_every_method_ends_in_the_same_weights(method, activation):
    training = Training(step_size=0.05, epochs=4, batch_size=20, head="fresh")
    fleet, plain, together, alone = both([STRONG.get(method, method)], training, lambda: mlp(activation))
    assert_same(fleet, plain)
    for ours, theirs in zip(together, alone, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert (a.task, a.train_accuracy, a.test_accuracy) == (b.task, b.train_accuracy, b.test_accuracy)
            assert a.train_loss == pytest.approx(b.train_loss, rel=1e-4)


@pytest.mark.parametrize(
    "training",
    [
        Training(step_size=0.05, epochs=3, batch_size=20, head="zero", keep_momentum=False),
        Training(step_size=0.02, epochs=3, batch_size=64, head="keep", loss="squared_error", weight_decay=0.01),
        Training(step_size=0.05, epochs=3, batch_size=20, head="fresh", momentum=0.0),
    ],
    ids=lambda training: training.head,
)
def test_methods_side_by_side_do_not_touch_each_other(training):
    methods = ["none", "retrained", "l2_init", STRONG["cbp"], "g_mixup:M=1", "g_mixup:intra=1:alpha=0.3"]
    fleet, plain, *_ = both(methods, training)
    assert_same(fleet, plain)


@pytest.mark.parametrize("pair", list(combinations(SIX, 2)), ids="+".join)
def test_every_pair_of_the_tables_methods_ends_in_the_same_weights(pair):
    training = Training(step_size=0.05, epochs=3, batch_size=20, head="fresh")
    method = "+".join(STRONG.get(name, name) for name in pair)
    fleet, plain, together, alone = both([method], training, tasks=2)
    assert_same(fleet, plain)
    assert [[one.train_accuracy for one in life] for life in together] == [
        [one.train_accuracy for one in life] for life in alone
    ]


def test_one_learner_that_diverges_does_not_disturb_the_others():
    @dataclass(frozen=True)
    class Explodes(Intervention):
        title: ClassVar[str] = "Explodes"

        def after_step(self, learner):
            learner.network.head.weight.mul_(1e30)

    training = Training(step_size=0.05, epochs=3, batch_size=20)
    learners = [(NoIntervention(), 3), (Explodes(), 3), (NoIntervention(), 4)]
    fleet = Fleet(mlp, training, learners)
    outcomes = list(live_together(fleet, {seed: islice(ToyPoints(seed), 3) for seed in (3, 4)}))
    assert outcomes[0][1].diverged
    assert [found[1] for found in outcomes[1:]] == [None, None]
    for place, seed in ((0, 3), (2, 4)):
        plain = Learner(mlp, training, seed=seed)
        list(live(plain, islice(ToyPoints(seed), 3)))
        assert_same([fleet.learners[place]], [plain])


@pytest.mark.parametrize("sizes", [(20, 40), (40, 20)])
@pytest.mark.parametrize("method", ["g_mixup", "mixup", "redo:every=1"])
def test_batches_may_change_their_size_from_task_to_task(method, sizes):
    training = Training(step_size=0.1, epochs=2, batch_size=40)
    fleet = Fleet(mlp, training, [(intervention(method), seed) for seed in SEEDS])
    plain = [Learner(mlp, training, intervention(method), seed=seed) for seed in SEEDS]
    for index, size in enumerate(sizes):
        tasks = {seed: ToyPoints(seed, train_per_class=size // 2).task(index) for seed in SEEDS}
        fleet.learn(tasks)
        for learner in plain:
            learner.learn(tasks[learner.seed])
    assert_same(fleet.learners, plain)


def test_what_learners_were_given_back_is_their_own_while_the_fleet_goes_on():
    """A checkpoint of theirs, or a look at one, is of the task that they have ended."""
    training = Training(step_size=0.05, epochs=2, batch_size=20, head="keep")
    fleet = Fleet(mlp, training, [(intervention(STRONG["cbp"]), seed) for seed in SEEDS])
    fleet.learn({seed: ToyPoints(seed).task(0) for seed in SEEDS})
    given = []
    for one in fleet.learners:
        momentum = [one.optimiser.state[weight]["momentum_buffer"] for weight in one.network.parameters()]
        given += [*one.network.state_dict().values(), *one.memory.values(), *momentum]
    before = [values.clone() for values in given]
    for _ in fleet.epochs({seed: ToyPoints(seed).task(1) for seed in SEEDS}, 2):
        pass
    assert all(torch.equal(*pair) for pair in zip(given, before, strict=True))
    fleet.write_back()
    assert not torch.equal(given[0], before[0])


def test_a_method_that_draws_before_and_after_each_step_draws_what_a_learner_draws():
    @dataclass(frozen=True)
    class Jitter(Intervention):
        title: ClassVar[str] = "Jitter"

        def before_step(self, learner):
            gradient = learner.gradients["head.weight"]
            gradient.add_(0.1 * learner.draw.uniform(*gradient.shape))

        def after_step(self, learner):
            weight = learner.network.head.weight
            weight.add_(0.01 * learner.draw.normal(*weight.shape) * learner.gradients["head.weight"])

    training = Training(step_size=0.05, epochs=3, batch_size=20)
    fleet = Fleet(mlp, training, [(NoIntervention(), 3), (Jitter(), 3), (Jitter(), 4)])
    list(live_together(fleet, {seed: islice(ToyPoints(seed), 2) for seed in (3, 4)}))
    plain = [Learner(mlp, training, method, seed=seed) for method, seed in ((NoIntervention(), 3), (Jitter(), 4))]
    for one in plain:
        list(live(one, islice(ToyPoints(one.seed), 2)))
    assert_same([fleet.learners[0], fleet.learners[2]], plain)


def test_numbers_are_drawn_ahead_in_the_order_of_use(monkeypatch):
    monkeypatch.setattr("lop_tutorial.training.fleet.hooks.AHEAD", 30)
    ahead = Ahead([draw_for(seed, "test") for seed in SEEDS], steps=7)
    taken = torch.stack([ahead.take(4) for _ in range(7)])
    for place, seed in enumerate(SEEDS):
        own = draw_for(seed, "test")
        assert torch.equal(taken[:, place], torch.stack([own.uniform(4) for _ in range(7)]))
        assert torch.equal(ahead.draws[place].uniform(3), own.uniform(3))  # not one too many was drawn


def test_what_cannot_be_stacked_is_named():
    class Odd(MLP):
        def __init__(self):
            super().__init__((20,), 2)
            self.body.append(nn.Softplus())

    with pytest.raises(ValueError, match="not know how to stack all layers of Odd"):
        Fleet(Odd, Training(), [(NoIntervention(), 0)])
    with pytest.raises(ValueError, match="way is 'fft'"):
        Fleet(mlp, Training(), [(NoIntervention(), 0)], way="fft")
    with pytest.raises(ValueError, match="Layernorm changes the network's layers"):
        Fleet(mlp, Training(), [(NoIntervention(), 0), (intervention("layer_norm"), 0)])
