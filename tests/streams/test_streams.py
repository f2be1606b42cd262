import math
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.streams import CIFAR100_PIXELS, ClassIncrements, ClassPairs, Disc, Pixels, PlanarClouds, ToyPoints


def same(a, b):
    return a.classes == b.classes and all(
        torch.equal(getattr(a, name), getattr(b, name)) for name in ("train_x", "train_y", "test_x", "test_y")
    )


@pytest.mark.parametrize("make", [ClassPairs, lambda images, seed: ClassIncrements(images, seed, increment=2)])
def test_a_task_depends_on_seed_and_place_alone(make, tiny_images):
    in_order = list(islice(make(tiny_images, 4), 4))
    stream = make(tiny_images, 4)
    assert all(same(stream.task(t), in_order[t]) for t in (3, 0, 2, 1))
    assert not same(make(tiny_images, 5).task(0), in_order[0])


def test_toy_points_depend_on_seed_and_place_alone():
    in_order = list(islice(ToyPoints(4), 3))
    assert all(same(ToyPoints(4).task(t), in_order[t]) for t in (2, 0, 1))
    assert not torch.equal(in_order[0].train_x, in_order[1].train_x)


@pytest.mark.usefixtures("as_users_run")
def test_what_is_no_whole_number_is_no_task():
    for wrong in (1.0, "1", None):
        with pytest.raises(TypeError, match=r"task .*; tasks are counted by whole numbers, from 0"):
            ToyPoints(4).task(wrong)
    assert same(ToyPoints(4).task(np.int64(1)), ToyPoints(4).task(1))


