"""One task for good, and all tasks as one."""

import pytest
import torch

from lop_tutorial.streams import AllAtOnce, OneTask, ToyPoints

BASE = ToyPoints(3)


def test_one_task_is_the_first_at_every_place():
    stream = OneTask(BASE)
    for index in (0, 5):
        task = stream.task(index)
        assert task.index == index
        assert torch.equal(task.train_x, BASE.task(0).train_x)
        assert torch.equal(task.test_y, BASE.task(0).test_y)


def test_all_at_once_holds_every_example_with_its_label():
    task = AllAtOnce(BASE, 3).task(2)
    assert len(task.train_y) == 3 * 64
    assert len(task.test_y) == 3 * 500
    for number in range(3):
        part, own = slice(64 * number, 64 * (number + 1)), BASE.task(number)
        assert torch.equal(task.train_x[part], own.train_x)
        assert torch.equal(task.train_y[part], own.train_y)
    with pytest.raises(ValueError, match="number is 0"):
        AllAtOnce(BASE, 0)
