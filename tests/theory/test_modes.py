import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lop_tutorial.geometry import simplex_etf
from lop_tutorial.seeds import torch_generator
from lop_tutorial.theory import UFM, Strengths, contraction, modes_at, modes_end, nc1_rate

CASES = [  # every branch: no decay, balanced or not, either way; equal decays, weak, just too strong, too strong
    (UFM(3, 5), Strengths(0.1, 0.1)),
    (UFM(3, 5), Strengths(0.8, 0.0)),
    (UFM(3, 5), Strengths(0.2, 1.5)),
    (UFM(3, 4), Strengths(1.0, 1.0)),
    (UFM(5, 2), Strengths(4.0, 0.5)),
    (UFM(2, 8, 0.01, 0.01), Strengths(0.3, 0.3)),
    (UFM(2, 16, 0.125, 0.125), Strengths(0.5, 0.5)),
    (UFM(2, 8, 0.3, 0.3), Strengths(0.3, 0.3)),
]
TIMES = [0.0, 3.0, 12.0, 30.0]


def deviations(ufm, features):
    by_class = features.view(ufm.classes, ufm.per_class, -1)
    return (by_class - by_class.mean(dim=1, keepdim=True)).flatten(0, 1)


@pytest.mark.parametrize(("ufm", "start"), CASES)
def test_strengths_against_the_integrated_flow(ufm, start):
    path = ufm.flow(ufm.aligned_start(ufm.classes + 1, *start), TIMES, tolerance=1e-12)
    for time, state in zip(TIMES, path, strict=True):
        centred = state.features - state.features.mean(dim=0)
        found = [torch.linalg.svdvals(m)[: ufm.classes - 1] for m in (centred, state.weight)]
        for values, strength in zip(found, modes_at(ufm, start, time), strict=True):
            assert values.tolist() == pytest.approx([strength] * (ufm.classes - 1), rel=1e-9, abs=1e-11)


@pytest.mark.parametrize(("ufm", "start"), CASES)
def test_contraction_against_the_integrated_flow(ufm, start):
    """Of deviations so small that they do not act back on the weights."""
    width = ufm.classes + 1
    small = 1e-6 * torch.randn(ufm.samples, width, generator=torch_generator(0, "test"))
    path = ufm.flow(ufm.aligned_start(width, *start, small), TIMES, tolerance=1e-12)
    corners = simplex_etf(ufm.classes, width)
    plane = torch.linalg.svd(corners)[2][: ufm.classes - 1]
    first = deviations(ufm, path[0].features)
    for time, state in zip(TIMES, path, strict=True):
        now, phi = deviations(ufm, state.features), contraction(ufm, start, time)
        along = now @ plane.T
        torch.testing.assert_close(along, math.exp(phi.along) * first @ plane.T, rtol=0, atol=1e-12)
        if phi.along > -6:  # what is left is well above the integrator's error
            ratio = float((along.norm() / (first @ plane.T).norm()).log())
            assert ratio == pytest.approx(phi.along, rel=1e-5, abs=1e-7)
        across = now - along @ plane
        torch.testing.assert_close(across, math.exp(phi.across) * (first - first @ plane.T @ plane), rtol=0, atol=1e-12)


starts = st.tuples(st.floats(0, 3), st.floats(0, 3)).filter(lambda pair: sum(pair) > 0.01).map(lambda p: Strengths(*p))
times = st.floats(0, 50)


@settings(deadline=None)
@given(start=starts, first=times, second=times)
def test_two_times_in_a_row_are_their_sum(start, first, second):
    ufm = UFM(3, 4)
    middle = modes_at(ufm, start, first)
    assert modes_at(ufm, middle, second) == pytest.approx(modes_at(ufm, start, first + second), rel=1e-7, abs=1e-7)
    parts = contraction(ufm, start, first).along + contraction(ufm, middle, second).along
    assert parts == pytest.approx(contraction(ufm, start, first + second).along, rel=1e-6, abs=1e-6)


@settings(deadline=None)
@given(start=starts, time=st.floats(0, 20))
def test_what_is_kept_and_what_the_residual_says(start, time):
    """h^2 - w^2 does not change, and phi_along^2 = residual ratio x exp(q T/N), equation (vi)."""
    ufm = UFM(3, 4)
    end = modes_at(ufm, start, time)
    q = start.feature**2 - start.weight**2
    assert end.feature**2 - end.weight**2 == pytest.approx(q, abs=1e-9)
    before, after = (2 - s.feature * s.weight for s in (start, end))
    if min(abs(before), abs(after)) > 1e-4:
        expected = math.log(after / before) / 2 + q * time / (2 * 12)
        assert contraction(ufm, start, time).along == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("start", [Strengths(0.5, 0.5), Strengths(0.9, 0.0), Strengths(0.2, 1.5)])
