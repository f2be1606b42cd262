"""What stands in metrics.csv beside the accuracies, against the probes that the book teaches."""

import math

import numpy as np
import pytest
import torch

from lop_tutorial.experiments import plan
from lop_tutorial.geometry import between, summary, within
from lop_tutorial.running.measures import COLUMNS_OF, exponents, health


@pytest.mark.parametrize("name", ["type1", "type2"])
def test_exponents_are_those_of_the_probes_at_the_same_places(name):
    network, task = plan(name).learner("none", 3).network, plan(name).stream(3).task(2)
    found = exponents(network, task)
    assert tuple(found) == COLUMNS_OF["exponents"]
    of_classes = summary(within(network, task.train_x, task.train_y))  # the task has fewer than 64 of each class
    on_segments = summary(between(network, task.train_x, task.train_y, pairs=64, points=5, seed=2))
    for place, expected in (("within", of_classes), ("between", on_segments)):
        for quantile, share in (("q05", 0.05), ("q50", 0.5), ("q95", 0.95)):
            assert found[f"ftle_{place}_{quantile}"] == pytest.approx(expected.quantiles[share], rel=1e-4, abs=1e-5)


def test_exponents_of_a_network_that_maps_everything_to_one_point_are_minus_infinity():
    network, task = plan("type1").learner("none", 0).network, plan("type1").stream(0).task(0)
    with torch.no_grad():
        network.body[-2].weight.zero_()
    assert set(exponents(network, task).values()) == {-torch.inf}


def test_exponents_of_saturated_units_are_those_of_float64():
    """A bias of 12 before the last tanh: its derivative, 4 e^-24 about, is less than float32's distance between 1 and
    the number below, and float32 takes it for zero.
    """
    network, task = plan("type1").learner("none", 0).network, plan("type1").stream(0).task(0)
    with torch.no_grad():
        network.body[-2].bias.fill_(12.0)
    layers = [(m.weight.detach().double().numpy(), m.bias.detach().double().numpy()) for m in network.body[1::2]]

    def exponent(x):
        jacobian = np.eye(len(x))
        for weight, bias in layers:
            x = weight @ x + bias
            jacobian = (weight / np.cosh(x)[:, None] ** 2) @ jacobian
            x = np.tanh(x)
        return math.log(np.linalg.svd(jacobian, compute_uv=False)[0]) / len(layers)

    assert network.depth == len(layers)
    expected = np.array([exponent(x.double().numpy()) for x in task.train_x])
    found = exponents(network, task)
    assert expected.min() > -6.5
    assert found["ftle_within_q50"] == pytest.approx(np.median(expected), abs=0.01)
    assert found["ftle_within_q05"] == pytest.approx(np.quantile(expected, 0.05), abs=0.02)
    assert math.isfinite(health(network, task)["ftle_q50"])
