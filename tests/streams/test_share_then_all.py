"""A warm start's two tasks: the same classes and test images, and a share of the training images before all of them."""

import numpy as np
import pytest
import torch

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.streams import ShareThenAll

IMAGES = ProceduralImages(number=7, train=20, test=6, size=8)


def as_set(x):
    return {image.numpy().tobytes() for image in x}


def test_the_share_is_a_part_of_all_by_class():
    some, everything = ShareThenAll(IMAGES, 3, share=0.25, classes=4)
    assert some.classes == everything.classes
    assert (torch.bincount(some.train_y) == 5).all()
    assert (torch.bincount(everything.train_y) == 20).all()
    for label in range(4):
        part, whole = (as_set(task.train_x[task.train_y == label]) for task in (some, everything))
        assert len(part) == 5
        assert part < whole
    assert torch.equal(some.test_x, everything.test_x)
    assert torch.equal(some.test_y, everything.test_y)


def test_those_that_came_first_are_those_of_task_0():
    stream = ShareThenAll(IMAGES, 3, share=0.25, classes=4)
    some, everything = stream
    first = stream.came_first()
    assert first.sum() == len(some.train_y)
    assert as_set(everything.train_x[first]) == as_set(some.train_x)
    assert not as_set(everything.train_x[~first]) & as_set(some.train_x)


def test_images_and_labels_belong_together():
    _, task = ShareThenAll(IMAGES, 3, classes=4, test_per_class=2)
    for label, index in enumerate(task.classes):
        expected = IMAGES.of_class(index, "test")[:2].transpose(0, 3, 1, 2) / 255.0
        np.testing.assert_allclose(task.test_x[task.test_y == label], (expected - 0.5) / 0.25, atol=1e-6)


def test_a_smaller_share_lies_in_a_larger_one():
    small, large = (as_set(ShareThenAll(IMAGES, 3, share=share).task(0).train_x) for share in (0.1, 0.6))
    assert small < large


def test_the_seed_draws_classes_and_images():
    streams = [ShareThenAll(IMAGES, seed, classes=3) for seed in range(8)]
    assert len({tuple(sorted(stream.classes)) for stream in streams}) > 1
    all_classes = [ShareThenAll(IMAGES, seed, share=0.5) for seed in (0, 1)]
    assert sorted(all_classes[0].classes) == list(range(7))
    assert as_set(all_classes[0].task(0).train_x) != as_set(all_classes[1].task(0).train_x)


def test_a_task_depends_on_seed_and_place_alone():
    once, again = ShareThenAll(IMAGES, 5), ShareThenAll(IMAGES, 5)
    again.task(1)
    assert torch.equal(once.task(0).train_x, again.task(0).train_x)
    with pytest.raises(IndexError, match=r"task 2.*2 tasks"):
        once.task(2)


@pytest.mark.parametrize("share", [0.001, 1])
def test_ends_of_the_share(share):
    some, everything = ShareThenAll(IMAGES, 0, share=share)
    assert len(some.train_y) == (7 if share < 1 else len(everything.train_y))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"share": 0}, "share is 0; it must be above 0 and at most 1"),
        ({"share": 1.5}, "share is 1.5"),
        ({"classes": 8}, "classes is 8; procedural allows 2 to 7"),
        ({"classes": 1}, "classes is 1"),
    ],
)
def test_wrong_settings_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        ShareThenAll(IMAGES, 0, **wrong)
