"""The learner against training written out in NumPy, and its promises about seeds, heads and divergence."""

import math
from dataclasses import dataclass, replace
from itertools import islice
from typing import ClassVar

import numpy as np
import pytest
import torch

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.interventions import Intervention, NoIntervention, Retrained
from lop_tutorial.networks import MLP, ResNet18
from lop_tutorial.streams import ClassIncrements, ToyPoints
from lop_tutorial.training import Learner, Training, live
from lop_tutorial.training.augmentation import AUGMENTATIONS

SHORT = Training(step_size=0.05, epochs=3, batch_size=16)


def mlp():
    return MLP((20,), 2, hidden=(8, 6))


def learner(**settings):
    return Learner(mlp, settings.pop("training", SHORT), settings.pop("intervention", NoIntervention()), **settings)


def weights(of):
    return torch.cat([p.detach().flatten() for p in of.network.parameters()])


def by_hand(parameters, batches, step_size, momentum, decay, loss):
    """SGD with momentum on a ReLU network with two hidden layers, in float64 and by the chain rule."""
    p = [np.array(q, dtype=float) for q in parameters]
    velocity = [np.zeros_like(q) for q in p]
    for x, y in batches:
        a1 = x @ p[0].T + p[1]
        h1 = np.maximum(a1, 0)
        a2 = h1 @ p[2].T + p[3]
        h2 = np.maximum(a2, 0)
        logits = h2 @ p[4].T + p[5]
        if loss == "cross_entropy":
            e = np.exp(logits - logits.max(axis=1, keepdims=True))
            d3 = (e / e.sum(axis=1, keepdims=True) - y) / len(x)
        else:
            d3 = 2 * (logits - y) / y.size
        d2 = (d3 @ p[4]) * (a2 > 0)
        d1 = (d2 @ p[2]) * (a1 > 0)
        gradient = [d1.T @ x, d1.sum(0), d2.T @ h1, d2.sum(0), d3.T @ h2, d3.sum(0)]
        for i, g in enumerate(gradient):
            velocity[i] = momentum * velocity[i] + g + decay * p[i]
            p[i] = p[i] - step_size * velocity[i]
    return np.concatenate([q.ravel() for q in p])


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_training_is_sgd_with_momentum(loss, monkeypatch):
    training = Training(
        step_size=0.05, momentum=0.9, weight_decay=0.01, epochs=2, batch_size=16, loss=loss, head="keep"
    )
    task, one = ToyPoints(0).task(0), learner(training=training)
    start = [p.detach().numpy().copy() for p in one.network.parameters()]
    seen, batches = [], one.batches
    monkeypatch.setattr(one, "batches", lambda *a: (seen.append(b) or b for b in batches(*a)))
    one.learn(task)
    x, y = task.train_x.double().numpy(), np.eye(2)[task.train_y]
    expected = by_hand(start, [(x[b], y[b]) for b in seen], 0.05, 0.9, 0.01, loss)
    np.testing.assert_allclose(weights(one), expected, atol=2e-6)


def test_an_epoch_shows_every_example_once_in_equal_batches():
    one = learner(training=replace(SHORT, batch_size=10))
    draw = torch.Generator().manual_seed(0)
    batches = list(one.batches(64, draw))
    assert [len(b) for b in batches] == [10] * 6  # four of 64 sit this epoch out
    assert len(set(torch.cat(batches).tolist())) == 60
    assert sorted(torch.cat(list(one.batches(7, draw))).tolist()) == list(range(7))  # a batch larger than the task


def test_one_seed_fixes_everything():
    runs = []
    for noise in (1, 2):
        torch.manual_seed(noise)  # the global generator must not matter
        one = learner(seed=5, intervention=Retrained())
        runs.append((list(live(one, islice(ToyPoints(5), 3))), weights(one)))
    assert runs[0][0] == runs[1][0]
    assert torch.equal(runs[0][1], runs[1][1])
    other = learner(seed=6)
    assert not torch.equal(weights(learner(seed=5)), weights(other))


def test_the_first_task_is_the_same_for_both_and_the_second_is_not():
    tasks = [ToyPoints(0).task(t) for t in range(2)]
    none, retrained = learner(), learner(intervention=Retrained())
    assert none.learn(tasks[0]) == retrained.learn(tasks[0])
    assert none.learn(tasks[1]) != retrained.learn(tasks[1])


def test_retrained_remembers_nothing():
    tasks = [ToyPoints(0).task(t) for t in range(3)]
    one, other = learner(intervention=Retrained()), learner(intervention=Retrained())
    for task in tasks[:2]:
        one.learn(task)
    other.learn(tasks[0])
    other.learn(tasks[0])  # another past
    assert one.learn(tasks[2]) == other.learn(tasks[2])
    assert torch.equal(weights(one), weights(other))


