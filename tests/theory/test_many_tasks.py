import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lop_tutorial.seeds import numpy_generator, torch_generator
from lop_tutorial.theory import (
    UFM,
    Strengths,
    accumulate,
    contraction,
    decompose_change,
    fit_inheritance,
    growth_per_task,
    inheritance_law,
    modes_at,
    product_law,
    settles_at,
    strengths_over_tasks,
)

floats = st.floats(-5, 5)


def test_the_two_laws_by_hand():
    factors = torch.tensor([-1.0, -0.5, -2.0])
    assert product_law(0.5, factors).tolist() == [-0.5, -1.0, -3.0]
    assert inheritance_law(factors).tolist() == factors.tolist()
    assert inheritance_law(factors, 0.5, 1.0).tolist() == [0.5, 0.75, 0.0]
    assert accumulate(0.5, factors).tolist() == [-0.5, -1.0, -3.0]
    assert accumulate(0.0, factors, slope=0.5, offset=0.25).tolist() == [-1.0, -0.75, -2.125]


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(floats, floats), min_size=1, max_size=20))
def test_the_sum_of_factors_and_passages_is_the_whole_change(pairs):
    starts, ends = torch.tensor(pairs, dtype=torch.float64).T
    found = decompose_change(starts, ends)
    assert found.change == pytest.approx(float(ends[-1] - starts[0]), abs=1e-9)
    assert found.factors + found.recovery == pytest.approx(found.change, abs=1e-9)


@settings(deadline=None)
@given(start=floats, factors=st.lists(floats, min_size=3, max_size=20))
def test_exact_inheritance_is_the_product_law(start, factors):
    """Tasks that begin where the last one ended: no recovery, and the product law predicts every start."""
    log_factors = torch.tensor(factors, dtype=torch.float64)
    ends = accumulate(start, log_factors)
    starts = torch.cat([torch.tensor([start], dtype=torch.float64), inheritance_law(ends)[:-1]])
    assert decompose_change(starts, ends).recovery == pytest.approx(0, abs=1e-9)
    torch.testing.assert_close(product_law(start, log_factors)[:-1], starts[1:], atol=1e-9, rtol=0)


def test_near_inheritance_is_far_from_the_product_law():
    """80 tasks of log beta = -0.44 with a slope of .9 and some scatter: correlated as can be, and off by tens."""
    draw = numpy_generator(0, "test")
    ends, starts, start = [], [], 0.0
    for _ in range(80):
        starts.append(start)
        ends.append(start - 0.44 + 0.3 * draw.normal())
        start = 0.9 * ends[-1] + 0.02 * draw.normal()
    starts, ends = torch.tensor(starts), torch.tensor(ends)
    fit = fit_inheritance(starts, ends)
    assert fit.slope == pytest.approx(0.9, abs=0.02)
    assert fit.correlation > 0.99
    found = decompose_change(starts, ends)
    assert found.factors < -25
    assert found.change > -6
    assert float(ends[40:].mean()) == pytest.approx(settles_at(-0.44, 0.9, 0.0), abs=1.5)


def test_fit_of_an_exact_line():
    ends = torch.tensor([1.0, -2.0, 0.5, 3.0])
    starts = torch.cat([torch.zeros(1), 0.7 * ends - 0.2])[:4]
    assert fit_inheritance(starts, ends) == pytest.approx((0.7, -0.2, 1.0), rel=1e-5)


def test_settling_is_a_fixed_point():
    end = settles_at(-0.5, 0.8, 0.1)
    assert inheritance_law(torch.tensor([end]), 0.8, 0.1).item() - 0.5 == pytest.approx(end)
    long = accumulate(3.0, torch.full((200,), -0.5), slope=0.8, offset=0.1)
    assert float(long[-1]) == pytest.approx(end, abs=1e-5)


def feature_strength(ufm, state):
    return float(torch.linalg.matrix_norm(state.features - state.features.mean(dim=0), ord=2))


@pytest.mark.parametrize(
    ("ufm", "head", "kept"), [(UFM(3, 4), 0.0, 1.0), (UFM(2, 5), 0.7, 0.8), (UFM(2, 5, 0.02, 0.03), 0.3, 1.0)]
)
def test_strengths_over_tasks_against_flows_one_after_the_other(ufm, head, kept):
    predicted = strengths_over_tasks(ufm, 3, 0.5, head, kept)
    strength = 0.5
    for task in range(3):
        end = ufm.flow(ufm.aligned_start(ufm.classes, strength * (kept if task else 1.0), head), [300.0])[0]
        strength = feature_strength(ufm, end)
        assert strength == pytest.approx(predicted[task + 1], rel=1e-6)


def test_how_stretch_adds_up_depends_on_the_head_and_on_decay():
    zeroed = strengths_over_tasks(UFM(2, 5), 5000, 0.1, head=0.0)
    steps = np.diff(np.array(zeroed) ** 4)
    assert ((steps > 5) & (steps < 10)).all()  # between p^2 and 2 p^2
    assert zeroed[-1] == pytest.approx((2 * 5 * 5000) ** 0.25, rel=1e-3)

    anew = strengths_over_tasks(UFM(2, 5), 5000, 0.1, head=0.5)
    assert anew[-1] == pytest.approx(math.sqrt(5) / 0.5, rel=1e-6)

    decaying = strengths_over_tasks(UFM(2, 5, 0.01, 0.01), 5, 0.1, head=0.0)
    assert decaying[1:] == pytest.approx([decaying[1]] * 5)


