"""Fleets on CUDA: a recorded step is the step, whatever the method, the network and the way. Every bit is compared.

Learners go through two tasks at the least, and settings are such that every method acts: what a recorded step forgot to
do again shows only later.
"""

import warnings
from dataclasses import replace
from itertools import islice, product
from types import SimpleNamespace

import pretended_gpu
import pytest
import torch
from pretended_gpu import Unordered

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.interventions import INTERVENTIONS, Intervention, intervention
from lop_tutorial.networks import MLP, ConvNet, ResNet18, SmallConv
from lop_tutorial.reinforcement import PlasticityInjection
from lop_tutorial.streams import ClassIncrements, ClassPairs, OnDevice, ToyPoints
from lop_tutorial.training import Fleet, Learner, Training, live, live_together
from lop_tutorial.training.fleet.cuda_graph import WARM_UP, Step
from lop_tutorial.training.fleet.forward import WAYS

pytestmark = [pytest.mark.cuda, pytest.mark.filterwarnings("ignore:There is a performance drop")]

ACTIVE = {  # settings in which a method acts within a few steps
    "cbp": "cbp:maturity=1:replacement_rate=0.1",
    "redo": "redo:every=3:tau=0.9",
    "self_normalised_reset": "self_normalised_reset:rejection=0.9",
    "hare_and_tortoise": "hare_and_tortoise:every=3:decay=0.5",
    "shrink_and_perturb": "shrink_and_perturb:every=step",
}
LAYERS = ("layer_norm", "crelu")  # these change the layers, and cannot be in a fleet with others
IMAGES = ProceduralImages(number=4, train=12, test=6, size=24)
NETWORKS = {
    "smallconv": (SmallConv, 12),
    "convnet": (ConvNet, 24),
    "resnet18": (lambda shape, outputs: ResNet18(shape, outputs, width=0.0625), 8),
}


def state(fleet):
    """All that its learners carry from task to task."""
    found = {}
    for place, one in enumerate(fleet.learners):
        own = {**one.network.state_dict(), **{f"memory {name}": values for name, values in one.memory.items()}}
        for name, weight in one.network.named_parameters():
            own |= {f"{name} {key}": values for key, values in one.optimiser.state.get(weight, {}).items()}
        found |= {f"{place} {one.intervention.title} {name}": values.cpu() for name, values in own.items()}
    return found


def assert_same_bits(one, other):
    """On a real GPU up to rounding: there a kernel may add in another order."""
    ours, theirs = state(one), state(other)
    assert ours.keys() == theirs.keys()
    if pretended_gpu.here():
        assert [name for name in ours if not torch.equal(ours[name], theirs[name])] == []
    else:
        assert_near(one, other)


def assert_near(one, other):
    ours, theirs = state(one), state(other)
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-4, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}")


ON_TOYS = Training(step_size=0.05, epochs=3, batch_size=20, head="fresh", milestones=(0.5,))


def small():
    return MLP((20,), 2, hidden=(12, 8))


def acting(method):
    return intervention(ACTIVE.get(method, method)) if isinstance(method, str) else method


def on_toys(method, device, **how):
    fleet = Fleet(small, ON_TOYS, [(acting(method), seed) for seed in (0, 1)], device=device, **how)
    list(live_together(fleet, {seed: islice(ToyPoints(seed), 2) for seed in (0, 1)}))
    return fleet


def alone_on_toys(method):
    """The same learners one by one on a CPU, which is what training means."""
    learners = [Learner(small, ON_TOYS, acting(method), seed=seed) for seed in (0, 1)]
    for one in learners:
        list(live(one, islice(ToyPoints(one.seed), 2)))
    return SimpleNamespace(learners=learners)


@pytest.mark.parametrize("method", [*INTERVENTIONS, PlasticityInjection(at=1)], ids=str)
def test_a_recorded_step_is_the_step(method, a_gpu):
    recorded = on_toys(method, "cuda")
    assert recorded.recorded
    assert a_gpu is None or (a_gpu.captures, a_gpu.replays) == (1, 2 * 3 * 3 - WARM_UP)
    assert_same_bits(recorded, on_toys(method, "cuda", capture=False))
    assert_near(recorded, alone_on_toys(method))


