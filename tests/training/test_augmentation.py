"""Augmentation against torchvision's own transforms, and by hand."""

import numpy as np
import pytest
import torch
from torchvision.transforms.functional import rotate

from lop_tutorial.seeds import Draw, draw_for
from lop_tutorial.training.augmentation import _moved, _turned, flip_crop_rotate


class Chosen(Draw):
    """Hands out the numbers that a test chose."""

    def __init__(self, *numbers):
        self.numbers = torch.tensor(numbers)

    def uniform(self, *shape, device="cpu"):
        return self.numbers.view(shape)


def pictures(number=3, size=16):
    return torch.rand(number, 3, size, size, generator=torch.Generator().manual_seed(0))


def test_nothing_is_done_to_an_image_whose_numbers_are_in_the_middle():
    x = pictures(1)
    assert torch.equal(flip_crop_rotate(x, Chosen(0.9, 0.5, 0.5, 0.0)), x)


def test_every_image_is_flipped_by_its_own_number():
    x = pictures(2)
    found = flip_crop_rotate(x, Chosen(0.2, 0.5, 0.5, 0.0, 0.8, 0.5, 0.5, 0.0))
    assert torch.equal(found, torch.stack([x[0].flip(-1), x[1]]))


@pytest.mark.parametrize(("down", "right"), [(0.0, 0.99), (0.5, 0.0), (0.99, 0.99), (0.3, 0.7)])
def test_a_crop_is_a_window_of_the_reflected_picture(down, right):
    x = pictures(1, 32)
    padded = np.pad(x[0].numpy(), ((0, 0), (4, 4), (4, 4)), mode="reflect")
    top, left = int(down * 9), int(right * 9)
    found = _moved(x, torch.tensor([down]), torch.tensor([right]), 4)
    np.testing.assert_array_equal(found[0], padded[:, top : top + 32, left : left + 32])


@pytest.mark.parametrize("degrees", [4.0, 9.5, 15.0])
def test_turning_is_torchvisions(degrees):
    x = pictures(2, 32)
    found = _turned(x, torch.tensor([0.0, degrees]) * torch.pi / 180)
    assert torch.equal(found[0], x[0])
    same = (found[1] == rotate(x[1], degrees)).float().mean()
    assert same > 0.99  # where two pixels are equally near, rounding decides
    other_way = (found[1] == rotate(x[1], -degrees)).float().mean()
    assert other_way < 0.5


def test_angles_are_spread_from_0_to_15_degrees_to_one_side(monkeypatch):
    seen = []
    monkeypatch.setattr("lop_tutorial.training.augmentation._turned", lambda x, angle: seen.append(angle) or x)
    flip_crop_rotate(pictures(5000, 4), draw_for(0, "test"))
    degrees = seen[0] * 180 / torch.pi
    assert 0 <= degrees.min() < 0.1
    assert 14.9 < degrees.max() < 15
    assert degrees.mean() == pytest.approx(7.5, abs=0.2)


def test_one_seed_one_result_and_the_batch_is_left_alone():
    x = pictures()
    before = x.clone()
    first, again = (flip_crop_rotate(x, draw_for(3, "augmentation", 1)) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(x, before)
    assert not torch.equal(first, flip_crop_rotate(x, draw_for(4, "augmentation", 1)))