@pytest.mark.parametrize("log_gain", [-60.0, -8.0, -1.0, -1e-3, 0.5, 3.0])
def test_growth_in_the_plane(log_gain):
    """The mean of log(cos^2 + g^2 sin^2)/2 over the circle is log((1 + g)/2)."""
    assert growth_per_task(2, 1, log_gain) == pytest.approx(math.log((1 + math.exp(log_gain)) / 2), abs=1e-11)


def test_growth_at_complete_collapse():
    assert growth_per_task(1, 1, -math.inf) == -math.inf
    assert growth_per_task(2, 1, -math.inf) == pytest.approx(-math.log(2))
    assert growth_per_task(3, 1, -math.inf) == pytest.approx(math.log(2) - 1)  # mean log sqrt(1 - t^2)
    assert growth_per_task(1000, 1, -math.inf) == pytest.approx(-1 / 2000, rel=2e-3)
    for width, rank in ((2, 1), (5, 3), (40, 9)):
        limit = growth_per_task(width, rank, -math.inf)
        assert growth_per_task(width, rank, -30.0) == pytest.approx(limit, rel=1e-9)


def test_growth_when_all_dimensions_take_part():
    assert growth_per_task(3, 3, -1.7) == -1.7
    assert growth_per_task(7, 2, 0.0) == 0


@pytest.mark.parametrize(("width", "rank", "log_gain"), [(3, 1, -6.0), (5, 2, -1.0), (10, 9, -2.0), (64, 9, 0.8)])
def test_growth_of_random_products_of_matrices(width, rank, log_gain):
    """The length of a vector after 4,000 random scalings of `rank` directions, within four standard errors."""
    draw = numpy_generator(0, "products")
    vector, steps = draw.normal(size=width), []
    for _ in range(4000):
        inside = np.linalg.qr(draw.normal(size=(width, rank)))[0]
        scaled = vector + (math.exp(log_gain) - 1) * inside @ (inside.T @ vector)
        steps.append(math.log(np.linalg.norm(scaled) / np.linalg.norm(vector)))
        vector = scaled / np.linalg.norm(scaled)
    assert np.mean(steps) == pytest.approx(growth_per_task(width, rank, log_gain), abs=4 * np.std(steps) / 4000**0.5)


def test_narrow_representations_collapse_and_wide_ones_stretch():
    """Half of the tasks collapse a direction to a tenth, half stretch it by 1.8: the sign turns with the width."""
    net = [
        growth_per_task(width, 1, math.log(0.1)) + growth_per_task(width, 1, math.log(1.8)) for width in range(1, 65)
    ]
    assert net[0] < net[1] < 0 < net[-1]
    assert sum(a < 0 < b for a, b in pairwise(net)) == 1


@pytest.mark.parametrize("width", [2, 4])
def test_flows_of_tasks_in_turning_directions_multiply(width):
    """A deviation handed from task to task, each a flow with its classes along a fresh direction, against Phi_t."""
    ufm, start, time = UFM(2, 3), Strengths(0.5, 0.5), 12.0
    phi = math.exp(contraction(ufm, start, time).along)
    draw = torch_generator(0, "turns")
    deviation = 1e-5 * torch.randn(width, generator=draw).double()
    first, predicted = deviation.norm(), deviation.clone()
    for _ in range(5):
        turn = torch.linalg.qr(torch.randn(width, width, generator=draw).double())[0]
        around = torch.zeros(6, width, dtype=torch.float64)
        around[0], around[1] = deviation @ turn.T, -deviation @ turn.T  # in the frame where classes lie along axis 0
        end = ufm.flow(ufm.aligned_start(width, *start, around), [time], tolerance=1e-12)[0]
        deviation = (end.features[0] - end.features[:3].mean(dim=0)) @ turn
        direction = turn[0]
        predicted = predicted + (phi - 1) * (predicted @ direction) * direction
        assert feature_strength(ufm, end) == pytest.approx(modes_at(ufm, start, time).feature, rel=1e-6)
    torch.testing.assert_close(deviation / first, predicted / first, atol=1e-6, rtol=0)
    assert deviation.norm() < 0.8 * first


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: settles_at(-1.0, 1.0, 0.0), "slope is 1.0"),
        (lambda: fit_inheritance(torch.zeros(2), torch.zeros(2)), "there are 2 tasks; .* at least 3"),
        (
            lambda: decompose_change(torch.tensor([0.0, -math.inf]), torch.zeros(2)),
            "starts hold -inf; leave such tasks out",
        ),
        (lambda: decompose_change(torch.zeros(0), torch.zeros(0)), "0 starts and 0 ends"),
        (lambda: growth_per_task(3, 4, -1.0), "rank is 4; it must lie between 1 and the width, 3"),
        (lambda: growth_per_task(3, 1, math.nan), "log_gain is nan"),
        (lambda: strengths_over_tasks(UFM(), 3, 1.0, 0.0, kept=0.0), "kept is 0.0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
