"""Images as bytes on a device, from which tasks are made there."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
import torch

from lop_tutorial.data.procedural import ProceduralImages
from lop_tutorial.experiments import plan
from lop_tutorial.running import rows
from lop_tutorial.streams import ClassIncrements, ClassPairs, OnDevice, Pixels

ELSEWHERE = pytest.param("cuda", marks=pytest.mark.cuda)


class Counted(ProceduralImages):
    """A set of images that counts how often it is asked for any."""

    def __init__(self):
        super().__init__(number=6, train=4, test=2, size=8)
        self.asked = []

    def of_class(self, index, split):
        self.asked.append((index, split))
        return super().of_class(index, split)


@pytest.mark.parametrize("device", ["meta", ELSEWHERE])  # "meta": shapes alone, on a device that is not the CPU
def test_a_class_goes_to_the_device_once_for_all_streams(device):
    images = Counted()
    there = OnDevice(images, device)
    streams = [ClassPairs(there, seed, pixels=Pixels(size=4)) for seed in range(3)]
    streams.append(ClassIncrements(there, 3, increment=2, valid_per_class=1))
    images.asked.clear()
    for stream in streams:
        for index in range(3):
            task = stream.task(index)
            tensors = [task.train_x, task.train_y, task.test_x, task.test_y]
            tensors += [task.valid_x, task.valid_y] if task.valid_x is not None else []
            assert {one.device.type for one in tensors} == {device}
    assert len(images.asked) == len(set(images.asked)) == 12  # six classes, two splits
    held = [there.of_class(k, "train") for k in range(6)]
    assert {one.dtype for one in held} == {torch.uint8}


def test_on_the_cpu_nothing_is_kept():
    images = Counted()
    there, stored = OnDevice(images), ProceduralImages(number=6, train=4, test=2, size=8)
    for _ in range(2):
        np.testing.assert_array_equal(there.of_class(1, "test").numpy(), stored.of_class(1, "test"))
    assert images.asked == [(1, "test")] * 2


@pytest.mark.parametrize("device", ["cpu", ELSEWHERE])
def test_tasks_are_those_of_the_cpu(device):
    images = ProceduralImages(number=6, train=4, test=2, size=8)
    settings = {"seed": 2, "pixels": Pixels(size=4), "train_per_class": 3}
    mine, theirs = (ClassPairs(source, **settings).task(4) for source in (OnDevice(images, device), images))
    torch.testing.assert_close(mine.train_x.cpu(), theirs.train_x)
    assert torch.equal(mine.train_y.cpu(), theirs.train_y)


def test_all_learners_of_a_crew_share_the_images(monkeypatch):
    asked = []
    module = import_module("lop_tutorial.running.plan")  # its name in the package is the function's
    monkeypatch.setattr(module, "OnDevice", lambda *how: asked.append(how) or OnDevice(*how))
    short = replace(plan("first_look"), tasks=1, seeds=(0, 1), methods=("none",))
    short = replace(short, training=replace(short.training, epochs=1), procedural={**short.procedural, "train": 20})
    assert len(list(rows(replace(short, train_per_class=20)))) == 2
    assert len(asked) == 1
