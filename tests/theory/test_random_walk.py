"""Weights that walk, and units that shut."""

import math

import pytest
import torch

from lop_tutorial.seeds import torch_generator
from lop_tutorial.theory import chance_of_an_open_unit, log_growth_of_walk, norm_after_steps, walk_ratio


def test_by_hand():
    assert norm_after_steps(3.0, torch.tensor([4.0, 12.0])).tolist() == [5.0, 13.0]
    assert walk_ratio(5.0, torch.tensor([3.0, 4.0])) == pytest.approx(1)
    assert walk_ratio(6.0, torch.tensor([2.0, 2.0, 2.0])) == pytest.approx(3)  # straight ahead
    assert walk_ratio(0.0, torch.tensor([2.0, 2.0])) == 0
    assert log_growth_of_walk(1.0, torch.tensor([0.0, 3.0])).tolist() == pytest.approx([0, math.log(2)])
    assert chance_of_an_open_unit(0.5, 2) == 0.75
    assert [chance_of_an_open_unit(share, 7) for share in (0.0, 1.0)] == [0, 1]


def test_random_steps_in_many_dimensions_are_a_walk():
    draw = torch_generator(0, "walk")
    steps = torch.randn(50, 20_000, generator=draw)
    start = 3 * torch.randn(20_000, generator=draw)
    sizes = (start + steps.cumsum(dim=0)).norm(dim=1)
    lengths = steps.norm(dim=1)
    torch.testing.assert_close(norm_after_steps(float(start.norm()), lengths), sizes, rtol=0.02, atol=0)
    assert walk_ratio(float(steps.sum(dim=0).norm()), lengths) == pytest.approx(1, abs=0.05)
    rate = float(lengths.square().mean() / start.square().sum())
    grown = log_growth_of_walk(rate, torch.arange(1.0, 51))
    torch.testing.assert_close(grown, (sizes / start.norm()).log(), atol=0.02, rtol=0)


def test_the_leading_exponent_goes_by_the_open_units():
    """Equation (xvi), for random matrices and gains."""
    draw = torch_generator(1, "gains")
    for _ in range(20):
        product = torch.randn(6, 4, generator=draw).double()
        gains = torch.rand(6, generator=draw).double() ** 8
        leading = torch.linalg.matrix_norm(gains[:, None] * product, 2)
        assert leading <= gains.max() * torch.linalg.matrix_norm(product, 2) + 1e-12
        assert leading >= (gains * product.norm(dim=1)).max() - 1e-12


def test_open_units_are_as_likely_as_in_a_count():
    draw = torch_generator(2, "open")
    some = (torch.rand(20_000, 3, generator=draw) < 0.2).any(dim=1).double().mean()
    assert float(some) == pytest.approx(chance_of_an_open_unit(0.2, 3), abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: norm_after_steps(-1.0, torch.ones(2)), "first size is -1.0"),
        (lambda: walk_ratio(1.0, torch.zeros(3)), "squares of 3 steps add up to 0.0"),
        (lambda: log_growth_of_walk(-0.1, torch.ones(1)), "rate is -0.1"),
        (lambda: chance_of_an_open_unit(1.5, 2), "share is 1.5"),
        (lambda: chance_of_an_open_unit(0.5, 0), "width is 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
