import math

import numpy as np
import pytest
import torch

from lop_tutorial.seeds import torch_generator
from lop_tutorial.theory import UFM, State, Strengths, modes_end
from lop_tutorial.theory.ufm import LOSSES


def generator(seed=0):
    return torch_generator(seed, "test")


@pytest.mark.parametrize("loss", LOSSES)
def test_objective_with_loops(loss):
    ufm = UFM(3, 2, feature_decay=0.3, weight_decay=0.7, loss=loss)
    state = ufm.random_start(4, 1.0, generator())
    h, w, b = (part.numpy() for part in state)
    total = 0.0
    for i, label in enumerate([0, 0, 1, 1, 2, 2]):
        z = w @ h[i] + b
        total += sum((z - np.eye(3)[label]) ** 2) / 2 if loss == "squared_error" else np.log(np.exp(z).sum()) - z[label]
    expected = total / 6 + 0.7 / 2 * (w**2).sum() + 0.3 / 2 * (h**2).sum()
    assert float(ufm.objective(state)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_velocity_is_downhill(loss):
    ufm = UFM(3, 2, feature_decay=0.3, weight_decay=0.7, loss=loss)
    state = State(*(part.requires_grad_() for part in ufm.random_start(4, 1.0, generator())))
    gradients = torch.autograd.grad(ufm.objective(state), state)
    for down, gradient in zip(ufm.velocity(State(*(part.detach() for part in state))), gradients, strict=True):
        torch.testing.assert_close(down, -gradient)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("classes", "width"), [(2, 1), (2, 4), (4, 3), (4, 6), (8, 9)])
def test_from_any_start_the_flow_ends_in_neural_collapse(loss, classes, width):
    """And with the singular values that the closed form gives."""
    ufm = UFM(classes, 4, feature_decay=0.03, weight_decay=0.05, loss=loss)
    start = ufm.random_start(width, 0.5, generator(classes))
    early, end = ufm.flow(start, [1.0, 1500.0])
    before, after = ufm.collapse(early), ufm.collapse(end)
    assert before.nc1 > 0.1
    assert after[:4] == pytest.approx((0, 0, 0, 0), abs=1e-6)
    assert after.nc4 == 1
    strengths = modes_end(ufm)
    centred = end.features - end.features.mean(dim=0)
    for matrix, strength in ((centred, strengths.feature), (end.weight, strengths.weight)):
        expected = [strength] * (classes - 1) + [0.0] * (min(matrix.shape) - classes + 1)
        assert torch.linalg.svdvals(matrix).tolist() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("loss", LOSSES)
def test_too_much_decay_ends_at_nothing(loss):
    ufm = UFM(2, 4, feature_decay=0.3, weight_decay=0.3, loss=loss)
    end = ufm.flow(ufm.random_start(3, 1.0, generator()), [400.0])[0]
    assert modes_end(ufm) == (0, 0)
    assert float(end.features.norm()) + float(end.weight.norm()) < 1e-6


def test_without_feature_decay_what_lies_across_the_class_means_stays():
    """NC1 goes to zero all the same: the formula does not look there."""
    ufm = UFM(2, 5)
    across = torch.zeros(10, 4)
    across[:, 2:] = torch.randn(10, 2, generator=generator())
    start = ufm.aligned_start(4, 0.5, 0.5, across)
    end = ufm.flow(start, [200.0])[0]
    torch.testing.assert_close(end.features[:, 2:], start.features[:, 2:], atol=1e-9, rtol=0)
    assert float(end.features[:, 2:].norm()) > 1
    assert ufm.collapse(end).nc1 < 1e-12


def test_aligned_starts_have_the_strengths_they_are_given():
    ufm = UFM(4, 3)
    start = ufm.aligned_start(5, 0.7, 0.2, torch.randn(12, 5))
    means = start.features.view(4, 3, 5).mean(dim=1)
    assert (math.sqrt(3) * torch.linalg.svdvals(means)).tolist() == pytest.approx([0.7] * 3 + [0], abs=1e-12)
    assert torch.linalg.svdvals(start.weight).tolist() == pytest.approx([0.2] * 3 + [0], abs=1e-12)
    assert means.sum(dim=0).tolist() == pytest.approx([0] * 5, abs=1e-12)


def test_a_flow_can_be_cut_in_two():
    ufm = UFM(3, 2, feature_decay=0.01, weight_decay=0.03)
    start = ufm.random_start(2, 0.3, generator())
    middle, end = ufm.flow(start, [5.0, 20.0])
    for once, twice in zip(end, ufm.flow(middle, [15.0])[0], strict=True):
        torch.testing.assert_close(once, twice, atol=1e-9, rtol=1e-8)
    torch.testing.assert_close(ufm.flow(start, [0.0])[0].features, start.features)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: UFM(1), "classes is 1; it must be a whole number from 2 up"),
        (lambda: UFM(feature_decay=-1.0), "feature_decay is -1.0"),
        (lambda: UFM(weight_decay=math.nan), "weight_decay is nan"),
        (lambda: UFM(per_class=True), "per_class is True; it must be a whole number from 1 up"),
        (lambda: UFM(weight_decay=True), "weight_decay is True; it must be a finite number"),
        (lambda: UFM(loss="hinge"), "loss is 'hinge'; it must be one of squared_error"),
        (lambda: UFM().aligned_start(0, 1.0, 1.0), "width is 0"),
        (lambda: UFM().flow(UFM().aligned_start(2, 1.0, 1.0), [2.0, 1.0]), "must ascend"),
        (lambda: UFM().flow(UFM().aligned_start(2, 1.0, 1.0), []), r"times are \[\]"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_strengths_have_names():
    assert Strengths(feature=1.0, weight=2.0) == (1.0, 2.0)