SETTINGS = (  # that take another way through a method than its defaults
    "g_mixup:alpha=0.3",
    "g_mixup:pairing=permutation",
    "g_mixup:pairing=by_kind_in_batch",
    "mixup:alpha=0.3",
    "shrink_and_perturb:every=step:noise=0.01:fresh=gaussian",
    "cbp:maturity=1:replacement_rate=0.1:utility=contribution:count=mature",
    "self_normalised_reset:rejection=0.9+upgd:protect=false",
)


def test_other_settings_of_methods_can_be_recorded_too():
    learners = [(intervention(how), 0) for how in SETTINGS]
    fleet = Fleet(small, ON_TOYS, learners, device="cuda")
    list(live_together(fleet, {0: islice(ToyPoints(0), 2)}))
    assert fleet.recorded
    alone = [Learner(small, ON_TOYS, how, seed=seed) for how, seed in learners]
    for one in alone:
        list(live(one, islice(ToyPoints(0), 2)))
    assert_near(fleet, SimpleNamespace(learners=alone))


def test_no_step_waits_for_the_device(a_gpu):
    """What an epoch waits for, as its order of the examples that a CPU drew, is the same with 3 and with 60 steps."""
    if a_gpu is None:
        pytest.skip("a real GPU does not tell")

    def waits(batch_size):
        training = replace(ON_TOYS, batch_size=batch_size)
        fleet = Fleet(small, training, [(intervention("g_mixup"), 0)], device="cuda")
        epochs = fleet.epochs({0: ToyPoints(0).task(0)}, 3)
        assert (next(epochs), next(epochs)) == (0, 1)
        begun = len(a_gpu.waits)
        assert (next(epochs), next(epochs)) == (2, 3)
        return len(a_gpu.waits) - begun

    assert waits(1) == waits(20)


def on_pictures(network, methods, device, **how):
    make, size = NETWORKS[network]
    images = ProceduralImages(number=4, train=12, test=6, size=size)
    stream = ClassPairs(OnDevice(images, device), 0)
    training = Training(step_size=0.02, epochs=1, batch_size=8)  # three steps; replayed are those of the second task
    learners = [(intervention(ACTIVE.get(method, method)), 0) for method in methods]
    fleet = Fleet(lambda: make(stream.shape, stream.outputs), training, learners, device=device, **how)
    list(live_together(fleet, {0: islice(stream, 2)}))
    return fleet


def recorded_is_plain(network, methods, way):
    recorded, plain = (on_pictures(network, methods, "cuda", way=way, capture=yes) for yes in (True, False))
    assert recorded.recorded
    assert_same_bits(recorded, plain)


def test_convolutions_can_be_recorded_with_a_method_of_each_kind():
    """One that mixes examples, replaces units, adds a penalty, changes weights after a step, or changes the layers."""
    recorded_is_plain("smallconv", ["none", "g_mixup", "cbp", "l2_init", "spectral"], "products")
    recorded_is_plain("smallconv", ["layer_norm"], "products")


@pytest.mark.product
@pytest.mark.parametrize(("network", "way"), list(product(NETWORKS, WAYS)))
def test_every_way_of_every_network_can_be_recorded_with_every_method(network, way):
    """SmallConv's ways have all methods; a deep network's four ways have a quarter each, and one that watches units."""
    together, alone = [name for name in INTERVENTIONS if name not in LAYERS], list(LAYERS)
    if network != "smallconv":
        first = [*WAYS].index(way) + [*NETWORKS].index(network)
        together = [name for place, name in enumerate(together) if name == "cbp" or (place - first) % len(WAYS) == 0]
    if network == "resnet18":
        alone.remove("crelu")  # which takes flat networks only
    for methods in (together, *([name] for name in alone)):
        recorded_is_plain(network, methods, way)


