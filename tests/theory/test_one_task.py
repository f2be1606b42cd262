import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from lop_tutorial.networks import MLP
from lop_tutorial.seeds import torch_generator
from lop_tutorial.theory import (
    UFM,
    Contraction,
    Strengths,
    contraction,
    contraction_from_loss,
    finite_size_exponent,
    least_exponent,
    log_collapse_of,
    predicted_log_collapse,
    predicted_log_stretch,
)

BALANCED, ZERO_HEAD = Strengths(0.6, 0.6), Strengths(0.6, 0.0)


def patch(ufm, width, jacobian, start, time):
    """A flow that begins with class 0 as a small patch of inputs, seen through `jacobian`; inputs, states."""
    inputs = 1e-6 * torch.randn(ufm.per_class, jacobian.shape[1], generator=torch_generator(0, "inputs")).double()
    inputs = inputs - inputs.mean(dim=0)
    around = torch.zeros(ufm.samples, width, dtype=torch.float64)
    around[: ufm.per_class] = inputs @ jacobian.T
    return inputs, ufm.flow(ufm.aligned_start(width, *start, around), [0.0, time], tolerance=1e-12)


@pytest.mark.parametrize("start", [BALANCED, ZERO_HEAD])
@pytest.mark.parametrize(("classes", "width"), [(2, 1), (2, 3), (3, 2), (3, 5)])
def test_log_collapse_of_a_patch_that_is_trained(classes, width, start):
    """The Jacobian after the flow, solved for from the patch, against equation (viii) from the one before."""
    ufm, depth, time = UFM(classes, 12), 4, 15.0
    jacobian = torch.randn(width, 3, generator=torch_generator(1, "jacobian")).double()
    inputs, (_, end) = patch(ufm, width, jacobian, start, time)
    outputs = end.features[: ufm.per_class] - end.features[: ufm.per_class].mean(dim=0)
    after = torch.linalg.lstsq(inputs, outputs).solution.T
    change = torch.linalg.matrix_norm(after, ord=2).log() - torch.linalg.matrix_norm(jacobian, ord=2).log()
    predicted = log_collapse_of(jacobian[None], end.weight, contraction(ufm, start, time), depth)
    assert float(change) / depth == pytest.approx(float(predicted), abs=1e-5)
    assert predicted < 0


@pytest.mark.parametrize(("classes", "width"), [(2, 1), (3, 2), (2, 3), (3, 6)])
def test_width_decides_what_one_task_does_to_the_leading_exponent(classes, width):
    ufm, start, time = UFM(classes, 5, 0.01, 0.01), Strengths(0.5, 0.5), 20.0
    orthogonal = torch.linalg.qr(torch.randn(width, width, generator=torch_generator(0, "turn")).double())[0]
    phi = contraction(ufm, start, time)
    predicted = predicted_log_collapse(ufm, width, start, time, depth=5)
    weight = ufm.aligned_start(width, *start).weight
    assert float(log_collapse_of(3 * orthogonal[None], weight, phi, 5)) == pytest.approx(predicted)
    assert predicted == pytest.approx((phi.along if width == classes - 1 else -0.01 * time) / 5)
    assert predicted_log_collapse(UFM(classes, 5), classes, BALANCED, time, depth=5) == 0


@settings(deadline=None, max_examples=30)
@given(width=st.integers(1, 6), classes=st.integers(2, 4), along=st.floats(-8, 0), across=st.floats(-1, 0))
def test_log_collapse_keeps_between_its_limits(width, classes, along, across):
    draw = torch_generator(width, "limits", classes)
    jacobian, weight = torch.randn(4, width, 5, generator=draw), torch.randn(classes, width, generator=draw)
    phi = Contraction(min(along, across), across)
    change = 3 * log_collapse_of(jacobian, weight, phi, depth=3)
    assert (change >= phi.along - 1e-9).all()
    assert (change <= phi.across + 1e-9).all()


def test_a_common_shift_of_the_weights_collapses_nothing():
    """It moves all logits alike, and the bias can undo it."""
    jacobian, phi = torch.eye(3)[None], Contraction(-2.0, 0.0)
    weight = torch.tensor([[1.0, 5, 0], [-1, 5, 0]])
    along_x = log_collapse_of(torch.eye(3)[None, :, :1], weight, phi, depth=1)
    along_y = log_collapse_of(torch.eye(3)[None, :, 1:2], weight, phi, depth=1)
    assert (float(along_x), float(along_y)) == (pytest.approx(-2), pytest.approx(0))
    assert float(log_collapse_of(jacobian, weight, phi, depth=1)) == pytest.approx(0)


def test_a_zero_jacobian_has_nothing_to_lose():
    assert log_collapse_of(torch.zeros(1, 2, 2), torch.eye(2), Contraction(-1.0, 0.0), depth=2).isnan().all()


