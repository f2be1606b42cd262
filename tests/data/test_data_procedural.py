"""Procedural images: the same from the same seed, and as hard as they promise."""

import numpy as np
import pytest

from lop_tutorial.data import LabelledImages
from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.networks import SmallConv
from lop_tutorial.streams import ClassPairs
from lop_tutorial.training import Learner, Training


def test_equal_recipes_give_equal_images_in_any_order():
    a, b = ProceduralImages(number=4, train=3, test=2, size=8), ProceduralImages(number=4, train=3, test=2, size=8)
    for k in (0, 3, 1):
        a.of_class(k, "test")
    for k in range(4):
        np.testing.assert_array_equal(a.of_class(k, "train"), b.of_class(k, "train"))
    assert a.sha256 == b.sha256
    assert isinstance(a, LabelledImages)


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"size": 16}, {"signal": 0.5}, {"train": 4}, {"test": 3}, {"number": 5}]
)
def test_another_recipe_has_another_hash(other):
    assert ProceduralImages(**other).sha256 != ProceduralImages().sha256


def test_shapes_and_range():
    images = ProceduralImages(number=2, train=30, test=7, size=12)
    assert images.of_class(1, "train").shape == (30, 12, 12, 3)
    assert images.of_class(1, "test").shape == (7, 12, 12, 3)
    pixels = images.of_class(0, "train").astype(float)
    assert abs(pixels.mean() - 127.5) < 3
    assert 35 < pixels.std() < 60


def test_classes_differ_in_their_mean_image_and_images_differ_from_each_other():
    images = ProceduralImages(number=2, train=400, test=1, size=8)
    first, second = (images.of_class(k, "train").astype(float) for k in (0, 1))
    spread = first.std(axis=0).mean() / np.sqrt(400)
    assert np.abs(first.mean(axis=0) - second.mean(axis=0)).mean() > 3 * spread
    assert len(np.unique(first.reshape(400, -1), axis=0)) == 400


def test_a_fresh_small_network_learns_by_heart_and_errs_on_new_images():
    images = ProceduralImages(number=8, size=16)
    outcomes = []
    for t in range(3):
        stream = ClassPairs(images, 0)
        learner = Learner(lambda: SmallConv((3, 16, 16), 2), Training(step_size=0.03, epochs=25), seed=t)
        outcomes.append(learner.learn(stream.task(t)))
    assert np.mean([o.train_accuracy for o in outcomes]) > 0.97
    assert 0.78 < np.mean([o.test_accuracy for o in outcomes]) < 0.92


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"train": 0},
        {"test": 0},
        {"size": 3},
        {"seed": -1},
        {"signal": -0.1},
        {"train": 1.5},
        {"seed": True},
    ],
)
@pytest.mark.usefixtures("as_users_run")
def test_wrong_settings_are_named(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name} is {value}"):
        ProceduralImages(**wrong)
    with pytest.raises(IndexError, match="class 2; there are 2 classes"):
        ProceduralImages(number=2, size=4).of_class(2, "train")