def test_increments_are_recorded_anew_as_they_grow_and_end_as_on_a_cpu(a_gpu):
    training = Training(0.02, epochs=3, batch_size=8, head="keep", augmentation="flip_crop_rotate", keep_best=True)
    members = [(intervention(method), 0) for method in ("none", ACTIVE["cbp"], "g_mixup")]

    def stream(device):
        return ClassIncrements(OnDevice(IMAGES, device), 0, increment=2, valid_per_class=2)

    def make():
        return SmallConv(stream("cpu").shape, 4)

    def life(**how):
        fleet = Fleet(make, training, members, device="cuda", **how)
        list(live_together(fleet, {0: islice(stream("cuda"), 2)}))
        return fleet

    recorded = life()
    assert a_gpu is None or a_gpu.captures == 2
    assert_same_bits(recorded, life(capture=False))
    alone = [Learner(make, training, method, seed=seed) for method, seed in members]
    for one in alone:
        list(live(one, islice(stream("cpu"), 2)))
    assert_near(recorded, SimpleNamespace(learners=alone))


def test_a_task_of_as_many_examples_and_more_classes_is_recorded_anew():
    def life(kind, learners):
        tasks = [ToyPoints(0, classes=classes, train_per_class=60 // classes).task(0) for classes in (2, 3)]
        for task in tasks:
            kind.learn({0: task} if isinstance(kind, Fleet) else task)
        return SimpleNamespace(learners=learners)

    def make():
        return MLP((20,), 3, hidden=(12, 8))

    fleet = Fleet(make, ON_TOYS, [(intervention("g_mixup"), 0)], device="cuda")
    alone = Learner(make, ON_TOYS, intervention("g_mixup"), seed=0)
    assert_near(life(fleet, fleet.learners), life(alone, [alone]))


def test_memory_that_a_method_makes_anew_at_each_step_goes_on_through_replays():
    """The project's own methods change theirs in place; `memory[name] = ...` is as good."""

    class Counting(Intervention):
        title = "Counting"

        def remember(self, network):
            return {"steps": torch.zeros((), device=network.head.weight.device)}

        def after_step(self, learner):
            learner.memory["steps"] = learner.memory["steps"] + 1

    fleet = on_toys(Counting(), "cuda")
    assert fleet.recorded
    assert [one.memory["steps"].item() for one in fleet.learners] == [2 * 3 * 3] * 2  # tasks, epochs, steps of an epoch


@pytest.mark.parametrize("method", ["none", "g_mixup", "cbp"])
def test_one_learner_on_a_gpu_ends_as_on_a_cpu(method):
    def life(device):
        training = Training(0.05, epochs=2, head="fresh")
        one = Learner(small, training, intervention(ACTIVE.get(method, method)), device=device)
        list(live(one, islice(ToyPoints(0), 2)))
        return [weight.detach().cpu() for weight in one.network.parameters()]

    torch.testing.assert_close(life("cuda"), life("cpu"), rtol=1e-4, atol=1e-5)


def test_a_second_device_learns_as_the_first():
    if torch.cuda.device_count() < 2:
        pytest.skip("there is one CUDA device here")
    second = on_toys("cbp", "cuda:1")
    assert second.recorded
    assert torch.cuda.current_device() == 0
    assert_same_bits(second, on_toys("cbp", "cuda:0"))


def test_networks_apart_on_a_second_device_are_branches_there(a_gpu):
    if torch.cuda.device_count() < 2:
        pytest.skip("there is one CUDA device here")
    second = on_toys("cbp", "cuda:1", way="apart")
    assert second.recorded
    if a_gpu is not None:
        busy = [stream for stream in a_gpu.all_streams if stream.done]
        assert {stream.device.index for stream in busy} == {1}
        assert len(busy) > 2 * WARM_UP  # two learners' own, at each step that is not recorded yet
        made = set(a_gpu.all_streams) - set(a_gpu.streams.values())  # also those on which the networks are measured
        assert {stream.device.index for stream in made} == {1}
    assert_same_bits(second, on_toys("cbp", "cuda:0", way="apart"))


def test_what_cannot_be_recorded_says_why_once_and_leaves_everything_as_it_was(a_gpu):
    looks = []

    class Looking(Fleet):
        def _take_step(self):
            losses = super()._take_step()
            looks.append(losses.sum().item())  # waits for the device
            return losses

    def life(kind):
        streams = {0: ClassIncrements(OnDevice(IMAGES, "cuda"), 0, increment=2)}
        training = Training(step_size=0.02, epochs=3, batch_size=8, head="keep")
        fleet = kind(lambda: SmallConv(streams[0].shape, 4), training, [(intervention("none"), 0)], device="cuda")
        list(live_together(fleet, {0: islice(streams[0], 2)}))
        return fleet

    before = torch.cuda.current_stream()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        looking = life(Looking)
    told = [str(warning.message) for warning in told if "cannot be recorded" in str(warning.message)]
    assert len(told) == 1
    assert "not permitted when stream is capturing" in told[0]
    assert torch.cuda.current_stream() == before
    assert not looking.recorded
    assert_same_bits(looking, life(Fleet))


def test_what_a_stream_has_not_waited_for_is_seen(a_gpu):
    """Of the pretended device alone: a real one would read whatever lies there by then."""
    if a_gpu is None:
        pytest.skip("a real GPU does not tell")
    x, side = torch.ones(3).to("cuda"), torch.cuda.Stream("cuda")
    for wait in (lambda: side.wait_stream(torch.cuda.current_stream()), torch.cuda.synchronize):
        x.add_(1)
        with torch.cuda.stream(side), pytest.raises(Unordered, match="wait_stream is missing"):
            x * 2
        wait()
        with torch.cuda.stream(side):
            y = x * 2
        with pytest.raises(Unordered, match="another stream has written"):
            y.add_(1)
        torch.cuda.current_stream().wait_stream(side)
        y.add_(1)
    assert y.tolist() == [7, 7, 7]


def test_streams_may_write_side_by_side_in_one_storage(a_gpu):
    if a_gpu is None:
        pytest.skip("a real GPU does not tell")
    x, side = torch.zeros(4).to("cuda"), torch.cuda.Stream("cuda")
    torch.cuda.synchronize()
    x[:2].add_(1)
    with torch.cuda.stream(side):
        x[2:].add_(1)
        with pytest.raises(Unordered, match="wait_stream is missing"):
            x[1:].add_(1)
    torch.cuda.synchronize()
    assert x.tolist() == [1, 1, 1, 1]


@pytest.mark.parametrize("missing", ["before", "after"])
def test_a_step_aside_that_does_not_wait_is_seen(a_gpu, missing, monkeypatch):
    if a_gpu is None:
        pytest.skip("a real GPU does not tell")
    waits, wait = [], type(torch.cuda.current_stream()).wait_stream

    def forgetful(own, other):
        waits.append(other)
        if len(waits) % 2 == (missing == "after"):
            wait(own, other)

    monkeypatch.setattr(type(torch.cuda.current_stream()), "wait_stream", forgetful)
    kept = torch.zeros(2).to("cuda")
    step = Step(lambda: kept.add_(1).clone(), torch.device("cuda"), capture=True)

    def both() -> None:
        for _ in range(WARM_UP):
            kept.mul_(2)
            step().add_(kept)

    with pytest.raises(Unordered):
        both()


def test_a_replay_repeats_what_the_device_did_and_not_what_the_host_did():
    """The rule that steps are written by, held against the device; and what a step gave is not overwritten later."""
    host, device = [0], torch.zeros((), device="cuda")

    def take():
        host[0] += 1
        return torch.stack([device.add_(1), torch.full_like(device, host[0])])

    step = Step(take, torch.device("cuda"), capture=True)
    given = [step() for _ in range(WARM_UP + 3)]
    assert [one.tolist() for one in given] == [[1, 1], [2, 2], [3, 3], [4, 4], [5, 4], [6, 4]]


def test_equal_seeds_have_equal_heads_on_every_device():
    networks = {device: MLP((20,), 2).to(device) for device in ("cpu", "cuda")}
    for network in networks.values():
        torch.random.default_generator.manual_seed(7)
        network.reset_head("fresh")
    assert networks["cuda"].head.weight.is_cuda
    assert torch.equal(networks["cuda"].head.weight.cpu(), networks["cpu"].head.weight)
