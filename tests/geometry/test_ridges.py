"""Exponents on a boundary and away from it, on fields that are known, and what the book tells of stored ones."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from lop_tutorial.geometry import boundary, grid, margin, ridge

SQUARE = (-1, 1, -1, 1)


def test_the_margin_of_a_known_network():
    network = nn.Linear(2, 2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
        network.bias.copy_(torch.tensor([0.5, 0.0]))
    points = grid(SQUARE, (3, 5))
    torch.testing.assert_close(margin(network, SQUARE, (3, 5)), 2 * points[..., 1] - points[..., 0] - 0.5)
    with pytest.raises(ValueError, match=r"shape \(16, 3\); a margin is between two logits"):
        margin(nn.Linear(2, 3), SQUARE, 4)


def test_the_boundary_is_the_cells_on_both_sides_of_a_change():
    margins = torch.tensor([[-1.0, -1.0, 2.0, 3.0], [-1.0, -1.0, -0.1, 1.0], [-1.0, -1.0, -1.0, -1.0]])
    expected = [[0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1]]
    assert boundary(margins).int().tolist() == expected
    assert not boundary(torch.full((3, 3), -1.0)).any()


def test_a_ridge_along_a_line_is_found_with_its_height():
    """Exponents fall off linearly, by 1 a unit, from 2 on the line x_1 = 0; cells are 0.1 wide."""
    points = grid(SQUARE, 20)
    found = ridge(2 - points[..., 0].abs(), points[..., 0], SQUARE, distance=0.25)
    assert found.on == pytest.approx(2 - 0.05)
    # the cells on the line lie at +-0.05; those farther than 0.25 from them begin at +-0.35 and end at +-0.95
    assert found.away == pytest.approx(2 - np.mean([0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95]))
    assert found.contrast == pytest.approx(0.6)
    assert found.left_out == 0


def test_a_flat_field_has_no_ridge_and_a_network_without_a_boundary_has_no_contrast():
    points = grid(SQUARE, 20)
    assert ridge(torch.full((20, 20), 0.7), points[..., 1], SQUARE).contrast == pytest.approx(0)
    assert math.isnan(ridge(torch.zeros(20, 20), torch.ones(20, 20), SQUARE).contrast)


def test_exponents_that_are_not_finite_are_left_out_and_counted():
    points = grid(SQUARE, 20)
    exponents = torch.full((20, 20), 1.0)
    exponents[:, 0], exponents[0, :5] = -math.inf, math.nan
    found = ridge(exponents, points[..., 0], SQUARE, distance=0.25)
    assert (found.on, found.away) == (1, 1)
    assert found.left_out == pytest.approx((20 + 4) / (2 * 20 + 14 * 20))


def test_wrong_questions_are_named():
    with pytest.raises(ValueError, match=r"exponents have shape \(4, 4\) and margins \(5, 5\)"):
        ridge(torch.zeros(4, 4), torch.zeros(5, 5), SQUARE)
    with pytest.raises(ValueError, match=r"distance is 0\.0; it must be above 0"):
        ridge(torch.zeros(4, 4), torch.zeros(4, 4), SQUARE, distance=0.0)


def test_margins_of_a_network_in_double_precision():
    network = nn.Linear(2, 2).double()
    torch.testing.assert_close(margin(network, (0, 1, 0, 1), 4).float(), margin(network.float(), (0, 1, 0, 1), 4))
