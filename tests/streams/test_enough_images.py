"""A class with too few images is named before any task is made, also where it comes late or never."""

from functools import partial

import numpy as np
import pytest

from lop_tutorial.data.image_set import ImageSet
from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.data.some_classes import SomeClasses
from lop_tutorial.streams import ClassIncrements, ClassPairs, ShareThenAll

HELD = {"train": (5, 5, 5, 3), "test": (2, 2, 1, 2)}


@pytest.fixture
def images():
    """Four classes: the last has fewer images to train, the third fewer to test."""
    pixels = np.random.default_rng(0).integers(0, 256, (25, 8, 8, 3), dtype=np.uint8)
    return ImageSet("mine", pixels, ("a", "b", "c", "d"), HELD, "nowhere", "0" * 64)


@pytest.mark.parametrize("stream", [ClassPairs, ShareThenAll, partial(ClassIncrements, increment=2)])
def test_the_class_that_lacks_images_is_named_before_any_task(images, stream):
    with pytest.raises(ValueError, match="4 train images a class asked for, but class 'd' of mine has 3: ask"):
        stream(images, 0, train_per_class=4)
    with pytest.raises(ValueError, match="2 test images a class asked for, but class 'c' of mine has 1: ask"):
        stream(images, 0, train_per_class=3, test_per_class=2)
    assert len(stream(images, 0, train_per_class=3, test_per_class=1).task(1).train_y) > 0
    assert len(stream(images, 0).task(1).train_y) > 0  # all that there are, one at least


def test_images_set_aside_are_counted_too(images):
    assert ClassIncrements(images, 0, train_per_class=2, valid_per_class=1, increment=1).task(3).outputs == 4
    with pytest.raises(
        ValueError, match="3 train images a class asked for beside 1 others, but class 'd' of mine has 2"
    ):
        ClassIncrements(images, 0, train_per_class=3, valid_per_class=1, increment=2)


def test_each_set_says_how_many_it_holds_without_opening_a_class(images):
    some = SomeClasses(images, 1, 3)
    drawn = ProceduralImages(number=2, train=7, test=3, size=8)
    for each in (images, some, drawn, SomeClasses(drawn, 0, 1)):
        for k in range(len(each.classes)):
            for split in ("train", "test"):
                assert each.held(k, split) == len(each.of_class(k, split))