@pytest.mark.parametrize("start", [BALANCED, ZERO_HEAD, Strengths(0.2, 1.0)])
def test_log_stretch_is_that_of_the_distance_between_class_means(start):
    ufm, depth, time = UFM(3, 4), 5, 10.0
    path = ufm.flow(ufm.aligned_start(4, *start), [0.0, time], tolerance=1e-12)
    before, after = (float((s.features[0] - s.features[-1]).norm()) for s in path)
    assert before == pytest.approx(start.feature * math.sqrt(2 / 4))
    change = finite_size_exponent(after, 1.7, depth) - finite_size_exponent(before, 1.7, depth)
    assert change == pytest.approx(predicted_log_stretch(ufm, start, time, depth), rel=1e-8)


def test_class_means_that_start_in_one_point_are_stretched_without_bound():
    assert predicted_log_stretch(UFM(2, 5), Strengths(0.0, 1.0), 1.0, depth=3) == math.inf


def test_contraction_can_be_read_off_the_loss_of_a_balanced_start():
    ufm = UFM(3, 5)
    before, after = ufm.flow(ufm.aligned_start(3, *BALANCED), [0.0, 25.0], tolerance=1e-12)
    read = contraction_from_loss(float(ufm.objective(before)), float(ufm.objective(after)))
    assert read.along == pytest.approx(contraction(ufm, BALANCED, 25.0).along, rel=1e-7)

    for start, less in ((ZERO_HEAD, True), (Strengths(0.2, 1.0), False)):
        before, after = ufm.flow(ufm.aligned_start(3, *start), [0.0, 25.0], tolerance=1e-12)
        read = contraction_from_loss(float(ufm.objective(before)), float(ufm.objective(after)))
        assert (contraction(ufm, start, 25.0).along > read.along) == less


def test_least_exponent_is_met_by_a_linear_map():
    """z = w^T a x: over a distance r along x, the margin changes by |w| a r."""
    assert least_exponent(2.0 * 3.0 * 0.5, 2.0, 0.5, depth=3) == pytest.approx(math.log(3.0) / 3)


@pytest.mark.parametrize("seed", range(5))
def test_least_exponent_holds_in_networks(seed):
    torch.manual_seed(seed)
    network = MLP((2,), 3, hidden=(16, 16, 4), activation="tanh").double()
    with torch.no_grad():
        for p in network.parameters():
            p.mul_(3)
    ends = torch.randn(2, 2).double()
    logits = network(ends).detach()
    gap = float((network.head.weight[0] - network.head.weight[1]).detach().norm())
    change = float((logits[1, 0] - logits[1, 1] - logits[0, 0] + logits[0, 1]).abs())
    floor = least_exponent(change, gap, float((ends[1] - ends[0]).norm()), network.depth)

    segment = torch.lerp(ends[0], ends[1], torch.linspace(0, 1, 400).double()[:, None])
    jacobians = torch.func.vmap(torch.func.jacrev(lambda x: network.representation(x[None])[0]))(segment)
    largest = float(torch.linalg.matrix_norm(jacobians, ord=2).detach().max().log()) / network.depth
    assert largest >= floor - 1e-3


def test_a_network_fitted_to_bulging_labels_keeps_the_floor():
    """Two samples of a class and their middle, fitted with M = 1: the exponent between them is at least the floor."""
    torch.manual_seed(0)
    network = MLP((1,), 2, hidden=(16, 4), activation="tanh").double()
    x = torch.tensor([[-0.5], [0.0], [0.5]]).double()
    y = torch.tensor([[1.0, 0.0], [1.5, -0.5], [1.0, 0.0]]).double()
    optimiser = torch.optim.LBFGS(network.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def closure():
        optimiser.zero_grad()
        loss = nn.functional.mse_loss(network(x), y)
        loss.backward()
        return loss

    optimiser.step(closure)
    assert closure().item() < 1e-8
    gap = float((network.head.weight[0] - network.head.weight[1]).detach().norm())
    floor = least_exponent(1.0, gap, 0.5, network.depth)
    inputs = torch.linspace(-0.5, 0.5, 201).double()[:, None]
    jacobians = torch.func.vmap(torch.func.jacrev(lambda v: network.representation(v[None])[0]))(inputs)
    assert float(jacobians.detach().norm(dim=1).max().log()) / network.depth > floor - 1e-3


@pytest.mark.parametrize(("distance", "expected"), [(8.0, math.log(4) / 2), (0.0, -math.inf)])
def test_finite_size_exponent(distance, expected):
    assert finite_size_exponent(distance, 2.0, depth=2) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: predicted_log_collapse(UFM(4), 2, BALANCED, 1.0, 3), "need a representation of 3 or more"),
        (lambda: predicted_log_collapse(UFM(2), 2, BALANCED, 1.0, 0), "depth is 0"),
        (lambda: contraction_from_loss(1.0, 0.0), "losses are 1.0 and 0.0"),
        (lambda: finite_size_exponent(1.0, 0.0, 2), "distances are 1.0 and 0.0"),
        (lambda: least_exponent(0.0, 1.0, 1.0, 2), "margin_change is 0.0"),
        (lambda: least_exponent(1.0, math.inf, 1.0, 2), "weight_gap is inf"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
