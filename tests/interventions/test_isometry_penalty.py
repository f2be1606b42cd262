"""The isometry penalty and Parseval's against singular values of NumPy, and against `geometry`."""

import numpy as np
import pytest
import torch

from lop_tutorial.geometry.isometry import gram_deviation, weight_isometry
from lop_tutorial.interventions import IsometryPenalty, Parseval
from lop_tutorial.networks import MLP, ResNet18, SmallConv
from lop_tutorial.training import Learner, Training

KEEP = Training(step_size=0.02, head="keep")
NETWORKS = {
    "mlp": lambda: MLP((20,), 2, hidden=(32, 6)),
    "smallconv": lambda: SmallConv((3, 12, 12), 4),
    "resnet18": lambda: ResNet18((3, 8, 8), 2, width=0.125),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_penalty_is_what_geometry_measures(name):
    one = Learner(NETWORKS[name], KEEP, IsometryPenalty(0.3, head=True))
    assert one.intervention.penalty(one).item() == pytest.approx(0.3 * weight_isometry(one.network), rel=1e-4)
    hidden = weight_isometry(one.network) - gram_deviation(one.network.head.weight)
    assert IsometryPenalty(0.3).penalty(one).item() == pytest.approx(0.3 * hidden, rel=1e-4)


def test_parseval_as_it_is_written():
    """Also where W has more rows than columns, and W W' cannot be a multiple of the identity."""
    one = Learner(NETWORKS["mlp"], KEEP, Parseval(0.5, scale=3))
    expected = 0.0
    for layer in (one.network.body[1], one.network.body[3]):
        w = layer.weight.detach().double().numpy()
        expected += np.linalg.norm(w @ w.T - 3 * np.eye(len(w))) ** 2
    assert one.intervention.penalty(one).item() == pytest.approx(0.5 * expected, rel=1e-5)


@pytest.mark.parametrize(("method", "size"), [(IsometryPenalty(0.1), 1.0), (Parseval(0.1), np.sqrt(2))])
def test_descent_on_it_alone_ends_where_every_singular_value_has_its_size(method, size):
    one = Learner(NETWORKS["mlp"], KEEP, method)
    for _ in range(2000):
        one.optimiser.zero_grad()
        method.penalty(one).backward()
        one.optimiser.step()
    for layer in (one.network.body[1], one.network.body[3]):
        np.testing.assert_allclose(torch.linalg.svdvals(layer.weight.detach()), size, atol=1e-3)


@pytest.mark.parametrize("made", [lambda: IsometryPenalty(-1), lambda: Parseval(-1), lambda: Parseval(1, scale=-2)])
def test_negative_settings_are_refused(made):
    with pytest.raises(ValueError, match="must be a finite number from 0 up"):
        made()
