"""Every intervention on every convolutional network: the fleet's learners against plain ones, weight by weight.

Small images, batches of 8, two tasks. A weight may differ by 1e-4 of its size plus 2e-5, in float32. In the residual
network, where batch normalisation over few numbers makes more of a rounding, each layer's weights may differ by 1 % of
the way that they went.
"""

from dataclasses import dataclass
from itertools import islice, product
from typing import ClassVar

import pytest
import torch

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.interventions import INTERVENTIONS, Intervention, intervention
from lop_tutorial.networks import ConvNet, ResNet18, SmallConv
from lop_tutorial.streams import ClassIncrements, ClassPairs, Pixels
from lop_tutorial.training import Fleet, Learner, Training, live, live_together
from lop_tutorial.training.fleet.forward import WAYS

NETWORKS = {
    "smallconv": lambda: SmallConv((3, 12, 12), 2),
    "convnet": lambda: ConvNet((3, 24, 24), 2),
    "resnet18": lambda: ResNet18((3, 12, 12), 2, width=0.25),
}
PIXELS = {"smallconv": 12, "convnet": 24, "resnet18": 12}
TRAINING = Training(step_size=0.01, epochs=2, batch_size=8, head="fresh")
BRIEF = Training(step_size=0.001, epochs=1, batch_size=8, head="fresh")
WAY = {"smallconv": "products", "convnet": "grouped", "resnet18": "loop"}
ACTIVE = {  # so that they act within eight steps
    "cbp": "cbp:maturity=1:replacement_rate=0.05",
    "redo": "redo:every=3:tau=0.5",
    "self_normalised_reset": "self_normalised_reset:rejection=0.5",
    "hare_and_tortoise": "hare_and_tortoise:every=3:decay=0.5",
    "shrink_and_perturb": "shrink_and_perturb:every=step:shrink=0.99:noise=0.01",
}
RUN = [pair for pair in product(INTERVENTIONS, NETWORKS) if pair != ("crelu", "resnet18")]  # which it refuses
SEEDS = (3, 4)
pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop")  # of augmentation under vmap


@pytest.fixture(scope="module")
def images():
    return ProceduralImages(number=6, train=8, test=5, size=24)


def both(images, methods, network, training, tasks=2, **settings):
    """Learners of a fleet and plain ones after the same tasks, and their outcomes."""
    make = NETWORKS[network]
    pixels = Pixels(size=PIXELS[network])
    streams = {seed: ClassPairs(images, seed, pixels=pixels, train_per_class=8, test_per_class=5) for seed in SEEDS}
    learners = [(intervention(method), seed) for method in methods for seed in SEEDS]
    fleet = Fleet(make, training, learners, **settings)
    together = list(live_together(fleet, {seed: islice(stream, tasks) for seed, stream in streams.items()}))
    plain = [Learner(make, training, how, seed=seed) for how, seed in learners]
    alone = [list(live(one, islice(streams[one.seed], tasks))) for one in plain]
    return fleet, plain, [list(one) for one in zip(*together, strict=True)], alone


def assert_same(fleet, plain):
    for one, other in zip(fleet.learners, plain, strict=True):
        start = Learner(other.make_network, other.training, other.intervention, seed=other.seed).network.state_dict()
        now, wanted = one.network.state_dict(), other.network.state_dict()
        for name, values in wanted.items():
            if isinstance(other.network, ResNet18) and values.is_floating_point():
                went, apart = (values - start[name]).norm(), (values - now[name]).norm()
                assert apart <= 0.01 * went + 1e-6, f"{name}: {apart} apart after {went}"
            else:
                torch.testing.assert_close(now[name], values, rtol=1e-4, atol=2e-5, msg=lambda t, n=name: f"{n}: {t}")
        assert one.memory.keys() == other.memory.keys()
        for name, values in one.memory.items():
            torch.testing.assert_close(values, other.memory[name], rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize(("method", "network"), RUN)
def test_every_method_on_every_network(method, network, images):
    training = BRIEF if network == "resnet18" else TRAINING
    method = ACTIVE.get(method, method)
    fleet, plain, together, alone = both(images, [method], network, training, way=WAY[network])
    assert_same(fleet, plain)
    for ours, theirs in zip(together, alone, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert (a.task, a.train_accuracy, a.test_accuracy) == (b.task, b.train_accuracy, b.test_accuracy)
            assert a.train_loss == pytest.approx(b.train_loss, rel=1e-3)


@pytest.mark.parametrize("way", ["grouped", "products", "loop", "apart"])
def test_every_way_with_batch_normalisation_and_a_method_that_watches(way, images):
    fleet, plain, *_ = both(images, ["none", ACTIVE["cbp"]], "resnet18", BRIEF, way=way)
    assert_same(fleet, plain)


def test_one_learner_that_diverges_does_not_disturb_the_others(images):
    """Its steps are the others', its loss and gradients are infinite."""

    @dataclass(frozen=True)
    class Explodes(Intervention):
        title: ClassVar[str] = "Explodes"

        def after_step(self, learner):
            learner.network.head.weight.mul_(1e30)

    for way in WAYS:
        stream = ClassPairs(images, 3, pixels=Pixels(size=12), train_per_class=8, test_per_class=5)
        learners = [(intervention("none"), 3), (Explodes(), 3), (intervention("l2"), 3)]
        fleet = Fleet(NETWORKS["smallconv"], TRAINING, learners, way=way)
        outcomes = list(live_together(fleet, {3: islice(stream, 2)}))
        assert outcomes[0][1].diverged
        assert outcomes[1][1] is None
        plain = Learner(NETWORKS["smallconv"], TRAINING, seed=3)
        list(live(plain, islice(stream, 2)))
        for name, values in plain.network.state_dict().items():
            torch.testing.assert_close(fleet.learners[0].network.state_dict()[name], values, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("method", ["none", ACTIVE["cbp"], "g_mixup"])
def test_step_sizes_augmentation_and_best_weights_are_the_learners(method, images):
    """Incremental CIFAR-100's protocol."""
    training = Training(
        step_size=0.02,
        epochs=4,
        batch_size=8,
        head="keep",
        milestones=(0.3, 0.6),
        augmentation="flip_crop_rotate",
        keep_best=True,
    )
    streams = {
        seed: ClassIncrements(images, seed, increment=2, train_per_class=6, valid_per_class=2, test_per_class=5)
        for seed in SEEDS
    }
    fleet = Fleet(lambda: ConvNet((3, 24, 24), 6), training, [(intervention(method), seed) for seed in SEEDS])
    outcomes = list(live_together(fleet, {seed: islice(stream, 2) for seed, stream in streams.items()}))
    for place, seed in enumerate(SEEDS):
        plain = Learner(lambda: ConvNet((3, 24, 24), 6), training, intervention(method), seed=seed)
        alone = list(live(plain, islice(streams[seed], 2)))
        for together, expected in zip(outcomes, alone, strict=True):
            assert together[place].train_accuracy == expected.train_accuracy
        for name, values in plain.network.state_dict().items():
            torch.testing.assert_close(fleet.learners[place].network.state_dict()[name], values, rtol=1e-3, atol=5e-5)
