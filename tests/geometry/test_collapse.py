import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lop_tutorial.geometry import NeuralCollapse, collapse_axes, neural_collapse, simplex_etf, variability


def rotation(size, seed=0):
    return torch.linalg.qr(torch.randn(size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)))[
        0
    ]


def collapsed(classes, width, per_class, scale=3.0, offset=7.0):
    """Features, labels, weight and bias at complete collapse, turned, scaled and moved away from the origin."""
    means = scale * simplex_etf(classes, width) @ rotation(width)
    labels = torch.arange(classes).repeat_interleave(per_class)
    away = offset * torch.ones(width, dtype=torch.float64)
    return means[labels] + away, labels, 0.2 * means, -0.2 * means @ away


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_simplex_etf_is_one(classes):
    corners = simplex_etf(classes, classes + 1)
    gram = np.full((classes, classes), -1 / (classes - 1))
    np.fill_diagonal(gram, 1)
    np.testing.assert_allclose(corners @ corners.T, gram, atol=1e-12)
    np.testing.assert_allclose(corners.sum(dim=0), 0, atol=1e-12)


@pytest.mark.parametrize("classes", [2, 3, 5, 10, 100])
@pytest.mark.parametrize("spare", [-1, 0, 20])
def test_a_collapsed_network_has_zeros_and_a_one(classes, spare):
    found = neural_collapse(*collapsed(classes, classes + spare, per_class=3))
    assert found[:4] == pytest.approx((0, 0, 0, 0), abs=1e-10)
    assert found.nc4 == 1


@pytest.mark.parametrize("classes", [2, 4, 30])
@pytest.mark.parametrize("spread", [1e-3, 0.1])
def test_nc1_of_two_samples_either_side_of_each_mean(classes, spread):
    """Sigma_W = spread^2 / (C - 1) P and Sigma_B = 1 / (C - 1) P, with P the projection onto their C - 1 dimensions."""
    means = simplex_etf(classes, classes + 2)
    features = torch.cat([means * (1 + spread), means * (1 - spread)])
    labels = torch.arange(classes).repeat(2)
    assert neural_collapse(features, labels, means).nc1 == pytest.approx(spread**2 * (classes - 1) / classes, rel=1e-9)


def test_nc1_sees_only_the_span_of_the_class_means():
    features, labels, weight, bias = collapsed(3, 3, per_class=2, offset=0.0)
    aside = torch.tensor([-5.0, 5.0], dtype=torch.float64).repeat(3)[:, None]
    wide = torch.cat([features, aside], dim=1)
    found = neural_collapse(wide, labels, torch.nn.functional.pad(weight, (0, 1)), bias)
    assert found.nc1 == pytest.approx(0, abs=1e-12)