def test_without_decay_all_times_lead_to_the_end(start):
    ufm = UFM(3, 4)
    end = modes_end(ufm, start)
    assert end.feature * end.weight == pytest.approx(2)
    assert modes_at(ufm, start, 1e6) == pytest.approx(end)
    assert contraction(ufm, start, 1e6).along == pytest.approx(-(end.weight**2) / 12 * 1e6, rel=1e-3)


def test_with_equal_decays_all_times_lead_to_the_end():
    for decay in (0.01, 0.3):
        ufm = UFM(2, 8, decay, decay)
        assert modes_at(ufm, Strengths(0.3, 0.3), 1e6) == pytest.approx(modes_end(ufm))


@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy"])
@pytest.mark.parametrize("classes", [2, 3, 10])
@pytest.mark.parametrize("decays", [(1e-3, 1e-3), (1e-3, 2e-2), (3e-2, 1e-4)])
def test_at_the_end_nothing_moves(loss, classes, decays):
    ufm = UFM(classes, 6, *decays, loss)
    state = ufm.aligned_start(classes, *modes_end(ufm))
    for part in ufm.velocity(state):
        assert float(part.abs().max()) < 1e-14
    assert min(modes_end(ufm)) > 0


def test_nc1_of_a_balanced_start_falls_exactly_exponentially():
    ufm = UFM(3, 5, 0.01, 0.01)
    small = 1e-5 * torch.randn(15, 4, generator=torch_generator(0, "test"))
    path = ufm.flow(ufm.aligned_start(4, 0.4, 0.4, small), [0.0, 10.0, 25.0], tolerance=1e-12)
    rate = -2 / (3 * math.sqrt(5))  # -2 p/N
    first = ufm.collapse(path[0]).nc1
    for time, state in zip([0.0, 10.0, 25.0], path, strict=True):
        assert math.log(ufm.collapse(state).nc1 / first) == pytest.approx(rate * time, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("ufm", [UFM(3, 5), UFM(3, 5, 0.002, 0.03)])
def test_nc1_rate_of_an_unbalanced_start(ufm):
    """Equation (vii) holds for any start and any decays: against a central difference of NC1 along the flow."""
    small = 1e-5 * torch.randn(15, 4, generator=torch_generator(0, "test"))
    before, now, after = ufm.flow(ufm.aligned_start(4, 0.9, 0.0, small), [7.99, 8.0, 8.01], tolerance=1e-12)
    centred = now.features - now.features.mean(dim=0)
    strengths = Strengths(*(float(torch.linalg.matrix_norm(m, ord=2)) for m in (centred, now.weight)))
    slope = math.log(ufm.collapse(after).nc1 / ufm.collapse(before).nc1) / 0.02
    assert slope == pytest.approx(nc1_rate(ufm, strengths), rel=1e-4)


@pytest.mark.parametrize("width", [2, 5])
def test_nc1_rate_at_the_end_of_a_random_start(width):
    """With C - 1 dimensions the rate of (vii); with more, that of the tilt times the deviations across."""
    ufm = UFM(3, 5, feature_decay=0.06, weight_decay=0.03)
    times = [60.0, 75.0] if width == 2 else [60.0, 100.0]
    late, later = ufm.flow(ufm.random_start(width, 0.4, torch_generator(1, "test")), times, tolerance=1e-12)
    slope = math.log(ufm.collapse(later).nc1 / ufm.collapse(late).nc1) / (times[1] - times[0])
    expected = nc1_rate(ufm, modes_end(ufm)) if width == 2 else -2 * (2 * 0.06 + 0.03)
    assert slope == pytest.approx(expected, rel=0.02)


def test_without_decay_a_random_start_does_not_collapse():
    ufm = UFM(3, 5)
    late, later = ufm.flow(ufm.random_start(5, 0.4, torch_generator(1, "test")), [200.0, 400.0])
    assert ufm.collapse(later).nc1 == pytest.approx(ufm.collapse(late).nc1, rel=1e-3)
    assert ufm.collapse(later).nc1 > 0.01
    assert float(ufm.objective(later)) < 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: modes_at(UFM(loss="cross_entropy"), Strengths(1.0, 1.0), 1.0), "solved for squared_error only"),
        (lambda: modes_at(UFM(), Strengths(0.0, 0.0), 1.0), "rests on a saddle"),
        (lambda: modes_at(UFM(), Strengths(-1.0, 1.0), 1.0), "must not be negative"),
        (lambda: modes_at(UFM(), Strengths(1.0, 1.0), -1.0), "time is -1.0"),
        (lambda: modes_at(UFM(2, 5, 0.1, 0.2), Strengths(1.0, 1.0), 1.0), "follow UFM.flow"),
        (lambda: contraction(UFM(2, 5, 0.1, 0.1), Strengths(1.0, 2.0), 1.0), "follow UFM.flow"),
        (lambda: modes_end(UFM(2, 5, 0.0, 0.2)), "have no end"),
        (lambda: modes_end(UFM()), "depends on the start; give both"),
    ],
)
def test_what_is_not_solved_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
