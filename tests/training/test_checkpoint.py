"""A learner that went to disk and back between two tasks is the learner it was, to the last bit."""

import json
from itertools import islice

import pytest
import torch

from lop_tutorial.interventions import INTERVENTIONS, intervention
from lop_tutorial.networks import MLP, ResNet18
from lop_tutorial.streams import ClassPairs, ToyPoints
from lop_tutorial.training import Fleet, Learner, Training, checkpoint, live_together

STRONG = {
    "cbp": "cbp:replacement_rate=0.02:maturity=3",
    "redo": "redo:every=3:tau=0.5",
    "self_normalised_reset": "self_normalised_reset:rejection=0.5",
}
TRAINING = Training(step_size=0.05, epochs=2, batch_size=20, head="fresh")
POINTS = ToyPoints(0)


def mlp():
    return MLP((20,), 2, hidden=(12, 10), activation="relu")


def through_disk(folder, learners, fresh):
    """New learners that go on where the old ones are, by way of a file."""
    checkpoint.write(folder, "c", learners, {"more": 1})
    facts = checkpoint.read(folder, "c")
    assert facts["more"] == 1
    checkpoint.restore_all(folder, facts, fresh)


def assert_same_bits(one, other):
    (tensors, facts), (others, other_facts) = checkpoint.state(one), checkpoint.state(other)
    assert facts == other_facts
    assert tensors.keys() == others.keys()
    for name, value in tensors.items():
        assert value.dtype == others[name].dtype, name
        assert torch.equal(value, others[name]), name


@pytest.mark.cuda
def test_what_is_restored_for_a_gpu_lies_there(tmp_path):
    one, again = (Learner(mlp, TRAINING, intervention(STRONG["cbp"]), device="cuda") for _ in range(2))
    one.learn(POINTS.task(0))
    through_disk(tmp_path, [one], [again])
    moments = [kept["momentum_buffer"] for kept in again.optimiser.state.values()]
    assert all(values.is_cuda for values in (*again.network.parameters(), *again.memory.values(), *moments))
    assert_same_bits(one, again)


@pytest.mark.parametrize("method", INTERVENTIONS)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_every_method_goes_on_in_the_same_bits(method, momentum, tmp_path):
    training = Training(step_size=0.05, epochs=2, batch_size=20, head="fresh", momentum=momentum)
    made = [Learner(mlp, training, intervention(STRONG.get(method, method)), seed=3) for _ in range(2)]
    one, other = made
    before = [one.learn(task) for task in islice(POINTS, 2)]
    assert not any(outcome.diverged for outcome in before)
    through_disk(tmp_path, [one], [other])
    assert_same_bits(one, other)
    for index in (2, 3):
        assert one.learn(POINTS.task(index)) == other.learn(POINTS.task(index))
    assert_same_bits(one, other)


@pytest.mark.parametrize("method", INTERVENTIONS)
def test_one_state_serves_for_many_learners(method):
    """What one of them makes of it does not reach the next."""
    name = STRONG.get(method, method)
    learner = Learner(mlp, TRAINING, intervention(name), seed=3)
    for task in islice(POINTS, 2):
        learner.learn(task)
    tensors, facts = checkpoint.state(learner)
    kept = {key: tensor.clone() for key, tensor in tensors.items()}
    after = []
    for _ in range(2):
        again = Learner(mlp, TRAINING, intervention(name), seed=3)
        checkpoint.restore(again, kept, facts)
        again.learn(POINTS.task(2))
        after.append(again)
    assert_same_bits(*after)


def test_batch_normalisation_and_its_running_statistics(tmp_path, tiny_images):
    stream = ClassPairs(tiny_images, 0)
    one, other = (
        Learner(lambda: ResNet18(stream.shape, 2, width=0.05), TRAINING, intervention("cbp:maturity=1"), seed=1)
        for _ in range(2)
    )
    one.learn(stream.task(0))
    through_disk(tmp_path, [one], [other])
    assert {name.split(".")[-1] for name in checkpoint.state(one)[0]} >= {"running_mean", "num_batches_tracked"}
    one.learn(stream.task(1))
    other.learn(stream.task(1))
    assert_same_bits(one, other)


def test_a_fleet(tmp_path):
    crew = [(intervention(method), seed) for method in ("none", STRONG["cbp"], "g_mixup") for seed in (3, 4)]
    one, other = (Fleet(mlp, TRAINING, crew) for _ in range(2))
    streams = {seed: ToyPoints(seed) for seed in (3, 4)}
    list(live_together(one, {seed: islice(stream, 2) for seed, stream in streams.items()}))
    through_disk(tmp_path, one.learners, other.learners)
    ours, theirs = (
        list(live_together(each, {seed: islice(stream, 2, 4) for seed, stream in streams.items()}))
        for each in (one, other)
    )
    assert ours == theirs
    for a, b in zip(one.learners, other.learners, strict=True):
        assert_same_bits(a, b)


def test_it_is_tensors_and_json_and_the_older_one_goes(tmp_path):
    one = Learner(mlp, TRAINING, seed=3)
    for task in islice(POINTS, 2):
        one.learn(task)
        checkpoint.write(tmp_path, "c", [one], {})
    manifest, tensors = sorted(tmp_path.iterdir(), key=lambda path: path.suffix)
    assert json.loads(manifest.read_text())["tensors"] == tensors.name
    assert tensors.suffix == ".safetensors"
    header = int.from_bytes(tensors.read_bytes()[:8], "little")  # the format: length of a JSON header, the header
    assert "0.network.head.weight" in json.loads(tensors.read_bytes()[8 : 8 + header])


def test_another_kind_of_learner_is_refused(tmp_path):
    state = checkpoint.state(Learner(mlp, TRAINING, seed=3))
    for wrong, message in (
        (Learner(mlp, TRAINING, seed=4), "seed 3, not 4"),
        (Learner(mlp, TRAINING, intervention("cbp"), seed=3), "another kind of learner"),
        (Learner(lambda: MLP((20,), 2, hidden=(12, 11)), TRAINING, seed=3), "has shape"),
    ):
        with pytest.raises(ValueError, match=message):
            checkpoint.restore(wrong, *state)


def test_where_a_write_breaks_off_the_old_checkpoint_is_whole(tmp_path, monkeypatch):
    one = Learner(mlp, TRAINING, seed=3)
    checkpoint.write(tmp_path, "c", [one], {"task": 0})
    one.learn(POINTS.task(0))

    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "write_text", broken)
    with pytest.raises(KeyboardInterrupt):
        checkpoint.write(tmp_path, "c", [one], {"task": 1})
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    facts = checkpoint.read(tmp_path, "c")
    other = Learner(mlp, TRAINING, seed=3)
    checkpoint.restore_all(tmp_path, facts, [other])
    assert (facts["task"], other.tasks_learned) == (0, 0)