@pytest.mark.parametrize("head", ["zero", "fresh", "keep"])
def test_what_becomes_of_the_head(head):
    one = learner(training=replace(SHORT, head=head))
    one.learn(ToyPoints(0).task(0))
    learned, body = one.network.head.weight.clone(), one.network.body[1].weight.clone()
    one.start(ToyPoints(0).task(1))
    now = one.network.head.weight
    assert torch.equal(one.network.body[1].weight, body)
    assert {
        "zero": not now.any(),
        "fresh": bool(now.any()) and not torch.equal(now, learned),
        "keep": torch.equal(now, learned),
    }[head]


@pytest.mark.parametrize("kept", [True, False])
def test_momentum_between_tasks(kept):
    one = learner(training=replace(SHORT, keep_momentum=kept))
    one.learn(ToyPoints(0).task(0))
    one.start(ToyPoints(0).task(1))
    assert bool(one.optimiser.state) is kept


def test_accuracy_and_loss_are_those_of_the_network():
    task, one = ToyPoints(0).task(0), learner()
    outcome = one.learn(task)
    with torch.no_grad():
        right = [int(one.network(x[None]).argmax()) == int(y) for x, y in zip(task.test_x, task.test_y, strict=True)]
        odds = torch.softmax(one.network(task.train_x).double(), dim=1)[torch.arange(64), task.train_y]
    assert outcome.test_accuracy == pytest.approx(np.mean(right))
    assert outcome.train_loss == pytest.approx(-odds.log().mean().item(), rel=1e-5)


def test_it_learns():
    outcome = learner(training=Training(step_size=0.05, epochs=60, batch_size=16)).learn(
        ToyPoints(0, distance=6.0).task(0)
    )
    assert outcome.train_accuracy == 1
    assert outcome.test_accuracy > 0.97


def test_only_the_outputs_in_use_are_trained(tiny_images):
    stream = ClassIncrements(tiny_images, 0, increment=2)
    one = Learner(lambda: MLP(stream.shape, stream.outputs, hidden=(8,)), replace(SHORT, head="keep"))
    before = one.network.head.weight.detach().clone()
    one.learn(stream.task(0))
    changed = (one.network.head.weight.detach() != before).any(dim=1)
    assert changed.tolist() == [True, True] + [False] * 5


def test_the_step_size_falls_within_a_task_and_begins_anew(monkeypatch):
    """One step an epoch without momentum: the step sizes are read off the weights' changes."""
    training = Training(
        step_size=0.5, momentum=0.0, epochs=5, batch_size=64, head="keep", milestones=(0.4, 0.8), factor=0.1
    )
    one = learner(training=training)
    for t in range(2):
        sizes, before = [], None
        for _ in one.epochs(ToyPoints(0).task(t), 5):
            now = weights(one)
            if before is not None:
                gradient = torch.cat([p.grad.flatten() for p in one.network.parameters()])
                sizes.append(float((before - now) @ gradient / (gradient @ gradient)))
            before = now
        one.finish(ToyPoints(0).task(t))
        assert sizes == pytest.approx([0.5, 0.5, 0.05, 0.05, 0.005], rel=1e-3)
    assert training.step_size_in(1, 1) == 0.5  # no milestone comes before the first epoch


def with_validation(task):
    return replace(task, valid_x=task.test_x[::9], valid_y=task.test_y[::9])


def test_the_best_validation_weights_are_carried_over():
    """Against a second learner, watched epoch by epoch."""
    training = replace(SHORT, epochs=12, step_size=0.5)
    task = with_validation(ToyPoints(0).task(0))
    watched, seen = learner(training=training), []
    for epoch in watched.epochs(task, 12):
        if epoch:
            with torch.no_grad():
                right = (watched.network(task.valid_x).argmax(1) == task.valid_y).double().mean().item()
            seen.append((right, -epoch, weights(watched)))
    best = max(seen, key=lambda one: one[:2])
    assert best[0] > seen[-1][0], "the case must be one where the last epoch is not the best"
    one = learner(training=replace(training, keep_best=True))
    outcome = one.learn(task)
    assert torch.equal(weights(one), best[2])
    assert outcome.test_accuracy != watched.finish(task).test_accuracy