@settings(deadline=None, max_examples=25)
@given(classes=st.integers(2, 6), width=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_all_five_by_their_formulas_in_numpy(classes, width, seed):
    """Written out with the matrices of the formulas, np.linalg.pinv and loops over pairs; classes of unequal sizes."""
    draw = np.random.default_rng(seed)
    labels = np.concatenate([np.full(n, c) for c, n in enumerate(draw.integers(1, 6, size=classes))])
    h, w, b = draw.normal(size=(len(labels), width)), draw.normal(size=(classes, width)), draw.normal(size=classes)
    mu = np.stack([h[labels == c].mean(axis=0) for c in range(classes)])
    dot = (mu - mu.mean(axis=0)).T
    sigma_w = np.mean([np.cov(h[labels == c].T, bias=True).reshape(width, width) for c in range(classes)], axis=0)
    nc1 = np.trace(sigma_w @ np.linalg.pinv(dot @ dot.T / classes, rcond=1e-12)) / classes
    norms = np.linalg.norm(dot, axis=0)
    unit = dot / norms
    angles = [
        abs(unit[:, c] @ unit[:, k] + 1 / (classes - 1)) for c in range(classes) for k in range(classes) if k != c
    ]
    nc3 = np.linalg.norm(w.T / np.linalg.norm(w) - dot / np.linalg.norm(dot))
    same = [np.argmax(w @ x + b) == np.argmin([np.linalg.norm(x - m) for m in mu]) for x in h]

    found = neural_collapse(*(torch.tensor(a) for a in (h, labels, w, b)))
    assert found == pytest.approx((nc1, norms.std() / norms.mean(), np.mean(angles), nc3, np.mean(same)), rel=1e-6)
    for value, top in zip(found[1:], (math.sqrt(classes / 2 - 1), classes / (classes - 1), 2, 1), strict=True):
        assert -1e-12 <= value <= top + 1e-9


def test_nc2_of_a_cross_with_unequal_arms():
    """Means at (+-a, 0) and (0, +-b): lengths a, a, b, b; cosines -1 twice and 0 four times, where -1/3 is due."""
    a, b = 3.0, 1.0
    means = torch.tensor([[a, 0], [-a, 0], [0, b], [0, -b]])
    found = neural_collapse(means, torch.arange(4), means)
    assert found.nc2_norms == pytest.approx((a - b) / (a + b), rel=1e-12)
    assert found.nc2_angles == pytest.approx((2 * 2 / 3 + 4 / 3) / 6, rel=1e-12)
    assert neural_collapse(means * torch.tensor([1, a / b]), torch.arange(4), means).nc2_norms == pytest.approx(0)


def test_the_largest_nc2_norms():
    means = torch.tensor([[1.0, 0], [-1, 0], [0, 0], [0, 0], [0, 0]])
    found = neural_collapse(means, torch.arange(5), means)
    assert found.nc2_norms == pytest.approx(math.sqrt(5 / 2 - 1), rel=1e-12)
    assert math.isnan(found.nc2_angles)


def test_with_two_classes_nc2_says_nothing():
    draw = torch.Generator().manual_seed(1)
    features, weight = torch.randn(20, 4, generator=draw), torch.randn(2, 4, generator=draw)
    found = neural_collapse(features, torch.arange(2).repeat(10), weight)
    assert found[1:3] == pytest.approx((0, 0), abs=1e-12)
    assert found.nc1 > 0.1
    assert found.nc3 > 0.1


@pytest.mark.parametrize("angle", [0.0, 0.3, math.pi / 2, math.pi])
def test_nc3_of_weights_turned_out_of_the_span_of_the_means(angle):
    means = torch.nn.functional.pad(simplex_etf(4, 3), (0, 3))
    turned = math.cos(angle) * means + math.sin(angle) * means.roll(3, dims=1)
    found = neural_collapse(means, torch.arange(4), 5 * turned)
    assert found.nc3 == pytest.approx(2 * math.sin(angle / 2), abs=1e-12)


def test_nc4_of_a_network_that_always_says_the_same():
    features, labels, weight, _ = collapsed(5, 6, per_class=4)
    stubborn = torch.tensor([0.0, 1e6, 0, 0, 0], dtype=torch.float64)
    assert neural_collapse(features, labels, weight, stubborn).nc4 == pytest.approx(1 / 5)
    assert neural_collapse(features, labels, 0 * weight, stubborn).nc4 == pytest.approx(1 / 5)


def test_the_mean_of_class_means_does_not_care_for_class_sizes():
    """Seeing a class's samples five times over changes no class mean, no covariance and so nothing but nc4."""
    draw = torch.Generator().manual_seed(3)
    features, labels = torch.randn(12, 4, generator=draw), torch.arange(3).repeat(4)
    weight, bias = torch.randn(3, 4, generator=draw), torch.randn(3, generator=draw)
    more = torch.cat([features, *[features[labels == 1]] * 4]), torch.cat([labels, torch.ones(16, dtype=torch.long)])
    once, again = neural_collapse(features, labels, weight, bias), neural_collapse(*more, weight, bias)
    assert again[:4] == pytest.approx(once[:4], rel=1e-12)


def test_order_precision_and_gradients_do_not_matter():
    draw = torch.Generator().manual_seed(4)
    features, labels = torch.randn(30, 4, generator=draw), torch.arange(3).repeat(10)
    weight = torch.randn(3, 4, generator=draw, requires_grad=True)
    order = torch.randperm(30, generator=draw)
    found = neural_collapse(features, labels, weight)
    assert neural_collapse(features[order], labels[order], weight) == pytest.approx(found, rel=1e-12)
    assert neural_collapse(features.double(), labels.int(), weight.double()) == found


def test_one_sample_a_class_has_no_variability():
    means = simplex_etf(3, 2)
    assert neural_collapse(means, torch.arange(3), means).nc1 == 0


@pytest.mark.parametrize("value", [0.0, 0.1, 1e8])
def test_a_dead_network_does_not_look_collapsed(value):
    features = torch.full((9, 4), value, dtype=torch.float64)
    found = neural_collapse(features, torch.tensor([0, 0, 0, 0, 0, 1, 1, 1, 2]), torch.ones(3, 4))
    assert all(math.isnan(v) for v in found)


def test_classes_with_one_mean_but_spread_are_infinitely_variable():
    features = torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    found = neural_collapse(features, torch.tensor([0, 0, 1, 1]), torch.eye(2))
    assert found.nc1 == math.inf
    assert all(math.isnan(v) for v in found[1:])


def test_a_zeroed_head_decides_nothing():
    features, labels, weight, bias = collapsed(3, 4, per_class=2)
    found = neural_collapse(features, labels, 0 * weight, 0 * bias)
    assert math.isnan(found.nc3)
    assert math.isnan(found.nc4)
    assert found.nc1 == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": torch.full((6, 2), math.nan)}, "features hold NaN"),
        ({"weight": torch.full((3, 2), math.inf)}, "weight hold NaN or inf"),
        ({"labels": torch.tensor([0, 0, 0, 1, 1, 1])}, r"classes \[2\] have no samples; leave out their rows"),
        ({"labels": torch.tensor([0, 0, 0, 1, 1, 3])}, r"labels are \[0, 1, 3\]; they must count .* 0 to 2"),
        ({"labels": torch.tensor([0, 0, 0, 1, 1, -1])}, r"labels are \[-1, 0, 1\]"),
        ({"weight": torch.ones(1, 2), "labels": torch.zeros(6).long()}, "at least 2 classes"),
    ],
)
def test_bad_input_is_named(change, message):
    good = {"features": torch.randn(6, 2), "labels": torch.arange(3).repeat(2), "weight": torch.randn(3, 2)}
    with pytest.raises(ValueError, match=message):
        neural_collapse(**(good | change))