@given(number=st.integers(2, 9), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_pairs_use_every_class_once_before_any_comes_again(number, seed):
    stream = ClassPairs(ProceduralImages(number=number, train=1, test=1, size=4), seed)
    per_round = number // 2
    rounds = [[k for t in range(per_round) for k in stream.classes(r * per_round + t)] for r in range(6)]
    for classes in rounds:
        assert len(set(classes)) == len(classes) == 2 * per_round


def test_rounds_are_shuffled_anew_or_repeated(tiny_images):
    anew, repeated = ClassPairs(tiny_images, 0), ClassPairs(tiny_images, 0, reshuffle=False)
    first = [anew.classes(t) for t in range(3)]
    assert [repeated.classes(t) for t in range(9)] == first * 3
    assert [anew.classes(t) for t in range(3, 6)] != first


def test_images_and_labels_belong_together(tiny_images):
    task = ClassPairs(tiny_images, 0, train_per_class=12, test_per_class=4).task(5)
    assert task.train_x.shape == (24, 3, 8, 8)
    assert task.train_y.tolist() == [0] * 12 + [1] * 12
    for label, index in enumerate(task.classes):
        expected = tiny_images.of_class(index, "test")[:4].transpose(0, 3, 1, 2) / 255.0
        np.testing.assert_allclose(task.test_x[task.test_y == label], (expected - 0.5) / 0.25, atol=1e-6)


def test_pixels_are_scaled_by_colour_and_averaged_by_squares():
    images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    found = Pixels(mean=CIFAR100_PIXELS.mean, std=CIFAR100_PIXELS.std, size=4)(images)
    for image, y, x, colour in ((0, 0, 0, 0), (1, 3, 2, 1), (0, 2, 3, 2)):
        square = images[image, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2, colour].astype(float)
        expected = (square.mean() / 255 - CIFAR100_PIXELS.mean[colour]) / CIFAR100_PIXELS.std[colour]
        assert found[image, colour, y, x].item() == pytest.approx(expected, abs=1e-5)


def test_increments_grow_and_labels_stay(tiny_images):
    stream = ClassIncrements(tiny_images, 3, increment=3)
    tasks = list(stream)
    assert [task.outputs for task in tasks] == [3, 6, 7]
    assert sorted(tasks[-1].classes) == list(range(7))
    assert all(small.classes == large.classes[: small.outputs] for small, large in pairwise(tasks))
    assert (torch.bincount(tasks[1].train_y) == 20).all()
    with pytest.raises(IndexError, match=r"task 3.*3 tasks"):
        stream.task(3)


def test_validation_images_are_the_first_of_each_class_and_no_others(tiny_images):
    task = ClassIncrements(tiny_images, 3, increment=2, valid_per_class=4, train_per_class=10).task(1)
    pixels = CIFAR100_PIXELS(np.concatenate([tiny_images.of_class(k, "train") for k in task.classes]))
    by_class = pixels.reshape(4, 20, 3, 8, 8)
    assert torch.equal(task.valid_x, by_class[:, :4].flatten(0, 1))
    assert torch.equal(task.train_x, by_class[:, 4:14].flatten(0, 1))
    assert task.valid_y.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4
    moved = task.to("cpu")
    assert torch.equal(moved.valid_x, task.valid_x)
    assert ClassIncrements(tiny_images, 3, increment=2).task(1).valid_x is None
    with pytest.raises(ValueError, match="17 train images a class asked for beside 4 others"):
        ClassIncrements(tiny_images, 3, valid_per_class=4, train_per_class=17).task(0)
    with pytest.raises(ValueError, match="1 train images a class asked for beside 20 others"):
        ClassIncrements(tiny_images, 3, valid_per_class=20).task(0)


@pytest.mark.parametrize("classes", [2, 3, 6])
def test_toy_centres_are_equally_far_apart_around_the_origin(classes):
    centres = ToyPoints(1, dimensions=6, classes=classes, distance=2.5).centres(4)
    apart = torch.cdist(centres, centres)[~torch.eye(classes, dtype=torch.bool)]
    torch.testing.assert_close(apart, torch.full_like(apart, 2.5), atol=1e-5, rtol=0)
    assert centres.mean(dim=0).abs().max() < 1e-6


def test_toy_points_overlap_as_promised():
    stream = ToyPoints(0, distance=2.5, test_per_class=20_000)
    task, centres = stream.task(0), stream.centres(0)
    best = torch.cdist(task.test_x, centres).argmin(dim=1)  # the best rule there is
    accuracy = (best == task.test_y).double().mean().item()
    assert accuracy == pytest.approx(0.5 * (1 + math.erf(1.25 / math.sqrt(2))), abs=0.005)


def test_planar_clouds_lie_around_their_centres_and_alternate_in_class():
    stream = PlanarClouds(3, clouds=4, spread=0.1, test_per_cloud=5_000)
    task, centres = stream.task(7), stream.centres(7)
    assert centres.abs().max() <= 2
    clouds = task.test_x.reshape(4, 5_000, 2)
    torch.testing.assert_close(clouds.mean(dim=1), centres, atol=0.01, rtol=0)
    torch.testing.assert_close(clouds.std(dim=1), torch.full((4, 2), 0.1), atol=0.005, rtol=0)
    assert task.test_y.reshape(4, 5_000).unique(dim=1).flatten().tolist() == [0, 1, 0, 1]
    assert not torch.equal(centres, stream.centres(8))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda images: ClassPairs(images, 0, train_per_class=21).task(0), "21 train images a class asked for"),
        (lambda images: ClassPairs(images, 0).task(-1), "task -1"),
        (lambda images: ClassPairs(images, 0, pixels=Pixels(size=3)).task(0), "size is 3"),
        (lambda images: ClassIncrements(images, 0, increment=8), "increment is 8"),
        (lambda _: ClassPairs(ProceduralImages(number=1), 0), "at least 2"),
        (lambda _: PlanarClouds(0, clouds=1), "clouds is 1"),
        (lambda _: PlanarClouds(0, spread=0.0), "spread is 0"),
        (lambda _: ToyPoints(0, classes=30, dimensions=20), "classes is 30"),
    ],
)
def test_wrong_input_is_named(call, message, tiny_images):
    with pytest.raises((ValueError, IndexError), match=message):
        call(tiny_images)


def test_the_disc_takes_half_of_the_square_and_new_points_each_task():
    task = Disc(2, train=50, test=20_000).task(3)
    assert task.train_x.shape == (50, 2)
    assert task.test_x.abs().max() <= 1
    assert torch.equal(task.test_y == 1, task.test_x.square().sum(dim=1) > 2 / math.pi)
    assert task.test_y.double().mean() == pytest.approx(0.5, abs=0.01)
    assert same(task, Disc(2, train=50, test=20_000).task(3))
    assert not torch.equal(task.train_x, Disc(2, train=50).task(4).train_x)
    with pytest.raises(ValueError, match="train is 0; there must be at least one point"):
        Disc(0, train=0)
