"""Within classes, between them, over a plane; summed up, and as changes over a task. All on maps with known slopes."""

import math

import jaxtyping
import numpy as np
import pytest
import torch
from torch import nn

from lop_tutorial.geometry import (
    between,
    field,
    ftle,
    grid,
    log_collapse,
    log_stretch,
    segments,
    spread,
    summary,
    within,
)
from lop_tutorial.networks import MLP
from lop_tutorial.streams import ToyPoints
from lop_tutorial.training import Learner, Training


def power(x):
    """x^2 / 2 for each coordinate: the Jacobian is diagonal, and its largest value is the largest |x|."""
    return x.square() / 2


def test_within_sorts_samples_by_their_class():
    x = torch.tensor([[1.0, -2.0], [3.0, 0.0], [0.5, 0.5], [0.0, -4.0], [0.0, 0.0]])
    y = torch.tensor([7, 2, 7, 2, 2])
    found = within(power, x, y, depth=1)
    assert list(found) == [2, 7]
    np.testing.assert_allclose(found[7], np.log([2.0, 0.5]), atol=1e-6)
    np.testing.assert_allclose(found[2], [math.log(3), math.log(4), -math.inf], atol=1e-6)


def test_segments_lead_from_one_class_to_the_other():
    x, y = torch.arange(12.0)[:, None], torch.tensor([0, 1, 5] * 4)
    found = segments(x, y, 5, 1, pairs=50, points=3, seed=3)
    assert found.shape == (50, 3, 1)
    middle, step = found[:, 1, 0], found[:, 1, 0] - found[:, 0, 0]
    torch.testing.assert_close(found[:, 2, 0] - middle, step)
    begin, end = middle - 2 * step, middle + 2 * step
    assert set(begin.round().int().tolist()) == {2, 5, 8, 11}  # all samples of class 5 take part
    assert set(end.round().int().tolist()) == {1, 4, 7, 10}
    assert torch.equal(found, segments(x, y, 5, 1, pairs=50, points=3, seed=3))
    assert not torch.equal(found, segments(x, y, 5, 1, pairs=50, points=3, seed=4))
    assert not torch.equal(found, segments(x, y, 1, 5, pairs=50, points=3, seed=3).flip(1))


def test_between_measures_along_the_segments():
    x, y = torch.randn(30, 3, 2) + 3, torch.arange(30) % 3
    found = between(power, x, y, pairs=6, points=5, depth=2, seed=1)
    assert list(found) == [(0, 1), (0, 2), (1, 2)]
    for (k, other), exponents in found.items():
        places = segments(x, y, k, other, pairs=6, points=5, seed=1)
        torch.testing.assert_close(exponents, places.abs().flatten(2).amax(dim=2).log() / 2)
    chosen = between(power, x, y, classes=[(2, 0)], pairs=6, points=5, depth=2)
    assert list(chosen) == [(2, 0)]


def test_the_grid_is_laid_out_as_a_picture():
    points = grid((-1, 3, 10, 12), (2, 4))
    np.testing.assert_allclose(points[0], [[-0.5, 10.5], [0.5, 10.5], [1.5, 10.5], [2.5, 10.5]])
    np.testing.assert_allclose(points[1, :, 1], 11.5)
    assert grid((0, 1, 0, 1), 3).shape == (3, 3, 2)


def test_the_field_of_a_ridge():
    """x to 1 / (1 + e^-(8 x_1)): steep where x_1 is 0, all along x_2, by 8 s (1 - s)."""
    network = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[8.0, 0.0]]))
        network[0].bias.zero_()
    found = field(network, (-1, 1, 0, 1), (3, 21), layer="1")
    s = torch.sigmoid(8 * grid((-1, 1, 0, 1), (3, 21))[..., 0])
    torch.testing.assert_close(found, (8 * s * (1 - s)).log(), rtol=0, atol=1e-4)
    assert (found.argmax(dim=1) == 10).all()


def test_a_summary_drops_nothing():
    values = torch.tensor([[-math.inf, 1.0, 2.0], [math.nan, 3.0, -math.inf]])
    found = summary(values)
    assert (found.count, found.minus_infinity, found.plus_infinity, found.undefined) == (6, 2, 0, 1)
    assert found.share_of_minus_infinity == pytest.approx(1 / 3)
    assert found.mean == 2.0
    assert found.quantiles == {0.05: -math.inf, 0.25: -math.inf, 0.5: 1.0, 0.75: 2.0, 0.95: 3.0}
    assert summary({0: values[0], 1: values[1]}) == summary({(0, 1): values}) != summary(values[0])
    hopeless = summary(torch.tensor([math.nan]))
    assert hopeless.undefined == hopeless.count == 1
    assert math.isnan(hopeless.mean)
    assert math.isnan(hopeless.quantiles[0.5])


