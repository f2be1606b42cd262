"""What stands in metrics.csv beside the accuracies, against the probes that the book teaches."""

import pytest
import torch

from lop_tutorial.experiments import plan
from lop_tutorial.geometry import between, summary, within
from lop_tutorial.running.measures import COLUMNS_OF, exponents


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