def test_running_averages_are_carried_over_with_the_weights():
    stream = ClassIncrements(ProceduralImages(number=4, train=20, test=10, size=8), 0, increment=2, valid_per_class=5)
    training = Training(step_size=0.3, epochs=4, batch_size=10, head="keep", keep_best=True)
    one = Learner(lambda: ResNet18(stream.shape, stream.outputs, width=0.05), training)
    task, states = stream.task(0), []
    for epoch in one.epochs(task, 4):
        if epoch:
            _, accuracy = one.evaluate(*task.validation, task.outputs)
            states.append((accuracy, -epoch, {k: v.clone() for k, v in one.network.state_dict().items()}))
    best = max(states, key=lambda one: one[:2])[2]
    assert any("running" in name for name in best)
    assert all(torch.equal(value, best[name]) for name, value in one.network.state_dict().items())


def test_keep_best_needs_validation_examples():
    with pytest.raises(ValueError, match="this task has none: set some aside"):
        learner(training=replace(SHORT, keep_best=True)).learn(ToyPoints(0).task(0))


def test_images_are_augmented_before_the_intervention_sees_them(monkeypatch):
    seen = []

    @dataclass(frozen=True)
    class Spy(Intervention):
        title: ClassVar[str] = "Spy"

        def batch(self, x, y, draw, examples):
            seen.append(x)
            return x, y

    monkeypatch.setitem(AUGMENTATIONS, "none", lambda x, draw: x + 100)
    learner(intervention=Spy()).learn(ToyPoints(0).task(0))
    assert min(float(x.min()) for x in seen) > 90


def test_divergence_is_not_mistaken_for_chance():
    one = learner(training=replace(SHORT, step_size=1e20))
    outcomes = list(live(one, islice(ToyPoints(0), 5)))
    assert len(outcomes) == 1
    assert outcomes[0].diverged
    assert math.isnan(outcomes[0].train_accuracy)


def test_an_intervention_is_asked_at_every_moment():
    calls = []

    @dataclass(frozen=True)
    class Spy(Intervention):
        title: ClassVar[str] = "Spy"

        def build(self, make):
            calls.append("build")
            return make()

        def start_task(self, learner):
            calls.append("start_task")

        def batch(self, x, y, draw, examples):
            calls.append("batch")
            return x, y

        def loss(self, default, logits, y):
            calls.append("loss")
            return default(logits, y)

        def penalty(self, learner):
            calls.append("penalty")
            return 0.0 * learner.network.head.weight.sum()

        def before_step(self, learner):
            calls.append("before_step")

        def after_step(self, learner):
            calls.append("after_step")

        def end_task(self, learner):
            calls.append("end_task")

    one = learner(intervention=Spy(), training=replace(SHORT, epochs=1, batch_size=32))
    plain = learner(training=replace(SHORT, epochs=1, batch_size=32))
    for t in range(2):
        assert one.learn(ToyPoints(0).task(t)) == plain.learn(ToyPoints(0).task(t))
    step = ["batch", "loss", "penalty", "before_step", "after_step"]
    assert calls == ["build", *step * 2, "end_task", "start_task", *step * 2, "end_task"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"step_size": -1.0}, "step_size is -1"),
        ({"step_size": math.nan}, "step_size is nan"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"loss": "hinge"}, "'hinge'; it must be one of cross_entropy, squared_error"),
        ({"milestones": (0.6, 0.3)}, "milestones are \\(0.6, 0.3\\)"),
        ({"milestones": (60.0,)}, "rising shares between 0 and 1"),
        ({"augmentation": "blur"}, "'blur'; it must be one of none, flip_crop_rotate"),
        ({"factor": -1}, "factor is -1"),
        ({"head": "cut"}, "'cut'; it must be one of zero, fresh, keep"),
        ({"momentum": 1}, "momentum is 1; it must be less"),
        ({"momentum": 1.5}, "momentum is 1.5; it must be a number from 0 to 1"),
        ({"momentum": False}, "momentum is False; it must be a number"),
        ({"step_size": True}, "step_size is True; it must be a finite number"),
        ({"epochs": True}, "epochs is True; it must be a whole number"),
        ({"epochs": 2.5}, "epochs is 2.5; it must be a whole number"),
        ({"keep_best": 2}, "keep_best is 2; it must be True or False"),
        ({"keep_momentum": "no"}, "keep_momentum is 'no'; it must be True or False"),
    ],
)
@pytest.mark.usefixtures("as_users_run")
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Training(**settings)


@pytest.mark.cuda
def test_a_gpu_learns_the_same_up_to_rounding():
    on = {device: learner(device=device) for device in ("cpu", "cuda")}
    for one in on.values():
        one.learn(ToyPoints(0).task(0))
    torch.testing.assert_close(weights(on["cuda"]).cpu(), weights(on["cpu"]), atol=1e-4, rtol=1e-4)