def test_collapse_and_stretch_are_differences_at_the_same_places():
    x, y = torch.rand(20, 2) + 0.5, torch.arange(20) % 2
    start, squeezed = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    squeezed.weight.data = 0.1 * start.weight.data
    change = log_collapse(within(start, x, y, layer=""), within(squeezed, x, y, layer=""))
    assert all(torch.allclose(each, torch.tensor(0.1).log(), atol=1e-5) for each in change.values())
    change = log_stretch(between(squeezed, x, y, layer="", pairs=4), between(start, x, y, layer="", pairs=4))
    assert change[0, 1].shape == (4, 9)
    assert summary(change).mean == pytest.approx(math.log(10), abs=1e-5)


def test_changes_to_and_from_zero():
    before = {0: torch.tensor([1.0, -math.inf, -math.inf, 2.0])}
    after = {0: torch.tensor([-math.inf, 1.0, -math.inf, 1.5])}
    change = log_collapse(before, after)[0]
    assert change[:2].tolist() == [-math.inf, math.inf]
    assert change[2].isnan()
    found = summary(log_collapse(before, after))
    assert (found.minus_infinity, found.plus_infinity, found.undefined, found.mean) == (1, 1, 1, -0.5)


def test_learning_two_classes_stretches_what_lies_between_them():
    """The order that Wang et al. describe: more stretching between the classes than within them."""
    learner = Learner(lambda: MLP((20,), 2, (64, 64), "tanh"), Training(step_size=0.1, epochs=30), seed=0)
    task = ToyPoints(0).task(0)
    x, y = task.train_x, task.train_y

    def measured():
        return within(learner.network, x, y), between(learner.network, x, y, pairs=50)

    before = measured()
    learner.learn(task)
    after = measured()
    assert summary(log_stretch(before[1], after[1])).mean > summary(log_collapse(before[0], after[0])).mean


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda x, y: within(power, x, y[:3], depth=1),
            r"y is torch.int64 of shape \(3,\); it must hold one whole number",
        ),
        (lambda x, y: within(power, x, y.float(), depth=1), r"y is torch.float32"),
        (lambda x, y: between(power, x, 0 * y, depth=1), r"no pair of classes: y has the classes \[0\]"),
        (lambda x, y: between(power, x, y, classes=[(0, 9)], depth=1), r"class 9 has no sample; .* \[0, 1\]"),
        (lambda x, y: between(power, x, y, pairs=0, depth=1), r"pairs is 0; it must be a whole number from 1 up"),
        (lambda x, y: segments(x, y, 0, 1, points=0), r"points is 0; it must be a whole number from 1 up"),
        (lambda x, y: field(power, (1, 0, 0, 1), 5, depth=1), r"\(left, right, bottom, top\)"),
        (lambda x, y: field(power, (1, 1, 0, 1), 5, depth=1), r"extent is \(1, 1, 0, 1\)"),
        (lambda x, y: field(power, (0, 1, 2, 2), 5, depth=1), r"extent is \(0, 1, 2, 2\)"),
        (lambda x, y: field(power, (0, 1, 0, 1), 0, depth=1), r"resolution is 0; there must be at least one row"),
        (lambda x, y: summary(torch.zeros(0)), r"there are no exponents to sum up"),
        (lambda x, y: log_collapse({0: y.float()}, {1: y.float()}), r"before and after are not of the same samples"),
    ],
)
def test_wrong_questions_are_named(call, message, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # shapes are checked in tests alone
    with pytest.raises(ValueError, match=message):
        call(torch.randn(6, 2), torch.arange(6) % 2)


def test_settings_reach_the_exponents():
    x, y = torch.randn(6, 2), torch.arange(6) % 2
    network = MLP((2,), 2, (5, 6), "tanh")
    inner = within(network, x, y, layer="body.2", dtype=torch.float64)
    torch.testing.assert_close(inner[0], ftle(network, x[::2], "body.2", dtype=torch.float64)[:, 0])


def test_spread_is_the_middle_of_the_finite_exponents():
    exponents = torch.cat([torch.linspace(-1.0, 1.0, 101), torch.tensor([-torch.inf, torch.nan])])
    assert spread(exponents) == pytest.approx(1.8)
    assert spread(exponents, share=1.0) == pytest.approx(2)
    assert math.isnan(spread(torch.tensor([-torch.inf])))
    with pytest.raises(ValueError, match="share is 2"):
        spread(exponents, share=2.0)
