"""Gradual change: at share 0 the base's tasks, bit by bit; else each part is the mixture that its place says."""

from itertools import pairwise

import pytest
import torch

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.streams import ClassPairs, GradualChange, PlanarClouds, Task, ToyPoints

NAMES = ("train_x", "train_y", "test_x", "test_y")
BASE = ToyPoints(3)


@pytest.mark.parametrize("form", ["slide", "sample"])
def test_without_a_share_all_change_is_abrupt(form):
    stream = GradualChange(BASE, 3, share=0, stages=4, form=form)
    for index in range(12):
        for name in NAMES:
            assert torch.equal(getattr(stream.task(index), name), getattr(BASE.task(index // 4), name))


@pytest.mark.parametrize("form", ["slide", "sample"])
@pytest.mark.parametrize("share", [0.1, 0.5, 1])
def test_the_first_task_and_the_end_of_each_are_the_bases(form, share):
    stream = GradualChange(BASE, 3, share=share, stages=4, form=form)
    for index in (0, 1, 2, 3, 7, 11):
        for name in NAMES:
            assert torch.equal(getattr(stream.task(index), name), getattr(BASE.task(index // 4), name))


def test_how_much_of_the_new_task_is_in_each_part():
    def reached(share):
        return [GradualChange(BASE, 0, share=share, stages=4).reached(index) for index in range(4, 8)]

    assert reached(0) == [1, 1, 1, 1]
    assert reached(0.5) == [0.5, 1, 1, 1]
    assert reached(1) == [0.25, 0.5, 0.75, 1]


def test_inputs_slide_on_straight_lines():
    stream = GradualChange(BASE, 3, share=1, stages=4)
    old, new = BASE.task(1), BASE.task(2)
    torch.testing.assert_close(stream.task(8).train_x, 0.75 * old.train_x + 0.25 * new.train_x)
    assert torch.equal(stream.task(8).test_x, new.test_x)
    assert torch.equal(stream.task(8).train_y, new.train_y)


def test_examples_are_exchanged_one_by_one_and_none_comes_back():
    stream = GradualChange(BASE, 3, share=1, stages=4, form="sample")
    old, new = BASE.task(1), BASE.task(2)
    arrived = []
    for index in range(8, 12):
        x = stream.task(index).train_x
        is_new, is_old = ((x == task.train_x).all(dim=1) for task in (new, old))
        assert (is_new ^ is_old).all()
        arrived.append(is_new)
    assert [int(each.sum()) for each in arrived] == [16, 32, 48, 64]
    assert all((later | ~before).all() for before, later in pairwise(arrived))
    other = GradualChange(BASE, 4, share=1, stages=4, form="sample").task(8).train_x
    assert not torch.equal(other, stream.task(8).train_x)


def test_a_task_depends_on_its_place_alone():
    once, again = (GradualChange(BASE, 3, share=1, stages=3, form="sample") for _ in range(2))
    later = [once.task(index).train_x for index in (7, 4, 7)]
    assert torch.equal(later[0], later[2])
    assert torch.equal(again.task(4).train_x, later[1])


def test_pictures_turn_into_pictures():
    pairs = ClassPairs(ProceduralImages(number=4, train=5, test=2, size=4), 0)
    stream = GradualChange(pairs, 0, share=1, stages=2)
    assert (stream.shape, stream.outputs) == (pairs.shape, pairs.outputs)
    middle = (pairs.task(0).train_x + pairs.task(1).train_x) / 2
    torch.testing.assert_close(stream.task(2).train_x, middle)


class Turning(ToyPoints):
    """Points whose labels change places at every task."""

    def _task(self, index):
        task = super()._task(index)
        swapped = (task.train_y + index) % 2, (task.test_y + index) % 2
        return Task(index, task.classes, 2, task.train_x, swapped[0], task.test_x, swapped[1])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"share": 1.5}, "share is 1.5; it must be from 0 to 1"),
        ({"share": -0.1}, "share is -0.1"),
        ({"share": 1, "stages": 0}, "stages is 0"),
        ({"share": 1, "form": "melt"}, "form is 'melt'; it must be one of slide, sample"),
    ],
)
def test_wrong_settings_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        GradualChange(BASE, 0, **wrong)


def test_tasks_of_other_labels_cannot_lead_over():
    stream = GradualChange(Turning(0), 0, share=1, stages=2)
    with pytest.raises(ValueError, match="tasks 0 and 1 differ in their labels"):
        stream.task(2)
    assert GradualChange(PlanarClouds(0), 0, share=1, stages=2).task(2).outputs == 2
