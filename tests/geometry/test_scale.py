"""Measures that do not depend on the scale of what is measured, at scales where a square overflows or vanishes."""

import math

import pytest
import torch
from torch import nn

from lop_tutorial.geometry import (
    approximate_rank,
    collapse_axes,
    dormancy_scores,
    effective_rank,
    feature_rank,
    gradient_norm,
    neural_collapse,
    stable_rank,
    variability,
    weight_norm,
)
from lop_tutorial.geometry.scale import near_one, times_power

DRAW = torch.Generator().manual_seed(0)
LABELS = torch.arange(3).repeat(20)
FEATURES = torch.randn(60, 5, dtype=torch.float64, generator=DRAW) + torch.randn(3, 5, generator=DRAW).double()[LABELS]
WEIGHT = torch.randn(3, 5, dtype=torch.float64, generator=DRAW)
BIAS = torch.randn(3, dtype=torch.float64, generator=DRAW)
POWERS = (-1000, -600, -100, 100, 600, 1000)  # 1e-301 to 1e301


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("other", [-500, 0, 15])
def test_neural_collapse_is_free_of_scale(power, other):
    """h and the biases by one factor, W by another: logits keep their order, and all five numbers are the same."""
    found = neural_collapse(FEATURES, LABELS, WEIGHT, BIAS)
    bias = times_power(BIAS, power + other)
    if not bias.isfinite().all() or not bias.all():
        pytest.skip("these biases are no floating-point numbers")
    scaled = neural_collapse(times_power(FEATURES, power), LABELS, times_power(WEIGHT, other), bias)
    assert scaled == pytest.approx(found, rel=1e-12)
    assert neural_collapse(times_power(FEATURES, power), LABELS, WEIGHT).nc1 == found.nc1
    assert variability(times_power(FEATURES, power), LABELS) == pytest.approx(variability(FEATURES, LABELS), rel=1e-12)
    both = collapse_axes(times_power(FEATURES, power), LABELS), collapse_axes(FEATURES, LABELS)
    for axes, expected in zip(*both, strict=True):
        torch.testing.assert_close(axes, expected)


def test_a_bias_decides_where_products_are_small_and_does_not_where_they_are_large():
    bias = torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64)
    share_of_class_1 = neural_collapse(FEATURES * 1e-200, LABELS, WEIGHT, bias).nc4
    nearest = torch.cdist(FEATURES, torch.stack([FEATURES[c == LABELS].mean(dim=0) for c in range(3)])).argmin(dim=1)
    assert share_of_class_1 == pytest.approx(float((nearest == 1).double().mean()))
    assert (
        neural_collapse(FEATURES * 1e200, LABELS, WEIGHT * 1e200, bias).nc4
        == neural_collapse(FEATURES, LABELS, WEIGHT).nc4
    )


@pytest.mark.parametrize("size", [1e-37, 1e-16, 1e16, 1e30, 1e37])
def test_float32_features_of_any_size(size):
    single = (FEATURES * size).float()
    assert neural_collapse(single, LABELS, WEIGHT.float()) == pytest.approx(
        neural_collapse(FEATURES, LABELS, WEIGHT), rel=1e-5
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1e-16, 1.0, 1e30])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_class_means_that_differ_by_rounding_alone_are_one(dtype, size, offset):
    """Samples that come in pairs x and -x around one point; what is left of their means was made by rounding."""
    half = torch.randn(500, 6, dtype=torch.float64, generator=DRAW)
    features = ((torch.cat([half, -half]) + offset) * size).to(dtype)
    labels = torch.arange(5).repeat(100).repeat(2)
    found = neural_collapse(features, labels, torch.randn(5, 6))
    assert found.nc1 == math.inf
    assert all(map(math.isnan, found[1:]))
    assert variability(features, labels) == (math.inf, math.inf)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_second_direction_made_by_rounding_does_not_count(dtype):
    """Class means on a line, given with all the rounding of `dtype`: the line alone is inverted."""
    line = torch.nn.functional.normalize(torch.randn(6, dtype=torch.float64, generator=DRAW), dim=0)
    half = torch.randn(500, 6, dtype=torch.float64, generator=DRAW)
    labels = torch.arange(5).repeat(100).repeat(2)
    features = torch.cat([half, -half]) + labels[:, None] * line
    along = (torch.cat([half, -half]) @ line).square().mean() / 2  # the variance of 0, 1, 2, 3, 4 is 2
    assert neural_collapse(features.to(dtype), labels, torch.randn(5, 6)).nc1 == pytest.approx(
        float(along / 5), rel=1e-4
    )


def test_small_differences_of_class_means_still_count():
    """A hundredth of a thousandth of the features' size is more than float32's rounding."""
    features = torch.randn(60, 5, generator=DRAW) * 1e-5 + 1e-4 * torch.eye(5)[LABELS] + 1
    exact = neural_collapse(features.double(), LABELS, WEIGHT)
    assert neural_collapse(features, LABELS, WEIGHT) == exact
    assert 0 < exact.nc1 < 1


@pytest.mark.parametrize("power", POWERS)
def test_ranks_and_dormancy_are_free_of_scale(power):
    scaled = times_power(FEATURES, power)
    assert effective_rank(scaled) == effective_rank(FEATURES)
    assert stable_rank(scaled) == stable_rank(FEATURES)
    for exponent in (1, 2):
        assert approximate_rank(scaled, 0.9, exponent) == approximate_rank(FEATURES, 0.9, exponent)
    assert torch.equal(dormancy_scores(scaled), dormancy_scores(FEATURES))
    assert feature_rank(scaled) == (5 if power > 0 else 0)
    assert feature_rank(scaled, threshold=0.0) == 5


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1.0, 1e200, 1e300])
def test_norms_of_any_size(size):
    network = nn.Linear(3, 1).double()
    network.weight.data = torch.tensor([[2.0, 3.0, 0.0]], dtype=torch.float64) * size
    network.bias.data = torch.tensor([6.0], dtype=torch.float64) * size
    assert weight_norm(network) == pytest.approx(7 * size, rel=1e-12)
    slope = torch.tensor([2.0, 3.0, 6.0], dtype=torch.float64) * size
    assert gradient_norm(network, lambda n: (n.weight * slope).sum()) == pytest.approx(7 * size, rel=1e-12)
    network.bias.data.fill_(math.nan)
    assert math.isnan(weight_norm(network))
    assert weight_norm(nn.ReLU()) == 0


@pytest.mark.parametrize("value", [5e-324, 1e-310, 3.0, 1.7e308])
def test_near_one_is_exact(value):
    scaled, exponent = near_one(torch.tensor([value, -value / 2], dtype=torch.float64))
    assert 0.5 <= float(scaled[0]) < 1
    assert math.ldexp(float(scaled[0]), exponent) == value
    assert times_power(scaled, exponent)[0] == value


@pytest.mark.parametrize("values", [[0.0, 0.0], [math.inf, 1.0], [math.nan, 1.0]])
def test_near_one_leaves_what_has_no_size(values):
    scaled, exponent = near_one(torch.tensor(values))
    assert exponent == 0
    torch.testing.assert_close(scaled, torch.tensor(values).double(), equal_nan=True)
