import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lop_tutorial.geometry import approximate_rank, effective_rank, feature_rank, stable_rank


def with_singular_values(*values, rows=7, columns=6):
    draw = torch.Generator().manual_seed(0)
    left, _ = torch.linalg.qr(torch.randn(rows, rows, dtype=torch.float64, generator=draw))
    right, _ = torch.linalg.qr(torch.randn(columns, columns, dtype=torch.float64, generator=draw))
    middle = torch.zeros(rows, columns, dtype=torch.float64)
    middle.diagonal()[: len(values)] = torch.tensor(values, dtype=torch.float64)
    return left @ middle @ right


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_equal_singular_values_count_one_each(rank):
    matrix = with_singular_values(*[4.0] * rank)
    assert effective_rank(matrix) == pytest.approx(rank, rel=1e-9)
    assert stable_rank(matrix) == pytest.approx(rank, rel=1e-9)
    assert approximate_rank(matrix) == approximate_rank(matrix, power=2) == rank


def test_known_spectra():
    """p = 1/2, 1/4, 1/4 has the entropy 3/2 log 2."""
    matrix = with_singular_values(2.0, 1.0, 1.0)
    assert effective_rank(matrix) == pytest.approx(2**1.5, rel=1e-12)
    assert stable_rank(matrix) == pytest.approx(6 / 4, rel=1e-12)


def test_approximate_rank_of_singular_values_and_of_their_squares():
    matrix = with_singular_values(10.0, 2.0, 1.0, 0.1)
    assert [approximate_rank(matrix, share) for share in (0.5, 0.76, 0.92, 0.995, 1.0)] == [1, 1, 3, 4, 4]
    assert [approximate_rank(matrix, share, power=2) for share in (0.9, 0.99, 0.9999, 1.0)] == [1, 2, 3, 4]


def test_a_share_that_is_met_exactly_is_met():
    assert approximate_rank(torch.eye(10), 0.7) == 7
    assert approximate_rank(torch.eye(100), 0.99) == 99


def test_feature_rank_counts_per_root_of_samples():
    matrix = with_singular_values(5.0, 0.5, 0.05, rows=100)
    assert feature_rank(matrix) == 2
    assert feature_rank(matrix, threshold=0.001) == 3
    assert feature_rank(0.01 * matrix) == 0


@settings(deadline=None, max_examples=30)
@given(rows=st.integers(1, 8), columns=st.integers(1, 8), scale=st.floats(1e-3, 1e3), seed=st.integers(0, 10**6))
def test_range_scale_and_transpose(rows, columns, scale, seed):
    draw = torch.Generator().manual_seed(seed)
    matrix = torch.randn(rows, columns, dtype=torch.float64, generator=draw)
    for rank in (effective_rank, stable_rank, approximate_rank):
        value = rank(matrix)
        assert 1 - 1e-9 <= value <= min(rows, columns) + 1e-9
        assert rank(scale * matrix) == pytest.approx(value, rel=1e-9)
        assert rank(matrix.T) == pytest.approx(value, rel=1e-9)
    assert stable_rank(matrix) == pytest.approx(
        np.linalg.norm(matrix, "fro") ** 2 / np.linalg.norm(matrix, 2) ** 2, rel=1e-9
    )


@pytest.mark.parametrize("rank", [effective_rank, stable_rank, approximate_rank, feature_rank])
def test_a_matrix_of_zeros_has_rank_zero(rank):
    assert rank(torch.zeros(3, 4)) == 0


def test_convolutions_are_flattened_from_the_second_dimension_on():
    kernel = torch.randn(5, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    assert effective_rank(kernel) == effective_rank(kernel.reshape(5, 12))
    maps = torch.zeros(4, 2, 3, 3)
    maps[:, 0] = 1.0  # one map, the same everywhere on every sample
    assert effective_rank(maps) == pytest.approx(1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effective_rank(torch.full((2, 2), math.nan)), "NaN or inf"),
        (lambda: stable_rank(torch.zeros(0, 3)), r"shape \[0, 3\]; it needs rows and columns"),
        (lambda: effective_rank(torch.zeros(3)), r"shape \[3\]; it needs rows and columns"),
        (lambda: approximate_rank(torch.eye(2), 1.5), "share is 1.5"),
        (lambda: approximate_rank(torch.eye(2), power=3), "power is 3"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