@pytest.mark.parametrize(
    ("classes", "width", "message"), [(1, 3, "at least 2 corners"), (5, 3, "at least 4 dimensions")]
)
def test_a_simplex_needs_room(classes, width, message):
    with pytest.raises(ValueError, match=message):
        simplex_etf(classes, width)


def test_the_numbers_have_names():
    assert NeuralCollapse._fields == ("nc1", "nc2_norms", "nc2_angles", "nc3", "nc4")


@settings(deadline=None, max_examples=25)
@given(classes=st.integers(2, 5), width=st.integers(1, 8), seed=st.integers(0, 10**6))
def test_variability_by_projections_in_numpy(classes, width, seed):
    draw = np.random.default_rng(seed)
    labels = np.concatenate([np.full(n, c) for c, n in enumerate(draw.integers(1, 6, size=classes))])
    h = draw.normal(size=(len(labels), width))
    mu = np.stack([h[labels == c].mean(axis=0) for c in range(classes)])
    dot = mu - mu.mean(axis=0)
    sigma_w = np.mean([np.cov(h[labels == c].T, bias=True).reshape(width, width) for c in range(classes)], axis=0)
    project = np.linalg.pinv(dot, rcond=1e-12) @ dot
    between = np.trace(dot.T @ dot) / classes
    found = variability(torch.tensor(h), torch.tensor(labels))
    expected = (np.trace(project @ sigma_w) / between, np.trace((np.eye(width) - project) @ sigma_w) / between)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-12 * (1 + expected[0]))  # the rest of a projection


def test_variability_aside_is_seen_by_across_alone():
    """A simplex of singular values sqrt(3/2): tr Sigma_B = 1. Each class reaches 5 to either side of the plane."""
    corners = torch.nn.functional.pad(simplex_etf(3, 2), (0, 1))
    aside = torch.tensor([0, 0, 5.0], dtype=torch.float64)
    features, labels = torch.cat([corners + aside, corners - aside]), torch.arange(3).repeat(2)
    assert variability(features, labels) == pytest.approx((0, 25), abs=1e-12)
    along, across = collapse_axes(features, labels)
    assert along.shape == (2, 3)
    np.testing.assert_allclose(across.abs(), [[0, 0, 1]], atol=1e-12)


def test_collapse_axes_are_orthonormal_and_in_order():
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(3).repeat(20)
    features = torch.randn(60, 6, generator=draw) * torch.tensor([1, 1, 1, 1, 5, 1]) + 3 * torch.eye(6)[labels]
    along, across = collapse_axes(features, labels)
    axes = torch.cat([along, across])
    assert along.shape == (2, 6)
    np.testing.assert_allclose(axes @ axes.T, np.eye(6), atol=1e-9)
    spread = (features.double() @ across.T).std(dim=0)
    assert spread.argmax() == 0
    assert collapse_axes(features[:, :2], labels)[1].shape == (0, 2)


def test_variability_where_class_means_coincide():
    labels = torch.arange(2).repeat(2)
    cross = torch.tensor([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
    assert variability(cross, labels) == (math.inf, math.inf)
    assert all(math.isnan(value) for value in variability(torch.ones(4, 2), labels))


@pytest.mark.parametrize(
    ("features", "labels", "words"),
    [
        (torch.ones(4, 2), torch.zeros(4, dtype=torch.long), "labels are all 0"),
        (torch.ones(4, 2), torch.tensor([0, 2, 0, 2]), r"classes \[1\] have no samples"),
        (torch.ones(4, 2), torch.tensor([-1, 1, 0, 1]), "count the classes from 0"),
        (torch.full((4, 2), math.nan), torch.tensor([0, 1, 0, 1]), "has the network diverged"),
    ],
)
@pytest.mark.parametrize("function", [variability, collapse_axes])
def test_variability_of_nonsense(function, features, labels, words):
    with pytest.raises(ValueError, match=words):
        function(features, labels)
